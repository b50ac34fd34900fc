// One configured database, looked at from outside.
#pragma once
#include <cstdint>
#include <string>

#include "doctor/finding.h"

namespace streamd::doctor {

struct DatabaseToCheck {
  std::string path;          // symbolic links resolved
  std::string state_folder;  // of its local state; need not exist
  bool restore_missing = false, set_wal = false;
  std::uint64_t log_soft_limit = 0;  // bytes
  std::uint64_t spool_limit = 0;     // bytes
};

// Is it there, may we use it, is it in WAL mode, who keeps its log, is there room on the disks, is
// its local state private? Opens it as a reader for a moment.
void check_database(const DatabaseToCheck& database, Findings& findings);

// What is left for the next days? Pure.
void judge_space(const std::string& subject, const std::string& what, std::uint64_t total,
                 std::uint64_t available, std::uint64_t needed, Findings& findings);

}  // namespace streamd::doctor
