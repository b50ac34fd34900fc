// Everything that is open on one attached database: five connections of one SQLite, the log, and a
// descriptor of -shm for asking who holds which lock; of a resting one a connection that holds the
// locks, and that descriptor. One thread at a time.
//
// Closing order is part of the protocol: connections first, the -shm descriptor after all of them.
#pragma once
#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/file.h"
#include "sqlite/connection.h"
#include "wal/chain.h"

namespace streamd::sqlite {

// The files of one database as they were when attached; another inode later means that somebody
// replaced a file under us.
struct Inodes {
  std::uint64_t database = 0, log = 0, index = 0;
  bool operator==(const Inodes&) const = default;
};

class Session {
 public:
  // kNotWal when the journal mode is another and set_wal does not ask to change it, kBusy while it
  // is locked, kPermission when we may not write it, kWaiting when its users could not use the -wal
  // or -shm that we would create (ownership.h).
  static Result<std::unique_ptr<Session>> open(const std::string& path, bool set_wal);
  ~Session() { close(); }
  void close();
  void merge_when_last();  // see Connection: closing may merge and remove the log
  // Closes. When nobody else has the database open, its log is at `last` and all in the database,
  // it is removed, as by any application's last close; then how the database file was left.
  Result<std::optional<FileIdentity>> close_as_last(const wal::Position& last);
  Result<FileIdentity> file_identity() const;  // of the database file

  // The caller holds slot 0, and nothing but what SQLite's SHARED lock and slot 0 protect is needed
  // for a while: everything else is closed. Any error, kInternal too when somebody took the files
  // away meanwhile, ends the session: attach again.
  Status rest();
  // Opens it all again. On failure it rests on and the locks are kept; kInternal as above.
  Status wake();
  bool resting() const { return resting_; }

  // The connections, but for the last, and the log are there while the session does not rest.
  const std::string& path() const { return path_; }
  Connection& reader(int which) {
    return readers_[static_cast<std::size_t>(which)];
  }                                         // 0 or 1: the alternating pins
  Connection& writer() { return writer_; }  // the only one that takes the write lock; never writes
  Connection& checkpointer() { return checkpointer_; }
  Connection& lock_holder() { return lock_holder_; }  // runs no SQL while it holds a lock

  const File& log() const { return log_; }
  const Inodes& inodes() const { return inodes_; }
  Result<bool> replaced() const;  // do the paths lead to other files now, or to none?
  // Whoever holds slot 0 and has all of the log in the database file knows that SQLite does not
  // write that file: was it written to since? chmod and the like do not count.
  Status remember_file();
  Result<bool> file_changed() const;

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
  bool open_elsewhere() const;   // some other process has the database open

  std::uint64_t torn_headers() const { return torn_headers_; }

 private:
  Status open_files(bool set_wal);
  Status open_workers();
  void close_workers();
  bool attached() const { return inodes_ != Inodes{}; }
  Status require_same_files() const;
  bool foreign_lock(int first, int count, pid_t* pid) const;

  std::string path_;
  Connection lock_holder_, writer_, checkpointer_;
  std::array<Connection, 2> readers_;
  File log_, index_locks_;
  const volatile void* index_ = nullptr;
  Inodes inodes_;
  FileIdentity remembered_;
  bool resting_ = false;
  std::uint64_t torn_headers_ = 0;
};

}  // namespace streamd::sqlite
