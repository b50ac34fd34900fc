#include "sqlite/log_use.h"

#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>

#include "base/file.h"
#include "sqlite/session.h"

namespace streamd::sqlite {
namespace {

constexpr std::uint64_t kWriteByte = 120, kFirstReadByte = 123;
constexpr std::size_t kTableLimit = 4 * kMiB;

// One line: "12: POSIX  ADVISORY  READ 1234 fe:00:131 124 124"; "->" before the kind of who waits.
std::optional<HeldLock> parse_line(const std::string& line, const std::string& file) {
  std::istringstream words(line);
  std::string number, kind, advisory, access, place, last;
  HeldLock lock;
  words >> number >> kind >> advisory >> access >> lock.pid >> place >> lock.first >> last;
  if (!words || kind != "POSIX" || place != file) return std::nullopt;
  lock.exclusive = access == "WRITE";
  lock.last = last == "EOF" ? UINT64_MAX : std::strtoull(last.c_str(), nullptr, 10);
  return lock;
}

// A file of the kernel: it has no size before it is read.
Result<std::string> kernel_text(const std::string& path) {
  const File file = TRY(File::open_read(path));
  std::string text;
  Bytes chunk(64 * kKiB);
  while (text.size() < kTableLimit) {
    const std::size_t got = TRY(file.read_some_at(text.size(), chunk));
    if (got == 0) break;
    text.append(reinterpret_cast<const char*>(chunk.data()), got);
  }
  return text;
}

bool covers(const HeldLock& lock, std::uint64_t byte) {
  return lock.first <= byte && byte <= lock.last;
}

}  // namespace

std::vector<HeldLock> parse_locks(std::string_view text, unsigned device_major,
                                  unsigned device_minor, std::uint64_t inode) {
  char file[64];
  (void)std::snprintf(file, sizeof file, "%02x:%02x:%llu", device_major, device_minor,
                      static_cast<unsigned long long>(inode));
  std::vector<HeldLock> locks;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);)
    if (const auto lock = parse_line(line, file)) locks.push_back(*lock);
  return locks;
}

Result<std::vector<HeldLock>> locks_on(const struct stat& file) {
  return parse_locks(TRY(kernel_text("/proc/locks")), major(file.st_dev), minor(file.st_dev),
                     file.st_ino);
}

Result<std::optional<LogUse>> look_at_log(const std::string& path) {
  const auto log = TRY(stat_path(path + "-wal"));
  const auto index = TRY(stat_path(path + "-shm"));
  if (!log || !index) return std::optional<LogUse>{};
  const std::unique_ptr<Session> session = TRY(Session::open(path, false));
  const wal::IndexHeader header = TRY(session->header());
  LogUse use;
  use.last_frame = header.last_frame;
  use.backfilled = session->backfilled();
  use.log_bytes = static_cast<std::uint64_t>(log->st_size);
  const auto locks = TRY(locks_on(*index));
  for (const HeldLock& lock : locks) {
    if (lock.pid == getpid()) continue;
    if (lock.exclusive && covers(lock, kWriteByte)) use.writer = lock.pid;
    for (int slot = 1; slot < kReadSlots; ++slot)  // slot 0 keeps nothing: all is in the database
      if (covers(lock, kFirstReadByte + static_cast<std::uint64_t>(slot)))
        use.readers.push_back({lock.pid, session->read_mark(slot)});
  }
  return std::optional(std::move(use));
}

}  // namespace streamd::sqlite
