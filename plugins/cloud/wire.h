// Connections: libcurl's handles, kept between operations, and one operation's use of them. All
// callbacks run on the thread that drives a wire, which is the thread of the host's call.
#pragma once
#include <curl/curl.h>

#include <memory>
#include <mutex>
#include <vector>

#include "transfer.h"

namespace streamd::cloud {

// Before anything else of libcurl. Any thread, any number of times. INTERNAL.
streamd_code start_libcurl(const sdk::Call& call);

// Idle connections of an instance. Any thread.
class Connections {
 public:
  Connections() = default;
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  ~Connections();

 private:
  friend class Wire;
  static constexpr std::size_t kMostIdle = 16;
  CURLM* take();
  void give_back(CURLM* multi);
  std::mutex mutex_;
  std::vector<CURLM*> idle_;
};

// What one operation drives its transfers with, several at a time if it likes.
class Wire {
 public:
  explicit Wire(Connections& connections) : connections_(connections), multi_(connections.take()) {}
  ~Wire() { connections_.give_back(multi_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // The transfer must be finished or destroyed before this wire is.
  void start(Transfer& transfer);
  // Moves bytes for a moment; `done` is one of those started that is done, or nullptr. CANCELLED or
  // TIMEOUT by the call's own terms.
  streamd_code step(const sdk::Call& call, Transfer*& done);
  // The same until one is done.
  streamd_code next(const sdk::Call& call, Transfer*& done);

 private:
  Connections& connections_;
  CURLM* multi_;
};

}  // namespace streamd::cloud
