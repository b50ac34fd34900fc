// The mistakes that the protocol exists to avoid, each a switch, all off. The tests build this
// folder again with one of them on (tests/stress/control) and must then find the damage: a proof
// that they would. A build with a mistake carries its marker and is never installed.
#pragma once
#include "base/file.h"
#include "base/result.h"
#include "wal/format.h"

namespace streamd::sqlite::mistake {

#if defined(STREAMD_CONTROL_CHECKSUM_ONLY) || defined(STREAMD_CONTROL_ZERO_SALT) || \
    defined(STREAMD_CONTROL_NO_BARRIER)
[[gnu::used]] inline const char kMarker[] = "streamd control build: loses data on purpose";
#endif

#ifdef STREAMD_CONTROL_CHECKSUM_ONLY  // what the log's checksums say is committed
constexpr bool kChecksumOnly = true;
#else
constexpr bool kChecksumOnly = false;
#endif
Result<wal::IndexHeader> committed_by_checksum(const wal::IndexHeader& index, const File& log);

#ifdef STREAMD_CONTROL_ZERO_SALT  // salts of (0,0) identify a log
constexpr bool kZeroSaltIdentity = true;
#else
constexpr bool kZeroSaltIdentity = false;
#endif

#ifdef STREAMD_CONTROL_NO_BARRIER  // slot 0 is released without asking for stale checkpointers
constexpr bool kNoBarrier = true;
#else
constexpr bool kNoBarrier = false;
#endif

}  // namespace streamd::sqlite::mistake
