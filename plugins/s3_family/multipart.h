// An upload in parts, several at a time on the host's thread. Whole or nothing: what is not
// completed is aborted, and an abort that does not come through leaves parts that nobody sees
// (docs/providers.md says how to have the store remove such).
#pragma once
#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <streamd/driver.hpp>
#include <string>
#include <vector>

#include "client.h"

namespace streamd::s3 {

class Multipart {
 public:
  // All is borrowed but the strings. `what` is for messages: "store a/b in bucket".
  Multipart(Client& client, const sdk::Call& call, std::string key, std::string what,
            const streamd_source& source);
  ~Multipart();
  Multipart(const Multipart&) = delete;
  Multipart& operator=(const Multipart&) = delete;
  // A code of the source comes back unchanged.
  streamd_code run(streamd_object& out);
  // The upload that failed and could not be aborted either; "" = none.
  const std::string& left_behind() const { return left_behind_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Part;

  std::uint64_t size_of(std::size_t index) const;
  streamd_code begin();
  streamd_code send_parts();
  streamd_code start(Wire& wire, std::size_t index, int attempt);
  streamd_code settle(Part& part);
  streamd_code try_later(const Part& part, streamd_code code);
  streamd_code complete(streamd_object& out);
  void abort();

  Client& client_;
  const sdk::Call& call_;
  const std::string key_, what_;
  const streamd_source& source_;
  std::uint64_t part_size_;
  std::string id_, left_behind_;
  std::vector<std::string> etags_;

  struct Waiting {
    std::size_t index;
    int attempt;
    Clock::time_point not_before;
  };
  std::deque<Waiting> waiting_;
  std::list<std::unique_ptr<Part>> running_;
};

}  // namespace streamd::s3
