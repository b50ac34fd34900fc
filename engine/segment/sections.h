// The numbers of the index's sections, for its encoder and decoder.
#pragma once
#include <cstddef>
#include <cstdint>

namespace streamd::segment {

enum class Section : std::uint16_t {
  kBlocks = 1,
  kImages = 2,
  kPageHashes = 3,
  kTransactions = 4,
  kManifest = 5,
  kPosition = 6,
};
// In the type: a reader that does not know the section must refuse the object.
constexpr std::uint16_t kMustUnderstand = 0x8000;

// Smallest encodings, by which a reader bounds a count before it allocates.
constexpr std::size_t kBlockRecord = 44;
constexpr std::size_t kMinTransaction = 11;
constexpr std::size_t kMinPageHash = 9;
constexpr std::size_t kMinManifestPart = 3;

}  // namespace streamd::segment
