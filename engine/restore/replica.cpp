#include "restore/replica.h"

#include <algorithm>
#include <utility>

#include "segment/reader.h"

namespace streamd::restore {
namespace {

constexpr std::uint64_t kMarkerLimit = 64 * kKiB;

Result<std::optional<catalog::Marker>> read_marker(storage::Store& store,
                                                   const storage::Call& call) {
  const std::string key = to_text(catalog::MarkerKey{});
  const auto raw = storage::get_all(store, key, kMarkerLimit, call);
  if (!raw && raw.error().code == Code::kNotFound) return std::optional<catalog::Marker>{};
  if (!raw) return raw.error();
  auto marker = catalog::parse_marker(as_text(*raw));
  if (!marker) return std::move(marker.error()).with_context("read object " + key);
  return std::optional(*marker);
}

std::vector<SeenTransaction> table_of(const segment::ObjectReader& reader) {
  const segment::ObjectHeader& header = reader.header();
  if (header.kind == segment::Kind::kManifest) return {{header.last, 0, header.last_seen}};
  std::vector<SeenTransaction> table;
  const bool all = header.completeness == catalog::Completeness::kAll;
  Txid txid = all ? header.first : header.last;
  for (const segment::TransactionInfo& info : reader.index().transactions) {
    table.push_back({txid, info.not_before, info.seen});
    txid = txid.next();
  }
  return table;
}

// All that names leave open there is told by others, which ascend.
bool is_told(const Boundary& damaged, const std::vector<Boundary>& told) {
  Txid from = damaged.first;
  for (const Boundary& other : told)
    if (other.generation == damaged.generation && other.first <= from && from <= other.last)
      from = other.last.next();
  return from > damaged.last;
}

}  // namespace

Result<catalog::Timeline> take_timeline(storage::Store& store, const storage::Call& call) {
  std::vector<catalog::Listed> listing;
  const storage::ListSink sink = [&](const std::string& key,
                                     const storage::ObjectStat& stat) -> Status {
    listing.push_back({key, stat.size, stat.mtime_ns});
    return {};
  };
  TRY(store.list(catalog::generations_prefix(), "", sink, call));
  return catalog::read_timeline(listing);
}

Result<Inventory> take_inventory(storage::Store& store, const storage::Call& call) {
  Inventory inventory;
  inventory.marker = TRY(read_marker(store, call));
  inventory.timeline = TRY(take_timeline(store, call));
  inventory.timeline.has_marker = inventory.marker.has_value();
  if (!inventory.marker && inventory.timeline.begun())
    return make_error(Code::kCorrupt,
                      "read object " + to_text(catalog::MarkerKey{}) +
                          ": it is missing, although the replica holds objects",
                      "it names the database and the key of its checksums; another replica of the "
                      "same database has the same one");
  return inventory;
}

Result<SeenTables> read_tables(storage::Store& store, const std::vector<Boundary>& boundaries,
                               const storage::Call& call) {
  SeenTables tables;
  std::vector<Boundary> told;
  std::vector<std::pair<Boundary, Error>> damaged;
  for (const Boundary& boundary : boundaries) {
    const auto source = storage::object_source(store, boundary.key, boundary.size, call);
    auto reader = segment::ObjectReader::open(*source);
    if (reader) {
      told.push_back(boundary);
      tables[boundary.key] = table_of(*reader);
      continue;
    }
    Error error = std::move(reader.error()).with_context("fetch object " + boundary.key);
    if (error.code != Code::kCorrupt) return error;
    damaged.emplace_back(boundary, std::move(error));
  }
  std::sort(told.begin(), told.end(),
            [](const Boundary& a, const Boundary& b) { return a.first < b.first; });
  for (auto& [boundary, error] : damaged)
    if (!is_told(boundary, told)) return std::move(error);
  return tables;
}

}  // namespace streamd::restore
