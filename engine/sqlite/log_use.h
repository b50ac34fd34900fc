// Who uses the log of a database at this moment, from outside: read marks and the kernel's table of
// locks. For whoever asks why a log grows; the capture has its own eyes (session.h).
#pragma once
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace streamd::sqlite {

// One POSIX lock on bytes [first, last] of a file.
struct HeldLock {
  pid_t pid = 0;  // 0 or less = a process of another pid namespace
  bool exclusive = false;
  std::uint64_t first = 0, last = 0;
  bool operator==(const HeldLock&) const = default;
};
// The text of /proc/locks; lines that wait for a lock are left out. Pure.
std::vector<HeldLock> parse_locks(std::string_view text, unsigned device_major,
                                  unsigned device_minor, std::uint64_t inode);

// Locks on any byte of the file, of any process. Linux tells those that it may.
Result<std::vector<HeldLock>> locks_on(const struct stat& file);

struct LogReader {
  pid_t pid = 0;
  std::uint32_t mark = 0;  // it sees the database as of this frame, so that none after it may go
};

struct LogUse {
  std::uint32_t last_frame = 0;    // committed ones
  std::uint32_t backfilled = 0;    // of them, already in the database file
  std::uint64_t log_bytes = 0;     // size of the -wal file
  std::vector<LogReader> readers;  // of other processes, on slots that keep the log
  std::optional<pid_t> writer;     // who has the write lock
};

// Opens the database for a moment, as any reader does. nullopt without -wal and -shm: nobody has it
// open. kNotWal, kBusy (locking_mode=EXCLUSIVE elsewhere), kPermission.
Result<std::optional<LogUse>> look_at_log(const std::string& path);

}  // namespace streamd::sqlite
