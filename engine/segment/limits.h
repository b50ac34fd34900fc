// What an object may hold at most. A writer never exceeds these; a reader checks them before it
// allocates, so a hostile object costs no more memory than an honest one.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace streamd::segment {

constexpr std::uint32_t kBlockBytes = 128 * kKiB;   // raw bytes at which a writer closes a block
constexpr std::uint32_t kMaxBlockBytes = 1 * kMiB;  // raw bytes a reader accepts in one
constexpr std::uint64_t kMaxIndexBytes = 256 * kMiB;
constexpr std::uint64_t kMaxImages = 1ull << 24;  // of one object
// The index is mostly hashes, so one that claims to grow more than this is not honest.
constexpr std::uint64_t kMaxIndexRatio = 1024, kIndexRatioSlack = 64 * kKiB;
// Raw bytes of images at which a transaction is cut into pieces.
constexpr std::uint64_t kPieceBytes = 256 * kMiB;

}  // namespace streamd::segment
