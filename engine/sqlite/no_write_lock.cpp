#include "sqlite/no_write_lock.h"

#include <sqlite3.h>

#include "sqlite/connection.h"

namespace streamd::sqlite {
namespace {

const sqlite3_io_methods* below = nullptr;

int lock_but_never_to_write(sqlite3_file* file, int first, int count, int flags) {
  constexpr int kWrite = static_cast<int>(IndexLock::kWrite);
  constexpr int kWanted = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
  if (first == kWrite && (flags & kWanted) == kWanted) return SQLITE_BUSY;
  return below->xShmLock(file, first, count, flags);
}

sqlite3_io_methods guarded(const sqlite3_io_methods* methods) {
  below = methods;
  sqlite3_io_methods copy = *methods;
  copy.xShmLock = lock_but_never_to_write;
  return copy;
}

}  // namespace

// One VFS, the system's, opens all files here, so its methods are the same for all of them.
const sqlite3_io_methods* without_write_lock(const sqlite3_io_methods* methods) {
  static const sqlite3_io_methods kGuarded = guarded(methods);
  return methods == below ? &kGuarded : methods;
}

}  // namespace streamd::sqlite
