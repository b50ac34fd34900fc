#include "litestream/name.h"

#include "base/bytes.h"

namespace streamd::litestream {
namespace {

// Cuts `text` before the first '/', which is dropped; all of it when there is none.
std::string_view cut_folder(std::string_view& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view folder = text.substr(0, slash);
  text.remove_prefix(std::min(slash + 1, text.size()));
  return folder;
}

bool cut_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool parse_index(std::string_view text, std::uint32_t& index) {
  std::uint64_t number = 0;
  if (!from_hex(text, 8, number)) return false;
  index = static_cast<std::uint32_t>(number);
  return true;
}

Name parse_snapshot(GenerationId generation, std::string_view name) {
  SnapshotName snapshot{generation};
  if (!cut_suffix(name, ".snapshot.lz4") || !parse_index(name, snapshot.index)) return OtherName{};
  return snapshot;
}

Name parse_segment(GenerationId generation, std::string_view name) {
  SegmentName segment{generation};
  if (!cut_suffix(name, ".wal.lz4") || name.size() < 17 || name[8] != '_') return OtherName{};
  const std::string_view offset = name.substr(9);
  if (offset.size() > 16 || !parse_index(name.substr(0, 8), segment.index) ||
      !from_hex(offset, static_cast<int>(offset.size()), segment.offset))
    return OtherName{};
  return segment;
}

Name parse_ltx(std::string_view level, bool hexadecimal, std::string_view name) {
  LtxName file;
  std::uint64_t number = 0;
  if (!from_hex(level, hexadecimal ? 4 : 1, number) || number > kSnapshotLevel) return OtherName{};
  file.level = static_cast<unsigned>(number);
  if (!cut_suffix(name, ".ltx") || name.size() != 33 || name[16] != '-' ||
      !parse_txid(name.substr(0, 16), file.first) || !parse_txid(name.substr(17), file.last))
    return OtherName{};
  if (file.first.value == 0 || file.first > file.last) return OtherName{};
  return file;
}

}  // namespace

Name parse_name(std::string_view key) {
  const std::string_view first = cut_folder(key);
  if (first == "ltx") {
    const std::string_view level = cut_folder(key);
    return parse_ltx(level, false, key);
  }
  if (first != "generations") return parse_ltx(first, true, key);
  GenerationId generation;
  if (!parse_generation(cut_folder(key), generation)) return OtherName{};
  const std::string_view folder = cut_folder(key);
  if (folder == "snapshots") return parse_snapshot(generation, key);
  if (folder == "wal") return parse_segment(generation, key);
  return OtherName{};
}

}  // namespace streamd::litestream
