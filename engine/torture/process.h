// A child process that may be killed.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::torture {

// One thread. Killed and waited for at the end.
class Process {
 public:
  Process() = default;
  ~Process() { end(); }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Its output goes to the end of `log`. Nothing else may run in this object.
  Status start(const std::vector<std::string>& command, const std::string& log);
  bool runs();
  void send(int signal) const;
  // Waits for its end, and kills it after `patience`. Its exit code, 128 + n after signal n.
  int wait(milliseconds patience);
  void end();  // kills what runs

 private:
  pid_t pid_ = -1;
  int status_ = 0;
};

}  // namespace streamd::torture
