#include "daemon/open_files.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

namespace streamd::daemon {
namespace {

// A resting database takes 4 (docs/wal-capture.md), one that is written to 12 more (its log by
// several doors, ledger, spool), a replica that sends up to 3; the rest are clients, loops,
// standard streams. With more databases than that awake at once, some wait until others rest.
constexpr std::uint64_t kAtRest = 4, kAwake = 12, kSending = 3, kOthers = 48, kAwakeAtOnce = 256;

// What is open when all databases rest, and clients and replicas are at work.
std::uint64_t files_at_rest(const config::Config& config) {
  std::uint64_t replicas = 0;
  for (const config::Database& database : config.databases) replicas += database.replicas.size();
  return kOthers + kAtRest * config.databases.size() + kSending * std::min(replicas, kAwakeAtOnce);
}

}  // namespace

std::uint64_t needed_files(const config::Config& config) {
  return files_at_rest(config) +
         kAwake * std::min<std::uint64_t>(config.databases.size(), kAwakeAtOnce);
}

std::size_t awake_at_once(const config::Config& config) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kAwakeAtOnce;
  const std::uint64_t taken = files_at_rest(config);
  return std::max<std::uint64_t>(1, limit.rlim_cur > taken ? (limit.rlim_cur - taken) / kAwake : 0);
}

Status allow_open_files(const config::Config& config) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return errno_error(errno, "ask for the limit of files");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return errno_error(errno, "raise the limit of files");
  const std::uint64_t needed = needed_files(config);
  if (limit.rlim_max >= needed) return {};
  return make_error(
      Code::kInvalidConfig,
      "the limit of open files is " + std::to_string(limit.rlim_max) +
          ", but the configured databases need " + std::to_string(needed),
      "raise it: LimitNOFILE=" + std::to_string(std::max<std::uint64_t>(65536, needed)) +
          " in the unit, or ulimit -Hn");
}

}  // namespace streamd::daemon
