#include "doctor/log_keepers.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/file.h"

namespace streamd::doctor {
namespace {

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(kMiB));
}

}  // namespace

std::string process_name(pid_t pid) {
  if (pid <= 0) return "a process of another container";
  char name[64] = {};
  const auto file = File::open_read("/proc/" + std::to_string(pid) + "/comm");
  const auto got = file ? file->read_some_at(0, MutableBytes(reinterpret_cast<std::uint8_t*>(name),
                                                             sizeof name - 1))
                        : Result<std::size_t>(Error(file.error()));
  std::string text = got ? std::string(name, *got) : "?";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return fmt::format("process {} ({})", pid, text);
}

void judge_log(const std::string& subject, const sqlite::LogUse& use, std::uint64_t fine_bytes,
               const std::function<std::string(pid_t)>& name_of, Findings& findings) {
  std::map<pid_t, std::uint32_t> oldest;  // by process: the lowest mark
  for (const sqlite::LogReader& reader : use.readers) {
    const auto [at, is_new] = oldest.emplace(reader.pid, reader.mark);
    if (!is_new) at->second = std::min(at->second, reader.mark);
  }
  std::erase_if(oldest, [&](const auto& reader) { return reader.second >= use.last_frame; });
  if (use.log_bytes <= fine_bytes || oldest.empty()) {
    findings.ok(subject, fmt::format("its log has {}, of which {} of {} frames are in the database",
                                     mebibytes(use.log_bytes), use.backfilled, use.last_frame));
    return;
  }
  for (const auto& [pid, mark] : oldest)
    findings.warning(
        subject,
        fmt::format("its log has grown to {}, and {} keeps it: it still reads the database as of "
                    "frame {} of {}",
                    mebibytes(use.log_bytes), name_of(pid), mark, use.last_frame),
        "end that read transaction (an unfinished SELECT, a BEGIN without an end), or the process; "
        "until then no checkpoint can begin the log anew");
}

}  // namespace streamd::doctor
