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

// The transactions of an object that are wanted, by ordinal.
struct Wanted {
  std::uint32_t skip = 0;          // so many are in the file already
  std::uint32_t cut = UINT32_MAX;  // the last one
};

// Every block with an image of a wanted transaction is in one batch; a batch of several blocks
// holds at most `limit` raw bytes. kCorrupt when the blocks of a run are not in the order of their
// pages; kOutsideWindow when a run holds both what is in the file already and what is not: only the
// state before the run leads through it.
Result<std::vector<Batch>> batches_of(const segment::ObjectReader& reader, const Wanted& wanted,
                                      std::uint64_t limit);

// Neighbouring batches that are fetched by one read: a merged object of many small ones has a run,
// and so a batch, for each of them.
struct Portion {
  std::size_t first = 0, end = 0;  // batches [first, end)
  std::uint64_t offset = 0, length = 0;
  bool operator==(const Portion&) const = default;
};
// At most `limit` stored bytes each, but one batch at least.
std::vector<Portion> portions_of(const std::vector<Batch>& batches, std::uint64_t limit);

// Image `image` of the block (counted from 0 in the block) is the last one of its page in the run
// that belongs to a transaction up to `cut`: the one to be written.
bool is_last_image(const segment::ObjectReader& reader, std::size_t block, std::size_t image,
                   std::uint32_t cut);

}  // namespace streamd::restore
