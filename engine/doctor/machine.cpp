#include "doctor/machine.h"

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/timex.h>

#include <charconv>
#include <optional>

#include "base/file.h"
#include "sqlite/version.h"

namespace streamd::doctor {
namespace {

constexpr const char* kSubject = "this machine";
constexpr const char* kWatches = "/proc/sys/fs/inotify/max_user_watches";

std::optional<std::uint64_t> kernel_number(const std::string& path) {
  char text[32] = {};
  const auto file = File::open_read(path);
  if (!file) return std::nullopt;
  const auto got =
      file->read_some_at(0, MutableBytes(reinterpret_cast<std::uint8_t*>(text), sizeof text));
  std::uint64_t number = 0;
  if (!got || std::from_chars(text, text + *got, number).ec != std::errc()) return std::nullopt;
  return number;
}

// systemd raises it for the daemon itself (LimitNOFILE), so that ours says little.
void check_open_files(std::uint64_t needed, Findings& findings) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max >= needed) return;
  findings.note(kSubject,
                fmt::format("the limit of open files here is {}, and streamd needs {}",
                            limit.rlim_max, needed),
                "harmless when streamd's unit has a higher LimitNOFILE");
}

void check_clock(Findings& findings) {
  timex state{};
  const int outcome = adjtimex(&state);  // asks, and changes nothing
  if (outcome == TIME_ERROR || (outcome >= 0 && (state.status & STA_UNSYNC) != 0))
    findings.note(kSubject, "the kernel does not know of anything that keeps its clock right",
                  "run systemd-timesyncd or chrony: restores by time and retention are as right as "
                  "this clock");
  else
    findings.ok(kSubject, "its clock is kept right");
}

void check_sqlite(Findings& findings) {
  const std::string version = "SQLite " + sqlite::library_version();
  if (!sqlite::library_has_wal_reset_bug()) {
    findings.ok(kSubject, version);
    return;
  }
  findings.note(kSubject, version + " has the WAL-reset bug (mended in 3.51.3)",
                "while streamd follows a database the bug cannot strike; applications that link "
                "such a version are better off with a newer one");
}

}  // namespace

void judge_watches(std::uint64_t databases, std::uint64_t limit, Findings& findings) {
  const std::uint64_t needed = 2 * databases + 16;
  if (limit >= needed)
    findings.ok(kSubject, fmt::format("{} files can be watched", limit));
  else
    findings.warning(
        kSubject, fmt::format("{} files can be watched, and {} are needed", limit, needed),
        fmt::format("sysctl fs.inotify.max_user_watches={}: databases without a watch are only "
                    "looked at now and then",
                    8 * needed));
}

void check_machine(std::uint64_t databases, std::uint64_t files_needed, Findings& findings) {
  if (const auto limit = kernel_number(kWatches)) judge_watches(databases, *limit, findings);
  check_open_files(files_needed, findings);
  check_clock(findings);
  check_sqlite(findings);
}

}  // namespace streamd::doctor
