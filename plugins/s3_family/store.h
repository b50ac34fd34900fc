// The operations of the ABI on a bucket. What they must do is said in <streamd/driver.h>.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <streamd/driver.hpp>
#include <string>
#include <utility>
#include <vector>

#include "client.h"
#include "expiry.h"
#include "ranged_read.h"

namespace streamd::s3 {

// The object that shows whether the store honours If-None-Match; list never shows it.
inline constexpr const char* kProbeKey = ".streamd-probe";
inline constexpr std::uint64_t kLargestPut = std::uint64_t{5} << 30;
inline constexpr std::uint64_t kLargestObject = std::uint64_t{5} << 40;
inline constexpr std::uint32_t kLargestBatch = 1000;

class Store final : public sdk::Driver {
 public:
  explicit Store(Settings settings);
  // What the drivers' open() comes to.
  static streamd_code open(const sdk::Options& options, const sdk::Call& call,
                           const Dialect& dialect, std::unique_ptr<sdk::Driver>& instance);

  streamd_code probe(const sdk::Call& call, streamd_caps& out) override;
  streamd_code put(const sdk::Call& call, const streamd_put& request, const streamd_source& source,
                   streamd_object& out) override;
  streamd_code get(const sdk::Call& call, const streamd_get& request, const streamd_sink& sink,
                   streamd_object& out) override;
  streamd_code stat(const sdk::Call& call, const char* key, streamd_object& out) override;
  streamd_code list(const sdk::Call& call, const streamd_list& request,
                    const streamd_list_sink& sink) override;
  streamd_code remove(const sdk::Call& call, const char* const* keys, std::size_t count,
                      streamd_code* each) override;
  streamd_code expiry_rules(const sdk::Call& call, std::vector<cloud::ExpiryRule>& rules);

 private:
  enum class Honours { kUnknown, kYes, kNo };

  // "store KEY in BUCKET"; of a long key the beginning.
  std::string on(const char* what, const char* key) const;
  streamd_code whole_put(const sdk::Call& call, const streamd_put& request,
                         const streamd_source& source, streamd_object& out);
  streamd_code honours_if_absent(const sdk::Call& call, Honours& answer);
  streamd_code ask_if_absent(const sdk::Call& call, Honours& answer);
  streamd_code missing(const sdk::Call& call, const Request& request, const HttpResponse& response);
  streamd_code nothing_there(const sdk::Call& call, const streamd_get& request,
                             const RangedRead& read, streamd_object& out);
  void clear_stale_uploads(const sdk::Call& call, const std::string& key);
  void clear_left_behind(const sdk::Call& call);
  streamd_code remove_one(const sdk::Call& call, const char* key);
  streamd_code remove_batch(const sdk::Call& call, const std::vector<std::string>& keys,
                            const std::string& body, streamd_code* each);

  Client client_;
  std::atomic<bool> bucket_seen_{false};   // a 404 is about the object, not about the bucket
  std::atomic<bool> batches_;              // POST ?delete works here
  std::atomic<bool> uploads_seen_{false};  // what dead processes left was looked for
  std::mutex left_behind_mutex_;
  std::vector<std::pair<std::string, std::string>> left_behind_;  // key, upload: to be aborted
  CallLock probe_lock_;  // of what follows, held while the store is asked
  Honours if_absent_ = Honours::kUnknown;
};

// size, mtime and etag as headers tell them; the size is the whole object's, also of a range.
streamd_object object_of(const HttpResponse& response);

}  // namespace streamd::s3
