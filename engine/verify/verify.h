// Checks a replica: reads what has to be read, and judges the whole by what is known. Start reading
// here.
#pragma once
#include <functional>
#include <limits>
#include <optional>

#include "catalog/marker.h"
#include "crypt/keyring.h"
#include "verify/reached.h"

namespace streamd::verify {

// Every object again, the one that was read longest ago first.
constexpr Micros kReadAll = std::numeric_limits<Micros>::max();

struct VerifyOptions {
  Micros stale_before = 0;   // objects read before this are read again; kReadAll = all of them
  std::uint64_t budget = 0;  // bytes of objects to read in this run; 0 = no limit
  unsigned parallel = 8;     // reads at a time
  const Cancel* cancel = nullptr;  // may be null
  // Of the store: then the wrapped keys of encrypted generations are looked at too. May be null.
  const crypt::Keyring* keys = nullptr;
  Reached reached{};  // what the replica has acknowledged, when the caller knows it
  // Bytes read, of those to be read in this run. From any thread, one at a time; may be empty.
  std::function<void(std::uint64_t, std::uint64_t)> progress{};
  const Clock* clock = &system_clock();
};

struct VerifyReport {
  std::optional<catalog::Marker> marker;
  Listing listing;
  std::size_t objects = 0, read = 0, later = 0;  // ours; read now; left to the next run
  std::uint64_t bytes = 0, bytes_read = 0, bytes_later = 0;
  Micros oldest = 0;  // when what was read longest ago was read; 0 = something never was
  std::vector<Finding> findings;  // by key
  std::vector<Lost> lost;         // what all of them cost
  bool begun = false;             // there is something at all
  // Nothing of the newest restorable moment is known to be broken.
  bool newest_is_whole = false;
  std::optional<Error> interrupted;  // the store's, or kCancelled: what was read until then counts
};

// `memory` is what is known from earlier, and is brought up to date. Errors: the store's, when it
// cannot be listed at all.
Result<VerifyReport> verify(storage::Store& store, Memory& memory, const VerifyOptions& options);

// The same with a memory that is kept at `path` (memory.h); empty = nothing is known, or kept. It
// is saved also when the run was interrupted.
Result<VerifyReport> verify_and_keep(storage::Store& store, const std::string& path,
                                     const VerifyOptions& options);

// Everything that was found, in one error of kCorrupt; nullopt when nothing was.
std::optional<Error> summary(const VerifyReport& report);

}  // namespace streamd::verify
