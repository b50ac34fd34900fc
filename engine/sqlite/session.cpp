#include "sqlite/session.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "sqlite/ownership.h"

namespace streamd::sqlite {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr int kFirstLockByte = 120;
constexpr int kReadSlots = 5;
constexpr auto kDeadWriter =
    std::chrono::milliseconds(20);  // a header torn for longer has lost its writer

// Bytes 18 and 19 of the database header: 2 = write-ahead log.
Status require_wal_mode(Connection& connection, const std::string& path) {
  std::uint8_t header[20] = {};
  TRY(connection.read_database(0, header));
  if (header[18] == 2 && header[19] == 2) return {};
  return make_error(Code::kNotWal, "attach " + path + ": the database is not in WAL mode",
                    "run `PRAGMA journal_mode=WAL` on it once, or set set-wal = true");
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::string& path) {
  TRY(check_ownership_before_open(path));
  auto session = std::make_unique<Session>();
  session->path_ = path;
  Status opened = session->open_files();
  if (!opened) return std::move(opened.error());
  return session;
}

Status Session::open_files() {
  TRY(lock_holder_.open(path_));
  TRY(lock_holder_.touch());
  TRY(require_wal_mode(lock_holder_, path_));
  for (Connection* connection : {&readers_[0], &readers_[1], &writer_, &checkpointer_}) {
    TRY(connection->open(path_));
    TRY(connection->touch());
  }
  index_ = TRY(lock_holder_.map_index());
  log_ = TRY(File::open_read(path_ + "-wal"));
  index_locks_ = TRY(File::open_read(path_ + "-shm"));
  const auto database = TRY(stat_path(path_));
  if (!database) return make_error(Code::kNotFound, "attach " + path_ + ": the database went away");
  inodes_ = {database->st_ino, TRY(log_.status()).st_ino, TRY(index_locks_.status()).st_ino};
  return {};
}

void Session::close() {
  for (Connection& reader : readers_) reader.close();
  writer_.close();
  checkpointer_.close();
  lock_holder_.close();
  index_locks_.close();  // after every connection: closing it drops this process's locks on -shm
  log_.close();
  index_ = nullptr;
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

Result<wal::IndexHeader> Session::header() {
  auto torn_since = steady_clock::now();
  for (int attempt = 0;; ++attempt) {
    if (const auto header = wal::read_index_header(index_)) return *header;
    ++torn_headers_;
    if (attempt < 50) continue;
    std::this_thread::sleep_for(microseconds(200));
    if (steady_clock::now() - torn_since < kDeadWriter) continue;
    TRY(checkpointer_.touch());  // SQLite recovers the index under its own locks
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

bool Session::foreign_reader_before(std::uint32_t frame) const {
  constexpr int kSlot0 = static_cast<int>(IndexLock::kRead0);
  if (foreign_lock(kSlot0, 1, nullptr)) return true;
  if (!foreign_readers()) return false;
  for (int slot = 1; slot < kReadSlots; ++slot)
    if (read_mark(slot) < frame && foreign_lock(kSlot0 + slot, 1, nullptr)) return true;
  return false;
}

}  // namespace streamd::sqlite
