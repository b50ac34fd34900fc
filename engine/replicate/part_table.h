// The parts of the database that lie in one replica, and the hash of every page as it is in its
// part. Comparing these with the ledger tells which pages changed since: no bitmap to keep, nothing
// to lose in a crash. A part's record is written after its upload; a damaged or missing record
// means "not there". One thread at a time.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "catalog/key.h"
#include "segment/index.h"

namespace streamd::replicate {

struct PartRecord {
  catalog::PartKey key;
  std::uint64_t bytes = 0;  // size of the object
  std::uint32_t pages = 0;  // length of the range; the last part of a database may be shorter
};

class PartTable {
 public:
  // pages_per_part decides the layout; a table made with another one, or of another database, is
  // emptied.
  static Result<PartTable> open(const std::string& path, const Uuid& database,
                                std::uint32_t page_size, std::uint32_t pages_per_part);

  std::uint32_t pages_per_part() const { return pages_per_part_; }
  // Part `number` covers pages [number × pages_per_part + 1, ...]. nullopt when it is not there.
  const std::optional<PartRecord>& part(std::uint32_t number) const;
  std::uint32_t size() const { return static_cast<std::uint32_t>(parts_.size()); }
  Result<std::vector<std::uint64_t>> hashes(std::uint32_t number) const;  // of a part that is there
  Status put(std::uint32_t number, const PartRecord& record,
             const std::vector<std::uint64_t>& hashes);
  Status forget(std::uint32_t number);       // the replica does not have it after all
  Status forget_from(std::uint32_t number);  // the database has fewer parts now

 private:
  PartTable(File file, std::uint32_t page_size, std::uint32_t pages_per_part);
  Status load();
  Status clear();
  std::uint64_t slot_offset(std::uint32_t number) const;

  File file_;
  Uuid database_;
  std::uint32_t page_size_, pages_per_part_;
  std::vector<std::optional<PartRecord>> parts_;
};

}  // namespace streamd::replicate
