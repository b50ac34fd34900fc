// Which journal a database uses, by its file's header, and the change to the write-ahead log.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace streamd::sqlite {

class Connection;

enum class JournalMode : std::uint8_t {
  kWal,
  kOther,
  kNone,  // the file is empty: its application decides when it makes the first table
};
// kInvalidConfig when the file is no SQLite database.
Result<JournalMode> journal_mode(Connection& connection, const std::string& path);

// kNotWal unless the database is in WAL mode. With `convert` it is put into it first, if nobody has
// it locked (else kBusy); an empty one is left alone.
Status require_wal_mode(Connection& connection, const std::string& path, bool convert);

}  // namespace streamd::sqlite
