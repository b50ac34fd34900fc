#include "sqlite/journal_mode.h"

#include <cstring>

#include "base/log.h"
#include "sqlite/connection.h"

namespace streamd::sqlite {
namespace {

constexpr char kMagic[] = "SQLite format 3";  // and the zero behind it
constexpr std::size_t kWriteVersion = 18, kReadVersion = 19;
constexpr std::uint8_t kWalVersion = 2;

Error not_wal(const std::string& path, const char* why, const char* hint) {
  return make_error(Code::kNotWal, "attach " + path + ": " + why, hint);
}

}  // namespace

Result<JournalMode> journal_mode(Connection& connection, const std::string& path) {
  if (TRY(connection.database_size()) == 0) return JournalMode::kNone;
  std::uint8_t header[20] = {};
  TRY(connection.read_database(0, header));
  if (std::memcmp(header, kMagic, sizeof kMagic) != 0)
    return make_error(Code::kInvalidConfig,
                      "attach " + path + ": it is no SQLite database, or an encrypted one",
                      "is the path right?");
  const bool wal = header[kWriteVersion] == kWalVersion && header[kReadVersion] == kWalVersion;
  return wal ? JournalMode::kWal : JournalMode::kOther;
}

Status require_wal_mode(Connection& connection, const std::string& path, bool convert) {
  const JournalMode mode = TRY(journal_mode(connection, path));
  if (mode == JournalMode::kWal) return {};
  if (mode == JournalMode::kNone)
    return not_wal(path, "the database is empty, and so not in WAL mode yet",
                   "it is followed once the application has made it");
  if (!convert)
    return not_wal(path, "the database is not in WAL mode",
                   "run `PRAGMA journal_mode=WAL` on it once, or set set-wal = true");
  TRY(connection.switch_to_wal());
  log_info("put into WAL mode, as set-wal asks", {{"database", path}});
  return {};
}

}  // namespace streamd::sqlite
