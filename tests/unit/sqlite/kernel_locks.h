// Which locks a process holds on the files of a database, as the kernel sees it: fdinfo tells the
// locks on one file in one piece. /proc/locks, the list of all, loses and repeats entries while
// other processes lock and unlock.
#pragma once
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace kernel {

// Bytes of -shm that SQLite locks (unix: 120 + lock; the last says that somebody uses the index).
constexpr int kWriteByte = 120, kCheckpointByte = 121, kSlot0Byte = 123, kSlot4Byte = 127,
              kInUseByte = 128;
// Where SQLite's SHARED lock on the database lies.
constexpr long kSharedFirst = 0x40000002, kSharedBytes = 510;

struct Lock {
  std::string mode;  // READ or WRITE
  long first = 0, last = 0;
};

// The line of a descriptor's fdinfo that tells one lock on its file.
inline std::optional<Lock> posix_lock(const std::string& line) {
  std::istringstream words(line);
  std::string lock, number, kind, advisory, mode, owner, file, first, last;
  words >> lock >> number >> kind >> advisory >> mode >> owner >> file >> first >> last;
  if (lock != "lock:" || kind != "POSIX") return std::nullopt;
  return Lock{mode, std::stol(first), last == "EOF" ? -1 : std::stol(last)};
}

inline std::vector<Lock> locks_on(const std::string& path, pid_t pid = getpid()) {
  struct stat wanted {};
  BOOST_REQUIRE_MESSAGE(::stat(path.c_str(), &wanted) == 0, path);
  const std::string process = "/proc/" + std::to_string(pid);
  std::vector<Lock> held;
  for (const auto& entry : std::filesystem::directory_iterator(process + "/fd")) {
    struct stat info {};
    if (::stat(entry.path().c_str(), &info) != 0) continue;  // the listing's own descriptor
    if (info.st_dev != wanted.st_dev || info.st_ino != wanted.st_ino) continue;
    std::ifstream about(process + "/fdinfo/" + entry.path().filename().string());
    for (std::string line; std::getline(about, line);)
      if (const auto lock = posix_lock(line)) held.push_back(*lock);
    break;  // every descriptor of the file tells all of the process's locks on it
  }
  return held;
}

// The bytes of the wal-index that are locked.
inline std::set<int> index_bytes(const std::string& database, pid_t pid = getpid()) {
  std::set<int> bytes;
  for (const Lock& lock : locks_on(database + "-shm", pid))
    for (long byte = lock.first; byte <= lock.last; ++byte) bytes.insert(static_cast<int>(byte));
  return bytes;
}

// SQLite's SHARED lock on the database, and nothing else on it.
inline bool only_shared_on_database(const std::string& database, pid_t pid = getpid()) {
  const auto held = locks_on(database, pid);
  return held.size() == 1 && held[0].mode == "READ" && held[0].first == kSharedFirst &&
         held[0].last == kSharedFirst + kSharedBytes - 1;
}

}  // namespace kernel
