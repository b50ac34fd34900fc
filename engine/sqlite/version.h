// Which SQLite this process has, and what is known of it.
#pragma once
#include <string>

namespace streamd::sqlite {

std::string library_version();  // "3.40.1"

// The WAL-reset bug (https://www.sqlite.org/wal.html#walresetbug): a checkpoint that runs beside a
// restart of the log may lose committed transactions. In 3.7.0 to 3.51.2; mended in 3.51.3, 3.53.0,
// 3.50.7 and 3.44.6. `number` as SQLITE_VERSION_NUMBER: 3040001 is 3.40.1. Pure.
bool has_wal_reset_bug(int number);
bool library_has_wal_reset_bug();

}  // namespace streamd::sqlite
