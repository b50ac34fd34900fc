// Several neighbouring segments as one, without decoding them.
#pragma once
#include "segment/object_output.h"
#include "segment/reader.h"

namespace streamd::segment {

// Copies the blocks and merges the indexes: the result equals its inputs applied one after the
// other. One input is needed at a time; what stays in memory is the index of the result. Not thread
// safe; after an error only destruction makes sense.
class Concatenation {
 public:
  // Page images that a result should hold at most: with these its index takes about 40 MiB while it
  // is made.
  static constexpr std::uint64_t kMostImages = 512 * 1024;

  // Takes `out`, which must be empty. From `header` come level, instance, key id and salt; the rest
  // follows from the inputs (flags: all of theirs).
  Concatenation(File out, const ObjectHeader& header) : out_(std::move(out)), header_(header) {}

  // The next one. A whole (one piece), complete (`all`) segment of the generation and page size of
  // the others, which continues them without a gap, the checksum too; kInternal otherwise.
  // kCorrupt when it is damaged.
  Status add(const ObjectReader& input);
  bool has_room_for(const ObjectReader& input) const;
  std::uint64_t images() const { return output_ ? output_->index().images.size() : 0; }
  // kInternal without an input, and when the result would exceed limits.h. It is used up.
  Result<SealedObject> finish();

 private:
  Status copy_blocks(const ObjectReader& input);
  void keep_hashes(const std::vector<PageHash>& later);

  File out_;
  ObjectHeader header_;
  std::optional<ObjectOutput> output_;
  ObjectHeader merged_;
  std::uint32_t run_ = 0, ordinal_ = 0;
  Index rest_;  // everything but the blocks
};

}  // namespace streamd::segment
