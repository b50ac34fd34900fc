// Keeps pages that were written one by one in memory for a while: in a long history the same pages
// are read and written again and again, and neighbours can go out together.
#pragma once
#include <cstddef>
#include <mutex>
#include <vector>

#include "base/int_map.h"
#include "restore/page_file.h"

namespace streamd::restore {

// Borrows what is below it. cut() writes what is left, and only then is all of it there; what is
// destroyed before that is lost.
class CachedPages final : public PageFile {
 public:
  static constexpr std::size_t kBytes = 16 * kMiB;  // of pages kept at most

  CachedPages(PageFile& below, std::uint32_t page_size, std::size_t bytes = kBytes);
  Status read(PageNo first, MutableBytes out) override;
  Status write(PageNo first, ByteView images) override;
  Status cut(std::uint32_t pages) override;

 private:
  MutableBytes slot(std::uint32_t index);
  Status flush();  // with the lock

  PageFile& below_;
  const std::uint32_t page_size_;
  const std::size_t most_;  // pages
  std::mutex mutex_;
  IntMap<std::uint32_t> slots_;       // by page
  std::vector<std::uint32_t> pages_;  // by slot
  Bytes images_;                      // by slot
  Bytes together_;                    // neighbours that are written at once
};

}  // namespace streamd::restore
