// The scenarios that streamd must survive, on a copy of a user's database and in a fresh place of
// his own storage, with real processes. Start reading here.
#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/store.h"

namespace streamd::torture {

struct TortureOptions {
  std::string database;             // the original; only read
  std::string folder;               // empty; everything that is local lies in it
  std::vector<std::string> daemon;  // command that replicates `folder`/copy.db (copy_path)
  std::vector<std::string>
      writer;           // command of the application; seed, transactions and what else follow
  std::string control;  // the daemon's socket
  storage::Store* store = nullptr;  // borrowed: the place that the daemon replicates to; empty
  milliseconds duration{60'000};    // no step begins after it
  std::uint64_t seed = 1;
  const Cancel* cancel = nullptr;  // may be null: the run ends early, and is judged
};
std::string copy_path(const std::string& folder);
// What `writer` is told besides seed and number: how it ends.
constexpr const char kVacuums[] = "vacuum", kEnds[] = "end";

struct TortureReport {
  std::uint64_t transactions = 0;  // asked for
  std::uint64_t moments = 0;   // recorded: a transaction of streamd's, and what SQLite showed then
  std::uint64_t restores = 0;  // compared with one
  std::uint64_t daemon_kills = 0, daemon_stops = 0, writer_kills = 0, vacuums = 0, snapshots = 0,
                merges = 0;
  std::uint64_t objects_verified = 0, bytes_verified = 0;
  std::vector<std::string> failures;  // each a sentence; empty = all is well
};

// Errors: what kept it from beginning, or the storage's when nothing could be sent at all. What is
// wrong is in the report. The daemon and the writers have ended when it returns; nothing is
// removed.
Result<TortureReport> torture(const TortureOptions& options);

// Removes all that lies there.
Status remove_everything(storage::Store& store, const storage::Call& call);

}  // namespace streamd::torture
