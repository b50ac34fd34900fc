// The names of Litestream's objects, relative to the replica's path. Pure.
//   0.3   generations/<gen>/snapshots/<index>.snapshot.lz4
//         generations/<gen>/wal/<index>_<offset>.wal.lz4
//   0.5   ltx/<level>/<first>-<last>.ltx     in folders and most stores
//         <level, 4 hex digits>/<first>-<last>.ltx     in S3 and what speaks its language
#pragma once
#include <cstdint>
#include <string_view>
#include <variant>

#include "catalog/ids.h"

namespace streamd::litestream {

constexpr unsigned kSnapshotLevel = 9;  // of 0.5; below it files of changes

struct OtherName {
  bool operator==(const OtherName&) const = default;
};
struct SnapshotName {
  GenerationId generation{};
  std::uint32_t index = 0;  // of the log that it must be read together with
  bool operator==(const SnapshotName&) const = default;
};
struct SegmentName {
  GenerationId generation{};
  std::uint32_t index = 0;   // counts lives of the log
  std::uint64_t offset = 0;  // bytes of that log before this segment
  bool operator==(const SegmentName&) const = default;
};
struct LtxName {
  unsigned level = 0;  // up to kSnapshotLevel
  Txid first{}, last{};
  bool operator==(const LtxName&) const = default;
};
using Name = std::variant<OtherName, SnapshotName, SegmentName, LtxName>;

Name parse_name(std::string_view key);

}  // namespace streamd::litestream
