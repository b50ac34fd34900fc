// Drives an application in a process of its own (main.cpp lists what it can be told).
#pragma once
#include <sys/types.h>

#include <string>

class Application {
 public:
  struct Reply {
    int code = 0;   // SQLite's
    double ms = 0;  // how long it took
    std::string text;
  };

  explicit Application(const std::string& database);
  ~Application() { kill(); }
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  Reply run(const std::string& command);  // throws when the process died
  // The two halves of run(), for what takes long or stops on its way.
  void start(const std::string& command);
  Reply finish();
  bool finished(int within_ms);  // is there an answer to read?
  void reached();                // waits until it says that it stands at its point
  void go_on() { start("go"); }  // from there

  std::string sql(const std::string& statements);  // throws unless SQLite says OK
  void kill();                                     // SIGKILL; nothing when it has ended
  bool wait_for_death();                           // true when a signal ended it
  pid_t pid() const { return pid_; }

 private:
  std::string read_line();
  pid_t pid_ = -1;
  int input_ = -1, output_ = -1;
  std::string unread_;
};
