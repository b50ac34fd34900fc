// Which blocks of an object are needed, in portions that are fetched by one read and decoded at
// once. Pure.
#pragma once
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "segment/reader.h"

namespace streamd::restore {

constexpr std::uint64_t kBatchBytes = 8 * kMiB;  // raw, unless the caller knows better

// Blocks [first, end) of one run.
struct Batch {
  std::size_t first = 0, end = 0;
  std::uint64_t offset = 0, length = 0;  // of their stored bytes in the object
  bool operator==(const Batch&) const = default;
};

// Every block with an image of a transaction up to the ordinal `cut` is in one batch; a batch of
// several blocks holds at most `limit` raw bytes. kCorrupt when
// the blocks of a run are not in the order of their pages, or are longer stored than raw.
Result<std::vector<Batch>> batches_of(const segment::ObjectReader& reader, std::uint32_t cut,
                                      std::uint64_t limit);

// Image `image` of the block (counted from 0 in the block) is the last one of its page in the run
// that belongs to a transaction up to `cut`: the one to be written.
bool is_last_image(const segment::ObjectReader& reader, std::size_t block, std::size_t image,
                   std::uint32_t cut);

}  // namespace streamd::restore
