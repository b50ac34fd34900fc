// A reader of SQLite takes the write lock for some microseconds when it meets a wal-index header
// that a writer is just storing, to repair it. An application with a busy_timeout of 0 would be
// refused then, because of us.
#pragma once

struct sqlite3_io_methods;

namespace streamd::sqlite {

// The same methods, but the write lock of the wal-index is always refused: SQLite then looks at the
// header again, as it does when a writer holds the lock. They live as long as the process.
const sqlite3_io_methods* without_write_lock(const sqlite3_io_methods* methods);

}  // namespace streamd::sqlite
