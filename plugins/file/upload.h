// Storing one object: a temporary file in a hidden folder of the root, made durable, then renamed
// into place, then the folder made durable. A crash leaves at most the temporary file, which a
// later upload clears away.
#pragma once
#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <streamd/driver.hpp>
#include <string>

#include "descriptor.h"

namespace streamd::file_driver {

inline constexpr const char* kTemporaryFolder = ".streamd-tmp";

inline streamd_object object_of(const struct stat& found) {
  return sdk::make_object(
      static_cast<std::uint64_t>(found.st_size),
      std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec);
}

// Any thread; one per instance.
class Uploader {
 public:
  explicit Uploader(std::string root_path) : root_path_(std::move(root_path)) {}

  // `path` below the root is where the object goes.
  streamd_code store(const sdk::Call& call, const Descriptor& root, const std::string& path,
                     bool if_absent, const streamd_source& source, streamd_object& out);
  // Can this file system rename without replacing, one way or the other? Writes a file and removes
  // it; true when it cannot find out.
  bool can_rename_if_absent(const Descriptor& root);

 private:
  struct Temporary;
  streamd_code make_temporary(const sdk::Call& call, int root, Temporary& made);
  streamd_code copy(const sdk::Call& call, const streamd_source& source, const Temporary& to) const;
  streamd_code publish(const sdk::Call& call, int root, Temporary& from, const std::string& path,
                       bool if_absent) const;
  void clear_old(int root, const struct stat& newest);

  const std::string root_path_;
  std::atomic<std::uint64_t> counter_{0};
  std::atomic<std::int64_t> next_clearing_s_{0};  // by the store's clock
};

}  // namespace streamd::file_driver
