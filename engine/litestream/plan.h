// Which of Litestream's objects make up the database at a wanted moment, and in which order. Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "litestream/inventory.h"
#include "restore/target.h"

namespace streamd::litestream {

enum class Format : std::uint8_t { kGenerations, kLevels };  // of 0.3, of 0.5
const char* to_text(Format format);                          // "Litestream 0.3"

// A moment: what 0.3 keeps is a position in its log, what 0.5 keeps a transaction (one for each of
// its syncs).
struct Moment {
  Format format = Format::kGenerations;
  GenerationId generation{};  // 0.3
  std::uint32_t index = 0;    // 0.3: the last log
  Txid txid{};                // 0.5
  Micros time = 0;            // when the last object was stored (0.3), or synced (0.5)
  std::vector<std::string> notes{};
};
std::string describe(const Moment& moment);  // "log 00000002 of generation ...", "transaction 7"

struct Plan {
  Moment moment;
  std::optional<Snapshot> snapshot;  // 0.3
  std::vector<Segment> segments;     // 0.3, in the order in which they apply
  std::vector<LtxFile> files;        // 0.5, likewise; the first one has all pages
  // Nothing that was stored after the snapshot is part of it: 0.3 may have copied pages of a later
  // log then, and only SQLite can tell.
  bool unsettled = false;
  std::vector<Stored> objects() const;  // to fetch, in order
  std::uint64_t bytes() const;          // of them
};
std::string describe(const Plan& plan);
Json to_json(const Plan& plan);

// Errors of all three: kNoBackup (there is nothing of that format), kNotRestorable (objects, but no
// whole image), kOutsideWindow (says what can be restored), kCorrupt (the chain to the wanted
// moment is broken; with target.nearest the moment before the break is taken), kUsage.
Result<Plan> plan_generations(const Inventory& inventory, const restore::Target& target);
// `files` are those up to the wanted time (header_times.h).
Result<Plan> plan_levels(const std::vector<LtxFile>& files, const restore::Target& target);

// Of a replica that holds both (Litestream was upgraded in place): the one that the target's kind
// belongs to, else the one with the newest object, or with the newest image before a time.
Format format_for(const Inventory& inventory, const restore::Target& target);

}  // namespace streamd::litestream
