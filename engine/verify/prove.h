// The proof of a replica: its newest moment is restored to a scratch file, which must have the
// database's checksum and pass SQLite's own check. The file is gone afterwards.
#pragma once
#include <optional>
#include <string>

#include "restore/rebuild.h"
#include "state/proof.h"
#include "state/tip.h"

namespace streamd::verify {

struct ProveOptions {
  std::string
      scratch;  // the file lies beside this name; what a killed run left there is taken over
  std::optional<state::Tip>
      tip{};                     // of the live database, when it is known: compared where it fits
  std::uint64_t leave_free = 0;  // bytes of that disk that must stay free
  restore::FetchOptions fetch{};
  unsigned threads = 0;              // that decode; 0 = one for each core
  const Cancel* cancel = nullptr;    // may be null
  restore::ProgressSink progress{};  // may be empty
};

struct Proven {
  GenerationId generation{};
  Txid txid{};
  Micros seen = 0;  // the time of the moment
  std::uint32_t page_size = 0, pages = 0;
  std::uint64_t fetched = 0;  // bytes
  // Objects of which one at least is damaged, though the moment was restored without it.
  std::set<std::string> damaged{};
};

// Errors: kNoBackup, kNotRestorable (nothing to prove yet), kCorrupt (it cannot be restored: names
// the object), kNoSpace (nothing was written), the store's, those of local files.
Result<Proven> prove_newest(const restore::Replica& replica, const ProveOptions& options);

// The same, and its outcome is kept at `path` (state/proof.h; empty = nowhere) unless it was
// cancelled or there is nothing to prove yet. Returns what is known now, a failure of the proof in
// it; `proven` may be null.
Result<state::Proof> prove_and_keep(const restore::Replica& replica, const ProveOptions& options,
                                    const std::string& path, const Clock& clock, Proven* proven);

// What was found damaged by a restore is read again by the next verification; `path` is that of its
// memory (verify_and_keep).
Status doubt(const std::string& path, const std::set<std::string>& keys);

// Removes the file that a killed run left; nothing when somebody is at work on it.
Status remove_leftover(const std::string& scratch);

// Where the scratch file of a replica lies that has no local state: a name that stays the same, in
// a folder of this user alone below $TMPDIR. `what` tells replicas apart.
Result<std::string> scratch_for(const std::string& what);

}  // namespace streamd::verify
