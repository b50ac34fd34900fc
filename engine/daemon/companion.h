// A tiny process beside the daemon that kills it when it no longer says that it lives. Nothing
// inside a process may take its SQLite locks away while one of its threads stands still between two
// of them, and a stopped process can do nothing at all; with its end all locks are gone, and
// nothing is lost.
#pragma once
#include <sys/types.h>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::daemon {

class Companion {
 public:
  // Before other threads begin and before anything is opened whose locks it could inherit. It kills
  // this process when it has heard nothing for `limit` (whole seconds, at least one, counted while
  // it runs itself: a suspended machine is no stuck daemon).
  static Result<Companion> start(milliseconds limit);
  Companion() = default;
  Companion(Companion&& other) noexcept;
  Companion& operator=(Companion&& other) noexcept;
  ~Companion();  // it ends, too

  bool running() const { return socket_ >= 0; }
  milliseconds limit() const { return limit_; }
  // False when it is gone: nobody watches any more. One thread at a time.
  bool tell_alive();

 private:
  Companion(int socket, pid_t pid, milliseconds limit)
      : socket_(socket), pid_(pid), limit_(limit) {}
  void end();
  int socket_ = -1;
  pid_t pid_ = -1;
  milliseconds limit_{0};
};

}  // namespace streamd::daemon
