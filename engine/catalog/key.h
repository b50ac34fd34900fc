// The only place that spells the name of an object in a replica (docs/formats/replica.md). Keys are
// relative to the replica's path. Pure; any thread.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "catalog/ids.h"
#include "wal/page.h"

namespace streamd::catalog {

// What a segment holds of its range. The numbers are those of the object header.
enum class Completeness : std::uint8_t {
  kNone = 0,   // not a segment
  kAll = 1,    // every transaction: exact point in time
  kLast = 2,   // the last image of each page: only the last transaction can be restored
  kDelta = 3,  // the same, because the transactions between were never captured: a hole
};

// One file of a segment that was too large for one. index counts from 1 to count.
constexpr std::uint32_t kMaxPieces = 100'000;
struct Piece {
  std::uint32_t index = 1, count = 1;
  bool operator==(const Piece&) const = default;
};

using PartHash = std::array<std::uint8_t, 16>;

struct MarkerKey {
  bool operator==(const MarkerKey&) const = default;
};
struct WriterKey {
  std::uint32_t number = 0;
  bool operator==(const WriterKey&) const = default;
};
// Times are whole milliseconds in names: to_text rounds down, parse_key returns the rounded one.
struct SnapshotKey {
  GenerationId generation{};
  Txid txid{};
  Micros time = 0;  // when the capture saw the transaction
  bool operator==(const SnapshotKey&) const = default;
};
struct PartKey {
  GenerationId generation{};
  PageNo first_page{};
  Txid txid{};  // t_k: the moment at which the part is exact
  PartHash hash{};
  bool operator==(const PartKey&) const = default;
};
struct SegmentKey {
  GenerationId generation{};
  std::uint8_t level = 0;  // 0 to kMaxLevel
  Txid first{}, last{};
  Micros time = 0;  // when the capture saw the last transaction
  Piece piece{};
  Completeness completeness = Completeness::kAll;
  bool operator==(const SegmentKey&) const = default;
};
// The key of a generation, wrapped for those who may read it (docs/formats/encrypted.md).
using KeyId = std::array<std::uint8_t, 16>;
struct KeysKey {
  GenerationId generation{};
  KeyId id{};
  bool operator==(const KeysKey&) const = default;
};
// Not ours, of a later release, or reserved (marks/, holds/).
struct OtherKey {
  bool operator==(const OtherKey&) const = default;
};
using Key = std::variant<OtherKey, MarkerKey, WriterKey, SnapshotKey, PartKey, SegmentKey, KeysKey>;

constexpr std::uint8_t kMaxLevel = 99;

std::string to_text(const MarkerKey& key);
std::string to_text(const WriterKey& key);
std::string to_text(const SnapshotKey& key);
std::string to_text(const PartKey& key);
std::string to_text(const SegmentKey& key);
std::string to_text(const KeysKey& key);
const char* to_text(Completeness completeness);  // "all", "last", "delta", "none"

// Accepts exactly what to_text spells, so that every object has one name; else OtherKey.
Key parse_key(std::string_view text);
// The generation that a snapshot, part or segment belongs to; none (0) for every other key.
GenerationId generation_of(const Key& key);

// What to list; each ends in '/'.
std::string writers_prefix();
std::string generations_prefix();
std::string generation_prefix(GenerationId generation);
std::string keys_prefix(GenerationId generation);
std::string snapshots_prefix(GenerationId generation);
std::string parts_prefix(GenerationId generation);
std::string segments_prefix(GenerationId generation);
std::string segments_prefix(GenerationId generation, std::uint8_t level);
// All segments of the level that begin with `first` or later come after this one, in byte order,
// and no others of the level do.
std::string segments_from(GenerationId generation, std::uint8_t level, Txid first);

}  // namespace streamd::catalog
