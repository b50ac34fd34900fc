// A large file: parts, several at a time on the host's thread, each through an upload URL of its
// own. Whole or nothing: what is not finished is cancelled.
#pragma once
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <streamd/driver.hpp>
#include <string>
#include <vector>

#include "client.h"
#include "hashed_body.h"
#include "upload.h"

namespace streamd::b2 {

class LargeFile {
 public:
  // All is borrowed but the strings. `what` is for messages: "store a/b in bucket".
  LargeFile(Client& client, const sdk::Call& call, std::string key, std::string what,
            const streamd_source& source);
  ~LargeFile();
  LargeFile(const LargeFile&) = delete;
  LargeFile& operator=(const LargeFile&) = delete;
  // A code of the source comes back unchanged.
  streamd_code run(FileVersion& stored);

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    std::size_t index;
    int attempt;
    Clock::time_point not_before;
  };
  // What sends one part after the other. Either asks for its URL or sends.
  struct Lane {
    std::optional<UploadUrl> url;
    std::optional<Waiting> part;
    std::unique_ptr<HashedBody> body;
    SessionPointer used;  // while it asks
    std::unique_ptr<Transfer> transfer;
  };

  std::uint64_t size_of(std::size_t index) const;
  streamd_code begin();
  streamd_code send_parts();
  streamd_code start(Wire& wire, Lane& lane);
  streamd_code ask_for_url(HttpRequest& made, SessionPointer& used);
  streamd_code settle(Lane& lane);
  streamd_code settle_url(Lane& lane, streamd_code code, const HttpResponse& response);
  streamd_code settle_part(Lane& lane, streamd_code code, const HttpResponse& response);
  streamd_code try_later(Lane& lane, bool again, std::chrono::milliseconds pause,
                         streamd_code code);
  streamd_code finish(FileVersion& stored);
  bool is_finished(FileVersion& stored);
  void cancel();
  std::string part_name(const Lane& lane) const;
  Request about_file(const char* capability, const char* name, std::string json) const;

  Client& client_;
  const sdk::Call& call_;
  const std::string key_, what_;
  const streamd_source& source_;
  std::uint64_t part_size_ = 0;
  std::string id_;
  std::vector<std::string> sha1s_;
  std::deque<Waiting> waiting_;
};

// The size of the parts that an object of `size` bytes goes in.
std::uint64_t part_size_for(std::uint64_t size, std::uint64_t configured, std::uint64_t minimum);

}  // namespace streamd::b2
