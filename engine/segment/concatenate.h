// Several neighbouring segments as one, without decoding them.
#pragma once
#include "segment/reader.h"
#include "segment/writer.h"

namespace streamd::segment {

// Copies the blocks and merges the indexes: the result equals its inputs applied one after the
// other. The inputs are whole (one piece), complete (`all`) segments of one generation and page
// size, in order and without a gap, and each checksum continues the one before; kInternal
// otherwise, and when the result would exceed limits.h. From `header` come level, instance, key id
// and salt; the rest follows from the inputs (flags: all of theirs). Takes `out`, which must be
// empty.
Result<SealedObject> concatenate(std::span<const ObjectReader* const> inputs, File out,
                                 const ObjectHeader& header);

}  // namespace streamd::segment
