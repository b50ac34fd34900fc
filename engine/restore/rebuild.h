// From a plan to a file that is proven to be the database at the wanted moment.
#pragma once
#include <functional>

#include "restore/apply.h"
#include "restore/replica.h"

namespace streamd::restore {

// For a progress bar. From the thread that restores.
struct Progress {
  const char* phase = "";  // "planning", "snapshot", "segments", "checking", "finishing"
  std::uint64_t bytes = 0, total = 0;  // fetched, of those planned
};
using ProgressSink = std::function<void(const Progress&)>;

struct RebuildOptions {
  FetchOptions fetch;
  unsigned threads = 0;            // that decode; 0 = one for each core
  const Cancel* cancel = nullptr;  // may be null
  ProgressSink progress;           // may be empty
};

// What was restored.
struct Rebuilt {
  Plan plan;  // the one that led there, with its parts
  std::uint32_t page_size = 0, pages = 0;
  std::uint64_t checksum = 0;
  Micros seen = 0;                           // when the transaction was first seen
  std::uint64_t fetched = 0;                 // bytes
  std::uint32_t uid = 0, gid = 0, mode = 0;  // of the database file, by the manifest
  PageHashes hashes;
  std::set<std::string> damaged;  // what it went around: of a segment in pieces, all of them
};

// Fills the (empty) file; it is not synced. `inventory` is what the plan was made from. An object
// that is gone meanwhile leads to a new listing and a plan for what is missing, a few times; when
// that needs it too, it is missing for good. One that is damaged or missing is gone around where an
// older snapshot or other segments lead to the same moment, which the plan's notes say. Errors:
// kCorrupt names the object; the file's content is undefined then.
Result<Rebuilt> rebuild(storage::Store& store, const Inventory& inventory, const Plan& plan,
                        File& file, const RebuildOptions& options);

// The plan with its parts, for --dry-run: reads the manifest, and goes around a damaged one as
// rebuild() does. `inventory` is what the plan was made from.
Result<Plan> complete_plan(storage::Store& store, const Inventory& inventory, const Plan& plan,
                           const storage::Call& call);

}  // namespace streamd::restore
