// The application of one database, and the truth about it: what SQLite showed after each commit.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "random.h"
#include "scheduler.h"

namespace simulation {

struct Commit {
  std::uint64_t image = 0;   // hash of the whole database
  streamd::Micros wall = 0;  // just before it
  Nanos time = 0;            // just after it
};

class Application {
 public:
  // A new database, or what lies at the path.
  Application(std::string path, std::uint64_t seed);
  ~Application() { close(); }
  const std::string& path() const { return path_; }
  const std::vector<Commit>& commits() const { return commits_; }  // in order; index 0 is the first
  // The first commit from `not_before` on that left the database like this; -1 = none did.
  std::int64_t commit_with(std::uint64_t image, std::size_t not_before) const;
  bool is_open() const { return writer_ != nullptr; }

  void open();
  void close();
  void write();       // one commit of a random shape, or a roll back
  void begin_read();  // a reader that stays
  void end_read();
  void checkpoint();  // in a random mode
  void vacuum();
  // While nobody has the database open: keeps a copy of the file, puts it back in its place.
  void remember_file();
  void bring_back_file();

 private:
  void begin();
  bool run(const std::string& sql);  // false: busy
  void record();
  void change();
  std::int64_t ask(const std::string& sql);

  const std::string path_;
  Random random_;
  sqlite3* writer_ = nullptr;
  sqlite3* reader_ = nullptr;
  bool remembered_ = false;
  streamd::Micros wall_ = 0;
  std::vector<Commit> commits_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> by_image_;
};

std::uint64_t image_hash(streamd::ByteView image);

}  // namespace simulation
