// Which locks a process holds on the files of a database, as the kernel sees it (/proc/locks).
#pragma once
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

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

inline std::vector<Lock> locks_on(const std::string& path, pid_t pid = getpid()) {
  struct stat info {};
  BOOST_REQUIRE_MESSAGE(::stat(path.c_str(), &info) == 0, path);
  std::ifstream listing("/proc/locks");
  std::vector<Lock> held;
  for (std::string line; std::getline(listing, line);) {
    std::istringstream words(line);
    std::string number, kind, advisory, mode, owner, file, first, last;
    words >> number >> kind >> advisory >> mode >> owner >> file >> first >> last;
    if (kind != "POSIX" || owner != std::to_string(pid)) continue;
    if (file.substr(file.rfind(':') + 1) != std::to_string(info.st_ino)) continue;
    held.push_back({mode, std::stol(first), last == "EOF" ? -1 : std::stol(last)});
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
