// Are the pages of a database those that its ledger knows? Whoever writes the file past SQLite
// while a log is in use changes pages that no commit touched, and nothing else would ever tell.
#pragma once
#include <cstdint>

#include "segment/checksum.h"
#include "sqlite/capture.h"
#include "state/ledger.h"

namespace streamd::replicate {

// One thread at a time, between two steps of the capture: then the ledger, with what is pending,
// and the pages are of the same commit.
class Scrub {
 public:
  Scrub(state::Ledger& ledger, segment::ChecksumKey checksum_key)  // borrows the ledger
      : ledger_(ledger), checksum_key_(checksum_key) {}

  enum class Found : std::uint8_t { kMore, kAsKnown, kOther };
  // Some megabytes. After an error the same ones again. Pages that the ledger does not know count
  // as known: a snapshot will read them.
  Result<Found> some(const sqlite::Capture& capture);

 private:
  state::Ledger& ledger_;
  const segment::ChecksumKey checksum_key_;
  std::uint32_t next_ = 1;
};

}  // namespace streamd::replicate
