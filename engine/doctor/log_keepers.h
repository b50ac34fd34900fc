// Names the process that keeps a database's log from being handed back.
#pragma once
#include <functional>
#include <string>

#include "doctor/finding.h"
#include "sqlite/log_use.h"

namespace streamd::doctor {

// "1234 (python3)"; "of another container" when the kernel does not tell.
std::string process_name(pid_t pid);

// Pure but for the names, which `name_of` gives. Below `fine_bytes` nobody is accused.
void judge_log(const std::string& subject, const sqlite::LogUse& use, std::uint64_t fine_bytes,
               const std::function<std::string(pid_t)>& name_of, Findings& findings);

}  // namespace streamd::doctor
