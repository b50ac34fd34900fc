// streamd.json: what makes a folder of a store a replica of one database. Written once.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/ids.h"

namespace streamd::catalog {

constexpr std::int64_t kReplicaFormat = 1;

struct Marker {
  Uuid database;
  std::uint64_t checksum_key = 0;  // of the database checksum
  Micros created = 0;              // whole milliseconds
  bool operator==(const Marker&) const = default;
};

std::string encode_marker(const Marker& marker);  // JSON, for people to read
// kCorrupt, or kUnsupported for a newer format.
Result<Marker> parse_marker(std::string_view text);

}  // namespace streamd::catalog
