// The hash of every page restored so far, and with it the checksum of the database: the proof of a
// restore without reading the file again. 8 bytes a page, allocated where pages are.
#pragma once
#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/result.h"
#include "segment/checksum.h"

namespace streamd::restore {

// One thread at a time.
class PageHashes {
 public:
  static constexpr std::size_t kChunk = 8192;  // entries
  using Chunk = std::array<std::uint64_t, kChunk>;

  void set(PageNo page, std::uint64_t hash);
  void truncate(std::uint32_t pages);  // the database ends after so many
  void clear() { truncate(0); }

  std::uint64_t of(PageNo page) const;  // 0 = not known
  std::uint64_t checksum() const { return checksum_.value(); }
  std::uint32_t count() const { return count_; }  // of pages that are known

  // visit(first page, hashes) for every chunk up to page `pages`; 0 = not known.
  template <class Visit>
  Status for_each_chunk(std::uint32_t pages, Visit visit) const {
    for (std::size_t i = 0; i * kChunk < pages; ++i) {
      std::vector<std::uint64_t> hashes(std::min<std::size_t>(kChunk, pages - i * kChunk));
      if (i < chunks_.size() && chunks_[i])
        std::copy_n(chunks_[i]->begin(), hashes.size(), hashes.begin());
      TRY(visit(PageNo(static_cast<std::uint32_t>(i * kChunk + 1)), hashes));
    }
    return {};
  }

 private:
  void forget(std::uint64_t& hash);

  std::vector<std::unique_ptr<Chunk>> chunks_;
  segment::DatabaseChecksum checksum_;
  std::uint32_t count_ = 0;
};

}  // namespace streamd::restore
