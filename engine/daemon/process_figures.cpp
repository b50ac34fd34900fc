#include "daemon/process_figures.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"

namespace streamd::daemon {
namespace {

constexpr std::uint64_t kLargest = 64 * kKiB;
// Of /proc/self/stat, counted after the name of the program, which may hold blanks (proc(5)).
constexpr std::size_t kThreads = 17, kStartTime = 19, kVirtualSize = 20, kResident = 21;

// Files of /proc have no size of their own.
std::vector<std::uint64_t> stat_fields() {
  const auto file = File::open_read("/proc/self/stat");
  if (!file) return {};
  Bytes buffer(kLargest);
  const auto size = file->read_some_at(0, buffer);
  if (!size) return {};
  const std::string text(as_text(ByteView(buffer.data(), *size)));
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream words(text.substr(name_end + 1));
  std::vector<std::uint64_t> fields;
  for (std::string word; words >> word;) fields.push_back(std::strtoull(word.c_str(), nullptr, 10));
  return fields;
}

double in_seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double now_by(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return in_seconds(time);
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  figures.cpu_seconds = now_by(CLOCK_PROCESS_CPUTIME_ID);
  const auto fields = stat_fields();
  if (fields.size() > kResident) {
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    figures.threads = fields[kThreads];
    figures.virtual_bytes = fields[kVirtualSize];
    figures.resident_bytes = fields[kResident] * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    figures.start_time = now_by(CLOCK_REALTIME) - now_by(CLOCK_BOOTTIME) +
                         static_cast<double>(fields[kStartTime]) / ticks;
  }
  if (const auto files = list_folder("/proc/self/fd")) figures.open_files = files->size();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_open_files = limit.rlim_cur;
  return figures;
}

}  // namespace streamd::daemon
