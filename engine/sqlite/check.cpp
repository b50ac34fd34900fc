#include "sqlite/check.h"

#include <sqlite3.h>

#include <memory>

namespace streamd::sqlite {
namespace {

constexpr int kStepsBetweenLooks = 10'000;  // of SQLite's virtual machine, at the cancel flag

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

// The path as a URI: what has a meaning there is escaped.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      static constexpr char kDigits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      uri += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

Error failed(const std::string& path, Code code, const std::string& why) {
  return make_error(code, "check " + path + ": " + why);
}

Error failed(const std::string& path, sqlite3* db, int result) {
  const int kind = result & 0xff;
  if (kind == SQLITE_INTERRUPT) return failed(path, Code::kCancelled, "cancelled");
  const bool damage = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
  return failed(path, damage ? Code::kCorrupt : Code::kIo, sqlite3_errmsg(db));
}

int look_at_flag(void* cancel) {
  return static_cast<const Cancel*>(cancel)->cancelled() ? 1 : 0;
}

}  // namespace

const char* to_text(Check check) {
  switch (check) {
    case Check::kNone:
      return "none";
    case Check::kQuick:
      return "quick";
    case Check::kFull:
      return "full";
  }
  return "none";
}

bool parse_check(const std::string& text, Check& out) {
  for (const Check check : {Check::kNone, Check::kQuick, Check::kFull}) {
    if (text != to_text(check)) continue;
    out = check;
    return true;
  }
  return false;
}

Status check_file(const std::string& path, Check check, const Cancel* cancel) {
  if (check == Check::kNone) return {};
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(immutable_uri(path).c_str(), &raw,
                                     SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  const Database db(raw, &sqlite3_close);
  if (opened != SQLITE_OK) return failed(path, raw, opened);
  if (cancel != nullptr)
    sqlite3_progress_handler(raw, kStepsBetweenLooks, look_at_flag, const_cast<Cancel*>(cancel));
  sqlite3_stmt* prepared = nullptr;
  const char* sql = check == Check::kFull ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)";
  const int compiled = sqlite3_prepare_v2(raw, sql, -1, &prepared, nullptr);
  const Statement statement(prepared, &sqlite3_finalize);
  if (compiled != SQLITE_OK) return failed(path, raw, compiled);
  const int stepped = sqlite3_step(prepared);
  if (stepped != SQLITE_ROW) return failed(path, raw, stepped);
  const std::string found = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
  if (found == "ok") return {};
  return failed(path, Code::kCorrupt, found);
}

}  // namespace streamd::sqlite
