// stress_oracle: the independent truth about a database's commits.
//
//   stress_oracle live DATABASE OUT --seconds S --gap-ms G   appends the lines of commits as they
//   come stress_oracle once DATABASE OUT                          the same for the commit of this
//   moment stress_oracle file IMAGE                                 prints the line of a database
//   file nobody has open
//
// It reads whole images through SQLite's own pager (sqlite3_serialize) in plain read transactions,
// so no writer waits for it, and shares no code with the engine.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>

#include "connection.h"
#include "image_hash.h"
#include "session.h"

namespace {

using namespace stress;

constexpr std::size_t kHeaderSize = 100;

std::string describe(const std::uint8_t* image, std::size_t size) {
  ImageHash hash;
  hash.update(image, size);
  return commit_line(0, image_user_version(image), size / image_page_size(image), hash.hex());
}

// The line of the commit that a new read transaction sees; empty when there was none to see.
std::string observe(Connection& connection) {
  Connection::Transaction snapshot(connection, "BEGIN");
  if (!snapshot.open() || !connection.integer("PRAGMA schema_version")) return {};
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> image(
      sqlite3_serialize(connection.raw(), "main", &size, 0), &sqlite3_free);
  if (!image || size < static_cast<sqlite3_int64>(kHeaderSize)) return {};
  return describe(image.get(), static_cast<std::size_t>(size));
}

bool append(const std::string& out, const std::string& line) {
  std::ofstream file(out, std::ios::app);
  file << line << '\n';
  return static_cast<bool>(file.flush());
}

int observe_once(const std::string& database, const std::string& out) {
  Connection connection = Connection::existing(database);
  if (!connection.ok()) return 1;
  connection.busy_timeout(5000);
  const std::string line = observe(connection);
  return !line.empty() && append(out, line) ? 0 : 1;
}

// Reconnects now and then, as applications do.
int observe_live(const Options& options, const std::string& out, int gap_ms) {
  Session session(options);
  while (!session.over()) {
    Connection connection = Connection::existing(options.database);
    if (connection.ok()) {
      connection.busy_timeout(5000);
      sqlite3_wal_autocheckpoint(connection.raw(), 0);
    }
    for (int rounds = 0; rounds < 5 && !session.over(); ++rounds) {
      const std::string line = connection.ok() ? observe(connection) : std::string();
      if (!line.empty() && !append(out, line)) return 1;
      std::this_thread::sleep_for(std::chrono::milliseconds(gap_ms));
    }
  }
  return 0;
}

int describe_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string image((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file || image.size() < kHeaderSize) {
    std::cerr << path << ": not a database that can be read\n";
    return 1;
  }
  std::cout << describe(reinterpret_cast<const std::uint8_t*>(image.data()), image.size()) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string out;
  int gap_ms = 150;
  CLI::App app("the independent truth about a database's commits");
  app.require_subcommand(1);
  CLI::App* live = app.add_subcommand("live", "appends the lines of commits as they come");
  CLI::App* once = app.add_subcommand("once", "appends the line of the commit of this moment");
  CLI::App* file = app.add_subcommand("file", "prints the line of a database file nobody has open");
  for (CLI::App* mode : {live, once, file})
    mode->add_option("database", options.database)->required();
  for (CLI::App* mode : {live, once}) mode->add_option("out", out)->required();
  live->add_option("--seconds", options.seconds, "how long");
  live->add_option("--gap-ms", gap_ms, "milliseconds between two looks");
  CLI11_PARSE(app, argc, argv);
  watch_for_stop();
  if (*live) return observe_live(options, out, gap_ms);
  return *once ? observe_once(options.database, out) : describe_file(options.database);
}
