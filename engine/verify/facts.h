// What one object says of itself, kept after it was read whole: enough to judge the chain without
// reading it again.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "catalog/marker.h"
#include "segment/reader.h"
#include "verify/listing.h"

namespace streamd::verify {

struct Facts {
  // As the store showed the object when it was read. Another size, time or tag: another content.
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t tag = 0;
  Micros read = 0;     // when
  std::string damage;  // why it cannot be used; empty = it is whole, and what follows is known

  segment::Kind kind = segment::Kind::kSegment;
  bool checksum_known = false;
  std::uint32_t pages =
      0;  // of the database after it, 0 = another piece says it; of a part: images
  std::uint32_t needs = 0;   // of a segment: the database before it has at least so many pages
  std::uint64_t before = 0;  // database checksums
  std::uint64_t after = 0;
  std::vector<segment::ManifestPart> parts;  // of a manifest
  bool operator==(const Facts&) const = default;
};
// By key: all that was ever read of one replica and is still there.
using Memory = std::map<std::string, Facts>;

// The store shows the object as it was when it was read.
bool same_object(const Facts& facts, const Listing& listing, std::size_t object);

// Reads the whole object and compares it with its name. Damage is a value (Facts::damage), an error
// is the store's: kNotFound when it is gone. The last piece of a segment in pieces reads the
// indexes of the others too. `marker` may be null: then whose it is, is not compared.
Result<Facts> read_facts(storage::Store& store, const Listing& listing, std::size_t object,
                         const catalog::Marker* marker, const storage::Call& call);

}  // namespace streamd::verify
