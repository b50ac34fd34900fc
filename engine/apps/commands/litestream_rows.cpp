#include "apps/commands/litestream_rows.h"

#include <algorithm>

#include "daemon/status_json.h"

namespace streamd::apps {
namespace {

using litestream::Generation;
using litestream::LtxFile;

struct Totals {
  Micros first_time = INT64_MAX, last_time = 0;
  std::uint64_t snapshots = 0, segments = 0, bytes = 0;
  void add(const litestream::Stored& object, bool is_snapshot) {
    if (is_snapshot) first_time = std::min(first_time, object.time);
    last_time = std::max(last_time, object.time);
    ++(is_snapshot ? snapshots : segments);
    bytes += object.size;
  }
};

void add_generation(const std::string& replica, const std::string& version,
                    const std::string& generation, Txid first, Txid last, Totals totals,
                    Rows& rows) {
  const auto number = [](Txid txid) { return txid.value == 0 ? "-" : std::to_string(txid.value); };
  if (totals.snapshots == 0) totals.first_time = 0;
  rows.json.push(Json::object({{"replica", replica},
                               {"litestream", version},
                               {"generation", generation},
                               {"restorable", totals.snapshots > 0},
                               {"first_txid", first.value},
                               {"last_txid", last.value},
                               {"first_time", daemon::time_json(totals.first_time)},
                               {"last_time", daemon::time_json(totals.last_time)},
                               {"snapshots", totals.snapshots},
                               {"segments", totals.segments},
                               {"bytes", totals.bytes}}));
  rows.table.add({replica, generation.empty() ? "-" : generation, number(first), number(last),
                  shown_time(totals.first_time), shown_time(totals.last_time), "-",
                  std::to_string(totals.snapshots), std::to_string(totals.segments),
                  shown_size(totals.bytes)});
}

void add_snapshot(const std::string& replica, const std::string& generation, Txid txid,
                  const litestream::Stored& object, Rows& rows) {
  rows.json.push(Json::object({{"replica", replica},
                               {"generation", generation},
                               {"txid", txid.value},
                               {"time", daemon::time_json(object.time)},
                               {"size", object.size}}));
  rows.table.add({replica, generation.empty() ? "-" : generation,
                  txid.value == 0 ? "-" : std::to_string(txid.value), shown_time(object.time),
                  shown_size(object.size)});
}

}  // namespace

void add_litestream_generations(const std::string& replica, const litestream::Inventory& inventory,
                                Rows& rows) {
  for (const Generation& generation : inventory.generations) {
    Totals totals;
    for (const auto& snapshot : generation.snapshots) totals.add(snapshot.object, true);
    for (const auto& segment : generation.segments) totals.add(segment.object, false);
    add_generation(replica, "0.3", to_text(generation.id), Txid{}, Txid{}, totals, rows);
  }
  if (inventory.files.empty()) return;
  Totals totals;
  Txid first(UINT64_MAX), last{};
  for (const LtxFile& file : inventory.files) {
    const bool whole = file.first.value == 1;
    totals.add(file.object, whole);
    if (whole) first = std::min(first, file.last);
    last = std::max(last, file.last);
  }
  if (totals.snapshots == 0) first = Txid{};
  add_generation(replica, "0.5", "", first, last, totals, rows);
}

void add_litestream_snapshots(const std::string& replica, const litestream::Inventory& inventory,
                              Rows& rows) {
  for (const Generation& generation : inventory.generations)
    for (const auto& snapshot : generation.snapshots)
      add_snapshot(replica, to_text(generation.id), Txid{}, snapshot.object, rows);
  for (const LtxFile& file : inventory.files)
    if (file.first.value == 1) add_snapshot(replica, "", file.last, file.object, rows);
}

}  // namespace streamd::apps
