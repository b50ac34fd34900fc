// Keeps a read-only copy of a database current, until it is cancelled. Start reading here.
#pragma once
#include <functional>
#include <span>

#include "follow/state.h"
#include "restore/restore.h"

namespace streamd::follow {

// What a person or a program is told.
struct Event {
  enum class Kind : std::uint8_t {
    kRestored,   // the copy was made
    kResumed,    // it was there, and holds the moment `at`
    kApplied,    // new transactions are in it
    kReplaced,   // no segments led on: all that differed was fetched and replaced
    kTrouble,    // nothing can be learnt or applied; it is tried again. Said once
    kRecovered,  // and now it works again
  };
  Kind kind = Kind::kApplied;
  Position at{};                 // what the copy holds now
  std::string replica{};         // where from
  std::uint64_t fetched = 0;     // bytes
  milliseconds behind{0};        // since the moment `at` was first seen
  std::optional<Error> error{};  // of kTrouble
};

struct FollowOptions {
  // Of the first restore: out, target (the newest moment), force, check, fetch, cancel, progress,
  // clock. A copy that is there and was followed goes on, without `force`.
  restore::RestoreOptions restore{};
  milliseconds interval{1000};               // between two looks
  std::function<void(const Event&)> tell{};  // may be empty; on the calling thread
};

// Returns when options.restore.cancel says so; that is no error. Errors: of the first restore;
// kBusy when somebody else follows or replicates the file; kDiverged when the copy was changed, or
// the replica is of another database; whatever does not heal by itself.
Status follow(std::span<const restore::Replica> replicas, const FollowOptions& options);

}  // namespace streamd::follow
