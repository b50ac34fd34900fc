// Removes from a replica what the rules let go. Everything is decided by policy.h; this lists,
// reads manifests, asks the store for its time, and removes.
#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "retention/policy.h"
#include "storage/store.h"

namespace streamd::retention {

// What the store would not remove: permission denied, an object lock. It is tried again by the next
// prune.
struct Refusal {
  std::string what;  // "snapshots", "segments" or "parts"
  std::size_t objects = 0;
  Error error;  // of the first
};

// Of what is damaged.
constexpr const char kDamageHint[] =
    "what would have gone because of it stays; `streamctl verify` says what that costs";

struct PruneReport {
  Decisions decisions;  // of everything that was listed first
  std::vector<catalog::Listed> removed;
  std::vector<Refusal> refused;
  // What cannot be relied on: a damaged or incomplete snapshot, a merged object that is not whole.
  // What would go because of it stays, and all parts of a generation with such a manifest.
  std::vector<Error> damaged;
};

class Pruner {
 public:
  // Borrows store and clock, this machine's; the store is asked for its own before anything goes.
  // `parts`: what an earlier one has read.
  Pruner(storage::Store& store, const Clock& clock, PartNames parts = {})
      : store_(store), clock_(clock), parts_(std::move(parts)) {}

  // Reads only, by this machine's clock: what prune would do now.
  Status explain(const Rules& rules, const storage::Call& call);
  // Snapshots and segments first; parts after a new listing that no manifest in it names. Safe
  // beside a daemon that writes, beside another pruner, and when it is killed at any point. Errors:
  // the store's; kUnsupported when its clock and ours differ by more than kClockSkew; kInternal,
  // see decide.
  Status prune(const Rules& rules, const storage::Call& call);
  // Of the last of these; after an error what was done until then.
  const PruneReport& report() const { return report_; }
  const PartNames& parts() const { return parts_; }

 private:
  Result<std::vector<catalog::Listed>> list(const storage::Call& call);
  Result<Decisions> decide_all(const std::vector<catalog::Listed>& listing, Micros now,
                               const Rules& rules, const storage::Call& call);
  Result<Decisions> decide_known(std::span<const catalog::Listed> listing, Micros now,
                                 const Rules& rules, const storage::Call& call);
  Status read_manifest(const std::string& key, std::uint64_t size, const storage::Call& call);
  Result<Micros> store_time(const storage::Call& call);
  Status remove(const char* what, const std::vector<catalog::Listed>& objects,
                const storage::Call& call);
  Status remove_some(std::span<const catalog::Listed> objects, Refusal& refusal,
                     const storage::Call& call);
  Status remove_parts(Micros now, const Rules& rules, const storage::Call& call);

  // sound.cpp: what removals rely on
  Result<std::set<std::string>> find_unsound(const Decisions& decisions, const storage::Call& call);
  Result<bool> is_whole(const catalog::Segment& segment, const storage::Call& call);
  Result<bool> is_complete(const catalog::Listed& manifest, const std::set<std::string>& there,
                           const storage::Call& call);
  Decisions with_unsound(std::span<const catalog::Listed> listing, Decisions decisions) const;

  storage::Store& store_;
  const Clock& clock_;
  std::set<std::string> whole_;       // merged objects that were read
  std::set<std::string> unsound_;     // of the present decisions
  std::set<std::string> unreadable_;  // manifests, likewise
  PartNames parts_;                   // of manifests that were read: they never change
  PruneReport report_;
};

}  // namespace streamd::retention
