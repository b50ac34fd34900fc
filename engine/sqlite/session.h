// Everything that is open on one attached database: five connections of one SQLite, the log, and a
// descriptor of -shm for asking who holds which lock. One thread at a time.
//
// Closing order is part of the protocol: connections first, the -shm descriptor after all of them.
#pragma once
#include <sys/types.h>

#include <array>
#include <memory>
#include <string>

#include "base/file.h"
#include "sqlite/connection.h"
#include "wal/format.h"

namespace streamd::sqlite {

// The files of one database as they were when attached; another inode later means that somebody
// replaced a file under us.
struct Inodes {
  std::uint64_t database = 0, log = 0, index = 0;
  bool operator==(const Inodes&) const = default;
};

class Session {
 public:
  // kNotWal when the journal mode is another, kBusy while it is locked, kPermission when opening it
  // would create a -wal or -shm that its owner could not use (see ownership.h).
  static Result<std::unique_ptr<Session>> open(const std::string& path);
  ~Session() { close(); }
  void close();

  const std::string& path() const { return path_; }
  Connection& reader(int which) {
    return readers_[static_cast<std::size_t>(which)];
  }                                         // 0 or 1: the alternating pins
  Connection& writer() { return writer_; }  // takes the write lock, never writes
  Connection& checkpointer() { return checkpointer_; }
  Connection& lock_holder() { return lock_holder_; }  // runs no SQL while it holds a lock

  const File& log() const { return log_; }
  const Inodes& inodes() const { return inodes_; }
  Result<bool> replaced() const;  // do the paths lead to other files now, or to none?

  // The wal-index header, settled: waits out a writer in the middle of it; one that died there is
  // repaired by SQLite's own recovery.
  Result<wal::IndexHeader> header();
  std::uint32_t backfilled() const { return wal::read_backfilled(index_); }
  std::uint32_t read_mark(int slot) const { return wal::read_mark(index_, slot); }

  // Does another process hold this lock exclusively or shared? Its pid when the kernel tells (0
  // across pid namespaces).
  bool foreign_holder(IndexLock lock, pid_t* pid = nullptr) const;
  // Does a reader of another process keep the log from being backfilled up to `frame`?
  bool foreign_reader_before(std::uint32_t frame) const;
  bool foreign_readers() const;  // any on slots 1 to 4

  std::uint64_t torn_headers() const { return torn_headers_; }

 private:
  Status open_files();
  bool foreign_lock(int first, int count, pid_t* pid) const;

  std::string path_;
  Connection lock_holder_, writer_, checkpointer_;
  std::array<Connection, 2> readers_;
  File log_, index_locks_;
  const volatile void* index_ = nullptr;
  Inodes inodes_;
  std::uint64_t torn_headers_ = 0;
};

}  // namespace streamd::sqlite
