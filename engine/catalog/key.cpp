#include "catalog/key.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/bytes.h"

namespace streamd::catalog {
namespace {

constexpr std::string_view kMarker = "streamd.json";
constexpr std::string_view kWriters = "writers";
constexpr std::string_view kGenerations = "generations";
constexpr std::string_view kKeys = "keys";
constexpr std::string_view kSnapshots = "snapshots";
constexpr std::string_view kParts = "parts";
constexpr std::string_view kSegments = "segments";

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> pieces;
  for (std::size_t end = text.find(at); end != std::string_view::npos; end = text.find(at)) {
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  pieces.push_back(text);
  return pieces;
}

// Cuts `suffix` off the end; false when it is not there.
bool strip(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// A decimal number without sign or leading zero.
bool parse_decimal(std::string_view text, std::uint32_t& out) {
  if (text.empty() || (text[0] == '0' && text.size() > 1)) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

bool parse_hex32(std::string_view text, std::uint32_t& out) {
  std::uint64_t wide = 0;
  if (!from_hex(text, 8, wide)) return false;
  out = static_cast<std::uint32_t>(wide);
  return true;
}

Key parse_writer(std::string_view name) {
  WriterKey key;
  if (!strip(name, ".json") || !parse_hex32(name, key.number)) return OtherKey{};
  return key;
}

Key parse_snapshot(GenerationId generation, std::string_view name) {
  SnapshotKey key{.generation = generation};
  if (!strip(name, ".snap")) return OtherKey{};
  const auto fields = split(name, '-');
  if (fields.size() != 2 || !parse_txid(fields[0], key.txid) ||
      !parse_time_compact(fields[1], key.time))
    return OtherKey{};
  return key;
}

Key parse_part(GenerationId generation, std::string_view name) {
  PartKey key{.generation = generation};
  if (!strip(name, ".part")) return OtherKey{};
  const auto fields = split(name, '-');
  if (fields.size() != 3 || !parse_hex32(fields[0], key.first_page.value) ||
      !parse_txid(fields[1], key.txid) || !from_hex(fields[2], key.hash) ||
      key.first_page == PageNo())
    return OtherKey{};
  return key;
}

bool parse_piece(std::string_view text, Piece& out) {
  const std::size_t of = text.find("of");
  return of != std::string_view::npos && parse_decimal(text.substr(0, of), out.index) &&
         parse_decimal(text.substr(of + 2), out.count) && out.count > 1 &&
         out.count <= kMaxPieces && out.index >= 1 && out.index <= out.count;
}

Completeness parse_completeness(std::string_view text) {
  for (const auto kind : {Completeness::kAll, Completeness::kLast, Completeness::kDelta})
    if (text == to_text(kind)) return kind;
  return Completeness::kNone;
}

Key parse_segment(GenerationId generation, std::string_view level, std::string_view name) {
  SegmentKey key{.generation = generation};
  std::uint32_t number = 0;
  const auto dots = split(name, '.');
  if (!parse_decimal(level, number) || number > kMaxLevel || dots.size() < 2 || dots.size() > 3)
    return OtherKey{};
  key.level = static_cast<std::uint8_t>(number);
  key.completeness = parse_completeness(dots.back());
  if (key.completeness == Completeness::kNone) return OtherKey{};
  if (dots.size() == 3 && !parse_piece(dots[1], key.piece)) return OtherKey{};
  const auto fields = split(dots[0], '-');
  if (fields.size() != 3 || !parse_txid(fields[0], key.first) || !parse_txid(fields[1], key.last) ||
      !parse_time_compact(fields[2], key.time) || key.first > key.last || key.first == Txid())
    return OtherKey{};
  return key;
}

Key parse_keys(GenerationId generation, std::string_view name) {
  KeysKey key{.generation = generation};
  if (!from_hex(name, key.id)) return OtherKey{};
  return key;
}

Key parse_fields(std::string_view text) {
  if (text == kMarker) return MarkerKey{};
  const auto path = split(text, '/');
  if (path.size() == 2 && path[0] == kWriters) return parse_writer(path[1]);
  GenerationId generation;
  if (path.size() < 4 || path[0] != kGenerations || !parse_generation(path[1], generation))
    return OtherKey{};
  if (path.size() == 4 && path[2] == kKeys) return parse_keys(generation, path[3]);
  if (path.size() == 4 && path[2] == kSnapshots) return parse_snapshot(generation, path[3]);
  if (path.size() == 4 && path[2] == kParts) return parse_part(generation, path[3]);
  if (path.size() == 5 && path[2] == kSegments) return parse_segment(generation, path[3], path[4]);
  return OtherKey{};
}

}  // namespace

const char* to_text(Completeness completeness) {
  switch (completeness) {
    case Completeness::kAll:
      return "all";
    case Completeness::kLast:
      return "last";
    case Completeness::kDelta:
      return "delta";
    case Completeness::kNone:
      break;
  }
  return "none";
}

std::string to_text(const MarkerKey&) {
  return std::string(kMarker);
}
std::string to_text(const WriterKey& key) {
  return writers_prefix() + to_hex(key.number, 8) + ".json";
}
std::string to_text(const SnapshotKey& key) {
  return snapshots_prefix(key.generation) +
         fmt::format("{}-{}.snap", to_text(key.txid), format_time_compact(key.time));
}
std::string to_text(const PartKey& key) {
  return parts_prefix(key.generation) + fmt::format("{}-{}-{}.part",
                                                    to_hex(key.first_page.value, 8),
                                                    to_text(key.txid), to_hex(key.hash));
}
std::string to_text(const SegmentKey& key) {
  const std::string piece =
      key.piece.count > 1 ? fmt::format(".{}of{}", key.piece.index, key.piece.count) : "";
  return segments_prefix(key.generation, key.level) +
         fmt::format("{}-{}-{}{}.{}", to_text(key.first), to_text(key.last),
                     format_time_compact(key.time), piece, to_text(key.completeness));
}

std::string to_text(const KeysKey& key) {
  return keys_prefix(key.generation) + to_hex(key.id);
}

GenerationId generation_of(const Key& key) {
  if (const auto* snapshot = std::get_if<SnapshotKey>(&key)) return snapshot->generation;
  if (const auto* part = std::get_if<PartKey>(&key)) return part->generation;
  if (const auto* segment = std::get_if<SegmentKey>(&key)) return segment->generation;
  return {};
}

Key parse_key(std::string_view text) {
  Key key = parse_fields(text);
  // Hex in capitals, a date like the 31st of February: readable, but not a name we ever gave.
  const std::string spelled = std::visit(
      [](const auto& known) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(known)>, OtherKey>)
          return {};
        else
          return to_text(known);
      },
      key);
  if (spelled != text) return OtherKey{};
  return key;
}

std::string writers_prefix() {
  return fmt::format("{}/", kWriters);
}
std::string generations_prefix() {
  return fmt::format("{}/", kGenerations);
}
std::string generation_prefix(GenerationId generation) {
  return generations_prefix() + to_text(generation) + "/";
}
std::string keys_prefix(GenerationId generation) {
  return fmt::format("{}{}/", generation_prefix(generation), kKeys);
}
std::string snapshots_prefix(GenerationId generation) {
  return fmt::format("{}{}/", generation_prefix(generation), kSnapshots);
}
std::string parts_prefix(GenerationId generation) {
  return fmt::format("{}{}/", generation_prefix(generation), kParts);
}
std::string segments_prefix(GenerationId generation) {
  return fmt::format("{}{}/", generation_prefix(generation), kSegments);
}
std::string segments_prefix(GenerationId generation, std::uint8_t level) {
  return fmt::format("{}{}/", segments_prefix(generation), level);
}
std::string segments_from(GenerationId generation, std::uint8_t level, Txid first) {
  return segments_prefix(generation, level) + to_text(first);
}

}  // namespace streamd::catalog
