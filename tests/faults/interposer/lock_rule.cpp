#include "lock_rule.h"

#include <execinfo.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "watched.h"

namespace faults {
namespace {

constexpr off_t kInUse = 128;  // the byte of a wal-index that every connection holds shared
constexpr off_t kLastByte = 1 << 30;

using FileId = std::pair<dev_t, ino_t>;

struct Locks {
  std::set<off_t> bytes;  // locked; SQLite's ranges are short, all but the shared one of a database
  std::set<int> through;  // descriptors they were taken with
  off_t in_use = -1;      // kInUse for a wal-index
};

struct Table {
  std::mutex mutex;
  pid_t owner = 0;
  std::map<FileId, Locks> files;
};

// A child inherits no locks, and what it closes drops none of its parent's.
Table& table() {
  static Table all;
  if (all.owner != getpid()) {
    all.owner = getpid();
    all.files.clear();
  }
  return all;
}

bool identify(int fd, FileId& id) {
  struct stat info {};
  if (syscall(SYS_fstat, fd, &info) != 0 || !S_ISREG(info.st_mode)) return false;
  id = {info.st_dev, info.st_ino};
  return true;
}

bool is_wanted() {
  static const bool wanted = !setting("FAULTS_LOCKS").empty();
  return wanted;
}

void say(const std::string& line) {
  append_line(setting("FAULTS_LOCKS"), line);
}

std::string ranges(const std::set<off_t>& bytes) {
  std::string text;
  for (const off_t byte : bytes) text += (text.empty() ? "" : ",") + std::to_string(byte);
  return text;
}

void say_behind(int fd, const Locks& locks) {
  say("behind " + path_of(fd) + " " + ranges(locks.bytes));
  void* stack[32];
  const int depth = backtrace(stack, 32);
  const int out = static_cast<int>(syscall(SYS_openat, AT_FDCWD, setting("FAULTS_LOCKS").c_str(),
                                           O_WRONLY | O_APPEND | O_CLOEXEC));
  backtrace_symbols_fd(stack, depth, out);
  syscall(SYS_close, out);
}

}  // namespace

void note_lock(int fd, const struct flock& lock) {
  FileId id;
  if (!is_wanted() || lock.l_whence != SEEK_SET || !identify(fd, id)) return;
  Table& all = table();
  const std::lock_guard guard(all.mutex);
  const bool first = all.files.count(id) == 0;
  Locks& locks = all.files[id];
  if (first) say("held " + path_of(fd));
  // The shared range of a database is 510 bytes; its first byte stands for it.
  const off_t begin = lock.l_start;
  const off_t end = lock.l_len == 0         ? kLastByte * 4
                    : begin > kLastByte + 1 ? begin + 1
                                            : begin + lock.l_len;
  if (lock.l_type == F_UNLCK) {
    locks.bytes.erase(locks.bytes.lower_bound(begin), locks.bytes.lower_bound(end));
    return;
  }
  for (off_t byte = begin; byte < end; ++byte) locks.bytes.insert(byte);
  locks.through.insert(fd);
  if (path_of(fd).ends_with("-shm")) locks.in_use = kInUse;
}

void note_close(int fd) {
  FileId id;
  if (!is_wanted() || !identify(fd, id)) return;
  Table& all = table();
  const std::lock_guard guard(all.mutex);
  const auto found = all.files.find(id);
  if (found == all.files.end()) return;
  Locks& locks = found->second;
  const bool last_of_index =
      locks.through.count(fd) != 0 && locks.bytes == std::set<off_t>{locks.in_use};
  if (!locks.bytes.empty() && !last_of_index) say_behind(fd, locks);
  locks.bytes.clear();
  locks.through.erase(fd);
}

}  // namespace faults
