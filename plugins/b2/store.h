// The operations of the ABI on a bucket. What they must do is said in <streamd/driver.h>.
#pragma once
#include <atomic>
#include <memory>
#include <streamd/driver.hpp>
#include <string>
#include <vector>

#include "client.h"
#include "expiry.h"
#include "newest_versions.h"
#include "ranged_read.h"
#include "upload_urls.h"

namespace streamd::b2 {

inline constexpr std::uint64_t kLargestObject = 10'000'000'000'000;
inline constexpr std::uint32_t kLargestBatch = 1000;

class Store final : public sdk::Driver {
 public:
  explicit Store(Settings settings) : client_(std::move(settings)) {}
  // What the driver's open() comes to.
  static streamd_code open(const sdk::Options& options, const sdk::Call& call,
                           std::unique_ptr<sdk::Driver>& instance);

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
  // "store KEY in BUCKET"; of a long key the beginning.
  std::string on(const char* what, const char* key) const;
  Request about_file(const char* method, const std::string& key, const std::string& what,
                     const Pairs& headers) const;
  streamd_code nothing_there(const sdk::Call& call, const streamd_get& request,
                             const RangedRead& read, streamd_object& out);
  void drop_replaced(const sdk::Call& call, const std::string& key, const FileVersion& stored);
  void clear_stale_files(const sdk::Call& call, const std::string& key, std::int64_t now_ms);

  Client client_;
  UploadUrls urls_;
  NewestVersions newest_;
  std::atomic<bool> unfinished_seen_{false};  // what dead processes left was looked for
};

}  // namespace streamd::b2
