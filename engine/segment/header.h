// The fixed-size header and footer of every object (docs/formats/object.md).
#pragma once
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "catalog/ids.h"
#include "catalog/key.h"

namespace streamd::segment {

using catalog::Completeness;
using catalog::Piece;

constexpr std::uint16_t kFormatMajor = 1, kFormatMinor = 0;
constexpr std::size_t kHeaderSize = 256, kFooterSize = 48;

enum class Kind : std::uint8_t { kSegment = 1, kPart = 2, kManifest = 3 };
const char* kind_name(Kind kind);

// Bits of ObjectHeader::flags. Unknown bits are kept and mean nothing to an older reader.
constexpr std::uint32_t kChecksumUnknown = 1;  // made before the generation's first manifest

struct ObjectHeader {
  std::uint16_t major = kFormatMajor, minor = kFormatMinor;
  Kind kind = Kind::kSegment;
  Completeness completeness = Completeness::kNone;  // of a segment
  std::uint8_t level = 0;
  std::uint32_t flags = 0;
  std::uint32_t page_size = 0;
  GenerationId generation{};
  Uuid database{}, instance{};
  Txid first{}, last{};  // of a part or manifest: both the moment at which it is exact
  Piece piece{};
  Micros first_seen = 0, last_seen = 0;
  std::uint32_t pages_after = 0;          // size of the database after `last`, in pages
  std::uint64_t checksum_before = 0;      // of the database before `first`; 0 with kChecksumUnknown
  std::uint64_t checksum_after = 0;       // after `last`; likewise
  std::array<std::uint8_t, 16> key_id{};  // of the encryption; zero = none
  std::array<std::uint8_t, 32> salt{};
  bool operator==(const ObjectHeader&) const = default;
  bool last_piece() const { return piece.index == piece.count; }
};

// The name of the object in a replica; of a segment.
catalog::SegmentKey key_of(const ObjectHeader& header);

using HeaderBytes = std::array<std::uint8_t, kHeaderSize>;
HeaderBytes encode_header(const ObjectHeader& header);
// kCorrupt, or kUnsupported for a newer major version.
Result<ObjectHeader> decode_header(ByteView bytes);

struct Footer {
  std::uint64_t index_offset = 0;
  std::uint32_t index_stored = 0, index_raw = 0;  // bytes
  std::uint64_t index_hash = 0;                   // XXH3 of the stored index
  std::uint64_t object_size = 0;
  bool operator==(const Footer&) const = default;
};
using FooterBytes = std::array<std::uint8_t, kFooterSize>;
// The hash over all hashes: of the header's hash and the footer, whose index hash stands for the
// hashes of all blocks. It identifies the object's content.
std::uint64_t object_hash(const HeaderBytes& header, const Footer& footer);
FooterBytes encode_footer(const HeaderBytes& header, const Footer& footer);
// Checks the hash over all hashes; `header` must be the bytes decode_header accepted.
Result<Footer> decode_footer(const HeaderBytes& header, ByteView bytes);

}  // namespace streamd::segment
