#include "rows.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

constexpr std::uint32_t kAccounts = 20'000;
constexpr int kWords = 18;

// Invented words, the same in every run.
const std::array<std::string, 2048>& vocabulary() {
  static const auto words = [] {
    std::array<std::string, 2048> made;
    stress::Random random(7);
    static const char* const syllables[] = {"an", "ber", "co", "dal", "er", "fin", "gra", "hol",
                                            "in", "ka",  "lo", "men", "no", "or",  "pas", "qui",
                                            "ra", "sto", "ti", "un",  "va", "wes", "yo",  "ze"};
    for (auto& word : made)
      for (std::uint32_t left = 1 + random.below(4); left > 0; --left)
        word += syllables[random.below(24)];
    return made;
  }();
  return words;
}

[[noreturn]] void give_up(stress::Connection& connection, const char* what) {
  std::fprintf(stderr, "bench_writer: %s: %s\n", what, sqlite3_errmsg(connection.raw()));
  std::exit(1);
}

}  // namespace

std::string Text::body() {
  std::string made = "{\"id\":\"";
  for (int digit = 0; digit < 16; ++digit) made += "0123456789abcdef"[random_.below(16)];
  made += "\",\"text\":\"";
  // The smaller of two choices: some words are used more than others, as in any language.
  for (int word = 0; word < kWords; ++word)
    made += vocabulary()[std::min(random_.below(2048), random_.below(2048))] + ' ';
  return made + "\"}";
}

Statement::Statement(stress::Connection& connection, const char* sql) : connection_(connection) {
  if (sqlite3_prepare_v3(connection.raw(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr) !=
      SQLITE_OK)
    give_up(connection, sql);
}

Statement& Statement::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(handle_, at, value);
  return *this;
}

Statement& Statement::bind(int at, const std::string& value) {
  sqlite3_bind_text(handle_, at, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

bool Statement::run() {
  sqlite3_step(handle_);
  const int code = sqlite3_reset(handle_);
  if (code == SQLITE_OK) return true;
  if ((code & 0xff) != SQLITE_BUSY) give_up(connection_, sqlite3_sql(handle_));
  return false;
}

std::int64_t Statement::number() {
  const std::int64_t value =
      sqlite3_step(handle_) == SQLITE_ROW ? sqlite3_column_int64(handle_, 0) : 0;
  sqlite3_reset(handle_);
  return value;
}

bool create_tables(stress::Connection& connection) {
  return connection.execute("PRAGMA journal_mode=WAL") &&
         connection.execute(
             "CREATE TABLE IF NOT EXISTS event(id INTEGER PRIMARY KEY, account INTEGER, body TEXT);"
             "CREATE INDEX IF NOT EXISTS event_by_account ON event(account);"
             "CREATE TABLE IF NOT EXISTS progress(id INTEGER PRIMARY KEY, n INTEGER);"
             "INSERT OR IGNORE INTO progress VALUES(1, 0)");
}

EventLog::EventLog(stress::Connection& connection, stress::Random& random)
    : random_(random),
      text_(random),
      begin_(connection, "BEGIN IMMEDIATE"),
      commit_(connection, "COMMIT"),
      roll_back_(connection, "ROLLBACK"),
      insert_(connection, "INSERT INTO event(account, body) VALUES(?, ?)"),
      update_(connection, "UPDATE event SET body = ? WHERE id = ?"),
      count_(connection, "UPDATE progress SET n = ? WHERE id = 1"),
      read_(connection, "SELECT n FROM progress WHERE id = 1"),
      newest_(connection, "SELECT max(id) FROM event") {}

std::int64_t EventLog::transactions() {
  return read_.number();
}

bool EventLog::commit_or_roll_back(bool fine) {
  if (fine && commit_.run()) return true;
  roll_back_.run();
  return false;
}

bool EventLog::append(std::int64_t n, int rows) {
  if (!begin_.run()) return false;
  bool fine = true;
  for (int row = 0; row < rows && fine; ++row)
    fine = insert_.bind(1, random_.below(kAccounts)).bind(2, text_.body()).run();
  return commit_or_roll_back(fine && count_.bind(1, n).run());
}

bool EventLog::change(int rows) {
  if (!begin_.run()) return false;
  const std::int64_t step = std::max<std::int64_t>(1, newest_.number() / rows);
  bool fine = true;
  for (int row = 0; row < rows && fine; ++row)
    fine = update_.bind(1, text_.body()).bind(2, 1 + row * step).run();
  return commit_or_roll_back(fine && count_.bind(1, transactions() + 1).run());
}

}  // namespace bench
