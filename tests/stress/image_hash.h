// How two programs that share no code agree on what a database looked like: a hash of its whole
// image.
//
// The image is the concatenation of all pages from 1 to the database's size, each exactly as a
// reader of that commit sees it; the page that holds SQLite's lock bytes (at 1 GiB) counts as
// zeros. A commit is reported as one line of text, whose first four words every tool spells alike:
//
//   <txid> <user_version> <pages> <hash> [<kind>]
//
// txid is 0 where the tool does not know it. hash is XXH3-128, 32 hex digits. kind is `commit`, or,
// where commits may have been skipped on the way here, `delta` or `snapshot`.
#pragma once
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <string>

namespace stress {

class ImageHash {
 public:
  ImageHash() : state_(XXH3_createState()) {
    if (!state_) throw std::bad_alloc();
    XXH3_128bits_reset(state_.get());
  }
  // The next bytes of the image; any number of them.
  void update(const void* bytes, std::size_t size) {
    XXH3_128bits_update(state_.get(), bytes, size);
  }
  std::string hex() const {
    const XXH128_hash_t digest = XXH3_128bits_digest(state_.get());
    char text[33];
    std::snprintf(text, sizeof(text), "%016llx%016llx",
                  static_cast<unsigned long long>(digest.high64),
                  static_cast<unsigned long long>(digest.low64));
    return text;
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

// What page 1 says, by SQLite's file format; the image must hold at least the 100 bytes of the
// header.
inline std::uint32_t big_endian_32(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}
inline std::uint32_t image_page_size(const std::uint8_t* image) {
  const std::uint32_t size = static_cast<std::uint32_t>(image[16]) << 8 | image[17];
  return size == 1 ? 65536 : size;
}
inline std::uint32_t image_user_version(const std::uint8_t* image) {
  return big_endian_32(image + 60);
}

// The line that describes a commit, without the end of line.
inline std::string commit_line(std::uint64_t txid, std::uint32_t user_version, std::uint64_t pages,
                               const std::string& hash, const char* kind = "commit") {
  return std::to_string(txid) + ' ' + std::to_string(user_version) + ' ' + std::to_string(pages) +
         ' ' + hash + ' ' + kind;
}

}  // namespace stress
