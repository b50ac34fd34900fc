// Commits pages to a database in WAL mode the way SQLite's own writers do: frames into the log,
// then their places into the wal-index, then its header. Readers see all pages of a commit or none
// and never wait; a process that dies in the middle leaves the commit before. For a copy that
// nobody else writes.
//
// One thread, but for read() and write().
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/int_map.h"
#include "sqlite/connection.h"
#include "wal/encode.h"

namespace streamd::sqlite {

class LogWriter {
 public:
  // Keeps the database open: readers that may not write find a log and an index. kNotWal, kBusy,
  // kPermission, kNotFound, kCorrupt, kIo.
  static Result<std::unique_ptr<LogWriter>> open(const std::string& path);

  // As of the last commit.
  std::uint32_t page_size() const { return at_.page_size; }
  std::uint32_t pages() const { return pages_; }

  // Takes the lock of writers; nothing when it was taken. kBusy while somebody else has it;
  // kDiverged when somebody else has committed.
  Status begin();
  // Whole pages from `first` on, as they were written last, committed or not. Any thread.
  Status read(PageNo first, MutableBytes out);
  // Likewise; between begin() and commit(). Any thread.
  Status write(PageNo first, ByteView images);
  // Everything written since begin() is durable, then readers see it; the database ends after
  // `pages` pages. The lock is given back.
  Status commit(std::uint32_t pages);
  // What was written since begin() is forgotten; the lock is given back. Nothing without begin().
  void rollback();

  std::uint64_t log_bytes() const;  // of commits in the log
  // Brings the log into the database file as far as its readers allow, and empties it when all of
  // it is there: true. Not between begin() and commit().
  Result<bool> checkpoint();

 private:
  LogWriter() = default;
  Status load();
  Status load_frames(const wal::IndexHeader& header);
  Result<wal::IndexHeader> header() const;
  Result<wal::IndexHeader> repaired_header();
  Status start_log();
  Status read_page(PageNo page, MutableBytes out);
  Status append(PageNo page, ByteView image, std::uint32_t pages_after);
  Status publish();
  void adopt(const wal::IndexHeader& header);

  std::string path_;
  Connection connection_;
  File log_;
  volatile void* index_ = nullptr;  // block 0
  wal::IndexHeader last_;           // as we left it
  std::uint32_t pages_ = 0;
  IntMap<std::uint32_t> committed_;  // page → its last frame, of those in the log
  std::mutex mutex_;                 // of what follows
  bool open_ = false;
  wal::Position at_;               // the end of what was written
  IntMap<std::uint32_t> written_;  // page → frame, since begin()
  std::vector<PageNo> frames_;     // the pages of these frames, in order
  Bytes frame_;
};

}  // namespace streamd::sqlite
