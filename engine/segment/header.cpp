#include "segment/header.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "wal/page.h"

namespace streamd::segment {
namespace {

// High bit and line end as in PNG: a text-mode copy damages them at once.
constexpr std::array<std::uint8_t, 8> kHeaderMagic{0x89, 'S', 'T', 'R', 'M', 'D', '\r', '\n'};
constexpr std::array<std::uint8_t, 8> kFooterMagic{'\n', 'D', 'M', 'R', 'T', 'S', 0x89, '\n'};

// Offsets in the header. Up to kInstance it is what stays in the clear when objects are encrypted.
enum At : std::size_t {
  kMagic = 0,
  kMajor = 8,
  kMinor = 10,
  kKind = 12,
  kCompleteness = 13,
  kLevel = 14,
  kFlags = 16,
  kPageSize = 20,
  kGeneration = 24,
  kDatabase = 32,
  kFirst = 48,
  kLast = 56,
  kPieceIndex = 64,
  kPieceCount = 68,
  kKeyId = 72,
  kSalt = 88,
  kInstance = 120,
  kFirstSeen = 136,
  kLastSeen = 144,
  kPagesAfter = 152,
  kChecksumBefore = 160,
  kChecksumAfter = 168,
  kHash = 248,
};

template <std::size_t N>
void put(HeaderBytes& out, std::size_t at, const std::array<std::uint8_t, N>& bytes) {
  std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
}
template <std::size_t N>
void get(ByteView from, std::size_t at, std::array<std::uint8_t, N>& out) {
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), N, out.begin());
}

Error damaged(const char* why) {
  return make_error(Code::kCorrupt, fmt::format("read an object's header: {}", why));
}

Status check_meaning(const ObjectHeader& header) {
  const bool segment = header.kind == Kind::kSegment;
  if (!segment && header.kind != Kind::kPart && header.kind != Kind::kManifest)
    return make_error(Code::kUnsupported,
                      fmt::format("read an object's header: kind {} is unknown to this release",
                                  static_cast<int>(header.kind)),
                      "restore with the release that wrote it, or a newer one");
  if (segment != (header.completeness != Completeness::kNone) ||
      header.completeness > Completeness::kDelta)
    return damaged("completeness does not fit the kind");
  if (!valid_page_size(header.page_size)) return damaged("not a page size");
  if (header.first > header.last || (segment && header.first == Txid()))
    return damaged("not a range of transactions");
  if (header.piece.index == 0 || header.piece.index > header.piece.count ||
      header.piece.count > catalog::kMaxPieces)
    return damaged("not a piece of anything");
  return {};
}

}  // namespace

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::kSegment:
      return "segment";
    case Kind::kPart:
      return "part";
    case Kind::kManifest:
      return "manifest";
  }
  return "unknown";
}

catalog::SegmentKey key_of(const ObjectHeader& header) {
  catalog::SegmentKey key;
  key.generation = header.generation;
  key.level = header.level;
  key.first = header.first;
  key.last = header.last;
  key.time = header.last_seen;
  key.piece = header.piece;
  key.completeness = header.completeness;
  return key;
}

HeaderBytes encode_header(const ObjectHeader& header) {
  HeaderBytes out{};
  put(out, kMagic, kHeaderMagic);
  store_le(&out[kMajor], header.major);
  store_le(&out[kMinor], header.minor);
  out[kKind] = static_cast<std::uint8_t>(header.kind);
  out[kCompleteness] = static_cast<std::uint8_t>(header.completeness);
  out[kLevel] = header.level;
  store_le(&out[kFlags], header.flags);
  store_le(&out[kPageSize], header.page_size);
  store_le(&out[kGeneration], header.generation.value);
  put(out, kDatabase, header.database.bytes);
  store_le(&out[kFirst], header.first.value);
  store_le(&out[kLast], header.last.value);
  store_le(&out[kPieceIndex], header.piece.index);
  store_le(&out[kPieceCount], header.piece.count);
  put(out, kKeyId, header.key_id);
  put(out, kSalt, header.salt);
  put(out, kInstance, header.instance.bytes);
  store_le(&out[kFirstSeen], header.first_seen);
  store_le(&out[kLastSeen], header.last_seen);
  store_le(&out[kPagesAfter], header.pages_after);
  store_le(&out[kChecksumBefore], header.checksum_before);
  store_le(&out[kChecksumAfter], header.checksum_after);
  store_le(&out[kHash], xxh3(ByteView(out).first(kHash)));
  return out;
}

Result<ObjectHeader> decode_header(ByteView bytes) {
  if (bytes.size() != kHeaderSize ||
      !std::equal(kHeaderMagic.begin(), kHeaderMagic.end(), bytes.begin()))
    return damaged("it does not begin like an object of streamd");
  ObjectHeader header;
  header.major = load_le<std::uint16_t>(&bytes[kMajor]);
  header.minor = load_le<std::uint16_t>(&bytes[kMinor]);
  if (header.major > kFormatMajor)
    return make_error(Code::kUnsupported,
                      fmt::format("read an object: it has format {}, this release reads up to {}",
                                  header.major, kFormatMajor),
                      "upgrade streamd on this machine");
  if (xxh3(bytes.first(kHash)) != load_le<std::uint64_t>(&bytes[kHash]))
    return damaged("its checksum does not match");
  header.kind = static_cast<Kind>(bytes[kKind]);
  header.completeness = static_cast<Completeness>(bytes[kCompleteness]);
  header.level = bytes[kLevel];
  header.flags = load_le<std::uint32_t>(&bytes[kFlags]);
  header.page_size = load_le<std::uint32_t>(&bytes[kPageSize]);
  header.generation = GenerationId(load_le<std::uint64_t>(&bytes[kGeneration]));
  get(bytes, kDatabase, header.database.bytes);
  header.first = Txid(load_le<std::uint64_t>(&bytes[kFirst]));
  header.last = Txid(load_le<std::uint64_t>(&bytes[kLast]));
  header.piece.index = load_le<std::uint32_t>(&bytes[kPieceIndex]);
  header.piece.count = load_le<std::uint32_t>(&bytes[kPieceCount]);
  get(bytes, kKeyId, header.key_id);
  get(bytes, kSalt, header.salt);
  get(bytes, kInstance, header.instance.bytes);
  header.first_seen = load_le<Micros>(&bytes[kFirstSeen]);
  header.last_seen = load_le<Micros>(&bytes[kLastSeen]);
  header.pages_after = load_le<std::uint32_t>(&bytes[kPagesAfter]);
  header.checksum_before = load_le<std::uint64_t>(&bytes[kChecksumBefore]);
  header.checksum_after = load_le<std::uint64_t>(&bytes[kChecksumAfter]);
  TRY(check_meaning(header));
  return header;
}

namespace {

// The footer up to the hash over all hashes.
constexpr std::size_t kFooterHash = 32;

FooterBytes encode_plain(const Footer& footer) {
  FooterBytes out{};
  store_le(&out[0], footer.index_offset);
  store_le(&out[8], footer.index_stored);
  store_le(&out[12], footer.index_raw);
  store_le(&out[16], footer.index_hash);
  store_le(&out[24], footer.object_size);
  std::copy(kFooterMagic.begin(), kFooterMagic.end(), &out[40]);
  return out;
}

std::uint64_t hash_all(const HeaderBytes& header, ByteView footer) {
  std::array<std::uint8_t, 8 + kFooterHash> hashed;
  std::copy_n(&header[kHash], 8, hashed.begin());
  std::copy_n(footer.begin(), kFooterHash, hashed.begin() + 8);
  return xxh3(hashed);
}

}  // namespace

std::uint64_t object_hash(const HeaderBytes& header, const Footer& footer) {
  return hash_all(header, encode_plain(footer));
}

FooterBytes encode_footer(const HeaderBytes& header, const Footer& footer) {
  FooterBytes out = encode_plain(footer);
  store_le(&out[kFooterHash], hash_all(header, out));
  return out;
}

Result<Footer> decode_footer(const HeaderBytes& header, ByteView bytes) {
  const auto fail = [](const char* why) {
    return make_error(Code::kCorrupt, fmt::format("read an object's footer: {}", why));
  };
  if (bytes.size() != kFooterSize ||
      !std::equal(kFooterMagic.begin(), kFooterMagic.end(), bytes.begin() + 40))
    return fail("it is not there; the object is cut short or was never finished");
  if (hash_all(header, bytes) != load_le<std::uint64_t>(&bytes[kFooterHash]))
    return fail("its checksum does not match");
  Footer footer;
  footer.index_offset = load_le<std::uint64_t>(&bytes[0]);
  footer.index_stored = load_le<std::uint32_t>(&bytes[8]);
  footer.index_raw = load_le<std::uint32_t>(&bytes[12]);
  footer.index_hash = load_le<std::uint64_t>(&bytes[16]);
  footer.object_size = load_le<std::uint64_t>(&bytes[24]);
  return footer;
}

}  // namespace streamd::segment
