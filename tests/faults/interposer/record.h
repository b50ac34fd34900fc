// Writes down what was done to the files below the watched folders, in the order in which it was
// done, so that a test can rebuild them as they were at any step (FAULTS_RECORD names the file;
// several processes may share it). Files are called by their inode numbers.
//
// A record: one byte of what it is, u64 inode, u64 number, u32 length of the path, u32 length of
// the data, little-endian; then path and data.
//
//   C  made        inode of the new file; path
//   M  made a folder, likewise
//   W  written     number: the offset; data
//   T  cut         number: the new size
//   S  synced      a file, or a folder
//   R  renamed     path, data: from, to (replacing what was there)
//   L  linked      path, data: the old name, the new one
//   U  removed     path
//   G  a folder that was there before the recording; inode, path (written by the test)
//   N, D  notes of the test (power_cut.py); data
//
// What is written through a mapping is not seen: only SQLite's index (-shm) is, and it is worth
// nothing after a power cut.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace faults {

// While it lives no other recorded call is under way, here or in another process.
class Recording {
 public:
  // Does nothing unless a record is wanted and `path` is watched.
  explicit Recording(const std::string& path);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  bool on() const { return fd_ >= 0; }
  void add(char what, std::uint64_t inode, std::uint64_t number, std::string_view path,
           std::string_view data);

 private:
  int fd_ = -1;  // a description of its own, so that flock() keeps threads apart, too
};

}  // namespace faults
