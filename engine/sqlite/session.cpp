#include "sqlite/session.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "sqlite/journal_mode.h"
#include "sqlite/mistake.h"
#include "sqlite/ownership.h"

namespace streamd::sqlite {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr int kFirstLockByte = 120;
constexpr int kInUse = 8;  // shared by all who have the index open; SQLite calls it DMS
constexpr std::chrono::milliseconds kCoarseClock{20};
constexpr auto kDeadWriter =
    std::chrono::milliseconds(20);  // a header torn for longer has lost its writer

// With a connection of its own, whose close takes the files away again that SQLite has made for it:
// provide_log_files makes them as their users need them.
Status convert_to_wal(const std::string& path) {
  Connection connection;
  TRY(connection.open(path));
  TRY(check_log_files(path));
  TRY(require_wal_mode(connection, path, true));
  connection.merge_when_last();
  return {};
}

// What is written after this must show another time, however coarse the file system's clock. Nobody
// can open the database meanwhile, so no longer than that takes.
void sleep_until_the_clock_moved_on(const FileIdentity& left) {
  using std::chrono::nanoseconds;
  const nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  const nanoseconds written(std::max(left.mtime_ns, left.ctime_ns));
  const nanoseconds coarse = kCoarseClock;
  std::this_thread::sleep_for(std::clamp(coarse - (now - written), nanoseconds(0), coarse));
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::string& path, bool set_wal) {
  TRY(check_access(path));
  auto session = std::make_unique<Session>();
  session->path_ = path;
  Status opened = session->open_files(set_wal);
  if (!opened) return std::move(opened.error());
  return session;
}

Status Session::open_files(bool set_wal) {
  if (set_wal) TRY(convert_to_wal(path_));
  TRY(lock_holder_.open(path_));
  TRY(require_wal_mode(lock_holder_, path_, false));
  TRY(check_log_files(path_));  // while we wait for the application, nothing is locked
  TRY(lock_holder_.hold());
  TRY(require_wal_mode(lock_holder_, path_, false));
  TRY(provide_log_files(path_));
  TRY(lock_holder_.touch());
  TRY(open_workers());
  index_ = TRY(lock_holder_.map_index());
  index_locks_ = TRY(File::open_read(path_ + "-shm"));
  const auto database = TRY(stat_path(path_));
  if (!database) return make_error(Code::kNotFound, "attach " + path_ + ": the database went away");
  inodes_ = {database->st_ino, TRY(log_.status()).st_ino, TRY(index_locks_.status()).st_ino};
  return {};
}

// Each is opened by name: when there is another file by now, nothing may be made or locked beside
// it.
Status Session::open_workers() {
  for (Connection* connection : {&readers_[0], &readers_[1], &writer_, &checkpointer_}) {
    TRY(connection->open(path_));
    if (attached()) TRY(require_same_files());
    TRY(connection->touch());
  }
  for (Connection* connection : {&readers_[0], &readers_[1], &checkpointer_})
    connection->refuse_write_lock();
  log_ = TRY(File::open_read(path_ + "-wal"));
  return {};
}

void Session::close_workers() {
  for (Connection& reader : readers_) reader.close();
  writer_.close();
  checkpointer_.close();
  log_.close();
}

// The last to close is one that knows the log (the lock holder of a session that has rested does
// not), so that it can merge it.
void Session::close() {
  for (Connection& reader : readers_) reader.close();
  checkpointer_.close();
  lock_holder_.close();
  close_workers();
  index_locks_.close();  // after every connection: closing it drops this process's locks on -shm
  index_ = nullptr;
}

// SQLite keeps the descriptors of closed connections for as long as this process has any lock on
// the database file. So for an instant it has none, and an application that closes its database in
// that instant may take the log away: it is looked for afterwards. Slot 0 is held all the time.
Status Session::rest() {
  Connection fresh;
  TRY(fresh.open(path_));
  TRY(require_same_files());  // of another database SQLite would make an index, and map it
  index_ = TRY(fresh.map_index());
  if (!fresh.lock_shared(IndexLock::kRead0))
    return make_error(Code::kInternal, "rest " + path_ + ": slot 0 is not shared");
  lock_holder_.unlock_shared(IndexLock::kRead0);
  close_workers();
  lock_holder_.close();
  lock_holder_.swap(fresh);
  resting_ = true;
  if (!lock_holder_.hold())
    return make_error(Code::kInternal, "rest " + path_ + ": somebody takes its log away");
  return require_same_files();
}

Status Session::wake() {
  if (!resting_) return {};
  TRY(require_same_files());  // SQLite would make files for another database that it finds there
  Status awake = open_workers();
  if (awake) awake = require_same_files();
  if (!awake)
    close_workers();
  else
    resting_ = false;
  return awake;
}

Status Session::require_same_files() const {
  if (!TRY(replaced())) return {};
  return make_error(Code::kInternal, "the files of " + path_ + " were replaced or taken away");
}

void Session::merge_when_last() {
  for (Connection* connection :
       {&readers_[0], &readers_[1], &writer_, &checkpointer_, &lock_holder_})
    connection->merge_when_last();
}

Result<FileIdentity> Session::file_identity() const {
  const auto info = TRY(stat_path(path_));
  return info ? identity_of(*info) : FileIdentity{};
}

Result<std::optional<FileIdentity>> Session::close_as_last(const wal::Position& last) {
  TRY(wake());
  for (Connection* connection : {&readers_[0], &readers_[1], &checkpointer_, &lock_holder_})
    connection->close();
  std::optional<FileIdentity> left;
  if (writer_.hold_alone()) {
    const auto header = wal::read_index_header(index_);
    const bool nothing_new =
        header &&
        (header->salts == last.salts ? header->last_frame == last.frame : header->last_frame == 0);
    if (nothing_new && backfilled() == header->last_frame && !TRY(replaced())) {
      left = TRY(file_identity());
      writer_.merge_when_last();
    }
    if (left) sleep_until_the_clock_moved_on(*left);
  }
  close();
  if (TRY(stat_path(path_ + "-wal"))) left.reset();
  return left;
}

Result<bool> Session::replaced() const {
  const auto inode_of = [](const std::string& path) -> Result<std::uint64_t> {
    const auto info = TRY(stat_path(path));
    return info ? static_cast<std::uint64_t>(info->st_ino) : 0;
  };
  const Inodes now{TRY(inode_of(path_)), TRY(inode_of(path_ + "-wal")),
                   TRY(inode_of(path_ + "-shm"))};
  return now != inodes_;
}

Status Session::remember_file() {
  remembered_ = TRY(file_identity());
  return {};
}

// Another file in its place is for replaced().
Result<bool> Session::file_changed() const {
  const FileIdentity now = TRY(file_identity());
  return now.inode == remembered_.inode &&
         (now.size != remembered_.size || now.mtime_ns != remembered_.mtime_ns);
}

Result<wal::IndexHeader> Session::header() {
  auto torn_since = steady_clock::now();
  for (int attempt = 0;; ++attempt) {
    if (const auto header = wal::read_index_header(index_)) {
      if constexpr (mistake::kChecksumOnly) {
        TRY(wake());  // at rest the log is closed
        return mistake::committed_by_checksum(*header, log_);
      }
      return *header;
    }
    ++torn_headers_;
    if (attempt < 50) continue;
    std::this_thread::sleep_for(microseconds(200));
    if (steady_clock::now() - torn_since < kDeadWriter) continue;
    TRY(wake());
    TRY(writer_.touch());  // SQLite recovers the index under its own locks
    torn_since = steady_clock::now();
  }
}

bool Session::foreign_lock(int first, int count, pid_t* pid) const {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kFirstLockByte + first;
  lock.l_len = count;
  if (fcntl(index_locks_.fd(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return false;
  if (pid != nullptr) *pid = lock.l_pid;
  return true;
}

bool Session::foreign_holder(IndexLock lock, pid_t* pid) const {
  return foreign_lock(static_cast<int>(lock), 1, pid);
}
bool Session::foreign_readers() const {
  return foreign_lock(static_cast<int>(IndexLock::kRead0) + 1, kReadSlots - 1, nullptr);
}

bool Session::open_elsewhere() const {
  return foreign_lock(kInUse, 1, nullptr);
}

bool Session::foreign_reader_before(std::uint32_t frame) const {
  constexpr int kSlot0 = static_cast<int>(IndexLock::kRead0);
  if (foreign_lock(kSlot0, 1, nullptr)) return true;
  if (!foreign_readers()) return false;
  for (int slot = 1; slot < kReadSlots; ++slot)
    if (read_mark(slot) < frame && foreign_lock(kSlot0 + slot, 1, nullptr)) return true;
  return false;
}

}  // namespace streamd::sqlite
