// application DATABASE: an application of that database, told on standard input what to do, one
// command a line. Each is answered by one line: SQLite's result code, milliseconds, and text.
//
//   timeout MS          busy_timeout
//   sql STATEMENTS      the text is the first column of the last row
//   checkpoint MODE     PASSIVE, FULL, RESTART or TRUNCATE; the text is `frames-in-log backfilled`
//   write GAP_US        commits until the next line comes; the text is `commits busy others`, the
//                       milliseconds are the longest commit's. Busy counts the times that it was
//                       refused; refusals in a row, of one attempt after the other, are one time
//   count GAP_US        the same; each commit adds 1 to user_version. For a writer that is alone
//   read GAP_US         the same with reading
//   visit GAP_US        the same with a new connection for each read, closed after it
//   wait POINT          at the next passage of the point, prints `reached` and waits for a line
//   die POINT           is killed there
//   peek OFFSET         the 4 bytes there in the index
//   poke OFFSET VALUE   stores 4 bytes in the index, as a kill at the wrong moment can leave them
//   close, open         the connection
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "points.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Reply {
  int code = SQLITE_OK;
  std::string text;
  double ms = -1;  // -1: how long the command took
};

double milliseconds_since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

// Lines of standard input; tells without waiting whether there is one.
class Orders {
 public:
  bool waiting() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return !unread_.empty() || poll(&input, 1, 0) > 0;
  }
  bool next(std::string& line) {
    std::size_t end = 0;
    while ((end = unread_.find('\n')) == std::string::npos) {
      char bytes[4096];
      const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
      if (got <= 0) return false;
      unread_.append(bytes, static_cast<std::size_t>(got));
    }
    line = unread_.substr(0, end);
    unread_.erase(0, end + 1);
    return true;
  }

 private:
  std::string unread_;
};
Orders orders;

class Application {
 public:
  explicit Application(std::string path) : path_(std::move(path)) { open(); }
  Reply run(const std::string& command, const std::string& rest);

 private:
  Reply open();
  Reply sql(const std::string& statements);
  Reply checkpoint(const std::string& mode);
  Reply repeat(int gap_us, const std::function<std::string()>& statement);
  std::string counted();
  Reply visit(int gap_us);
  Reply peek(const std::string& where);
  Reply poke(const std::string& where_and_what);
  const std::string path_;
  sqlite3* db_ = nullptr;
};

Reply Application::open() {
  return {sqlite3_open(path_.c_str(), &db_), ""};
}

Reply Application::sql(const std::string& statements) {
  std::string last;
  const auto keep = [](void* to, int count, char** values, char**) {
    if (count > 0) *static_cast<std::string*>(to) = values[0] != nullptr ? values[0] : "";
    return 0;
  };
  char* error = nullptr;
  const int code = sqlite3_exec(db_, statements.c_str(), keep, &last, &error);
  if (error != nullptr) last = error;
  sqlite3_free(error);
  return {code, last};
}

Reply Application::checkpoint(const std::string& mode) {
  static const std::map<std::string, int> kModes = {{"PASSIVE", SQLITE_CHECKPOINT_PASSIVE},
                                                    {"FULL", SQLITE_CHECKPOINT_FULL},
                                                    {"RESTART", SQLITE_CHECKPOINT_RESTART},
                                                    {"TRUNCATE", SQLITE_CHECKPOINT_TRUNCATE}};
  int in_log = 0, backfilled = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, kModes.at(mode), &in_log, &backfilled);
  return {code, std::to_string(in_log) + " " + std::to_string(backfilled)};
}

Reply Application::repeat(int gap_us, const std::function<std::string()>& statement) {
  int done = 0, busy = 0, others = 0;
  bool was_busy = false;
  double longest = 0;
  std::string failure;
  auto due = Clock::now();
  while (!orders.waiting()) {
    due = std::max(due + std::chrono::microseconds(gap_us), Clock::now());
    std::this_thread::sleep_until(due);
    const std::string next = statement();
    const auto began = Clock::now();
    const Reply ran = sql(next);
    longest = std::max(longest, milliseconds_since(began));
    if (ran.code != SQLITE_OK && ran.code != SQLITE_BUSY) failure = " " + ran.text;
    const bool is_busy = ran.code == SQLITE_BUSY;
    if (is_busy && !was_busy) {
      ++busy;
      failure = " refused with " + std::to_string(sqlite3_extended_errcode(db_));
    }
    if (!is_busy) ++(ran.code == SQLITE_OK ? done : others);
    was_busy = is_busy;
  }
  std::string line;
  orders.next(line);
  std::ostringstream text;
  text << done << ' ' << busy << ' ' << others << failure;
  return {SQLITE_OK, text.str(), longest};
}

// The next transaction of somebody who writes alone: user_version counts them.
std::string Application::counted() {
  const std::string next = std::to_string(std::stoi(sql("PRAGMA user_version").text) + 1);
  return "BEGIN IMMEDIATE; INSERT INTO t(b) VALUES(randomblob(100)); PRAGMA user_version=" + next +
         "; COMMIT";
}

Reply Application::visit(int gap_us) {
  sqlite3* const stays = std::exchange(db_, nullptr);
  const Reply reply = repeat(gap_us, [this] {
    sqlite3_close(std::exchange(db_, nullptr));
    open();
    return std::string("SELECT max(id) FROM t");
  });
  sqlite3_close(std::exchange(db_, stays));
  return reply;
}

// A process of its own may open and close -shm: it loses its own locks only, and holds none here.
class Index {
 public:
  explicit Index(const std::string& database) : fd_(::open((database + "-shm").c_str(), O_RDWR)) {
    void* mapped = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (mapped != MAP_FAILED) words_ = static_cast<std::uint32_t*>(mapped);
  }
  ~Index() {
    if (words_ != nullptr) munmap(words_, kBytes);
    ::close(fd_);
  }
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;
  std::uint32_t* at(std::size_t offset) const {
    return words_ == nullptr ? nullptr : words_ + offset / sizeof(std::uint32_t);
  }

 private:
  static constexpr std::size_t kBytes = 32768;
  int fd_;
  std::uint32_t* words_ = nullptr;
};

Reply Application::peek(const std::string& where) {
  const Index index(path_);
  const std::uint32_t* word = index.at(std::stoul(where));
  if (word == nullptr) return {SQLITE_CANTOPEN, "no index"};
  return {SQLITE_OK, std::to_string(*word)};
}

Reply Application::poke(const std::string& where_and_what) {
  std::istringstream words(where_and_what);
  std::size_t offset = 0;
  std::uint32_t value = 0;
  words >> offset >> value;
  const Index index(path_);
  if (index.at(offset) == nullptr) return {SQLITE_CANTOPEN, "no index"};
  *index.at(offset) = value;
  return {};
}

points::Point point_named(const std::string& name) {
  static const std::map<std::string, points::Point> kPoints = {
      {"checkpoint-begun", points::Point::kCheckpointBegun},
      {"commit-frame", points::Point::kCommitFrame},
      {"torn-header", points::Point::kTornHeader}};
  return kPoints.at(name);
}

void wait_for_a_line() {
  std::cout << "reached" << std::endl;
  std::string line;
  orders.next(line);
}

Reply Application::run(const std::string& command, const std::string& rest) {
  if (command == "sql") return sql(rest);
  if (command == "checkpoint") return checkpoint(rest);
  const auto always = [](const char* statement) { return [=] { return std::string(statement); }; };
  if (command == "write")
    return repeat(std::stoi(rest), always("INSERT INTO t(b) VALUES(randomblob(100))"));
  if (command == "read") return repeat(std::stoi(rest), always("SELECT max(id) FROM t"));
  if (command == "visit") return visit(std::stoi(rest));
  if (command == "count") return repeat(std::stoi(rest), [this] { return counted(); });
  if (command == "timeout") return {sqlite3_busy_timeout(db_, std::stoi(rest)), ""};
  if (command == "peek") return peek(rest);
  if (command == "poke") return poke(rest);
  if (command == "open") return open();
  if (command == "close") return {sqlite3_close(std::exchange(db_, nullptr)), ""};
  if (command == "wait")
    points::arm(point_named(rest), wait_for_a_line);
  else if (command == "die")
    points::arm(point_named(rest), [] { kill(getpid(), SIGKILL); });
  else
    return {SQLITE_MISUSE, "unknown command " + command};
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  points::install();
  Application application(argv[1]);
  for (std::string line; orders.next(line);) {
    const std::size_t blank = line.find(' ');
    const auto began = Clock::now();
    const Reply reply = application.run(line.substr(0, blank),
                                        blank == std::string::npos ? "" : line.substr(blank + 1));
    std::cout << reply.code << ' ' << (reply.ms < 0 ? milliseconds_since(began) : reply.ms) << ' '
              << reply.text << std::endl;
  }
  _exit(0);  // an application that leaves without closing
}
