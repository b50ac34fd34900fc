#include "fault.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>

namespace faults {
namespace {

int errno_named(const std::string& name) {
  static const std::map<std::string, int> known{
      {"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EMFILE", EMFILE},
      {"ENOMEM", ENOMEM}, {"EACCES", EACCES}, {"EROFS", EROFS},   {"ESTALE", ESTALE}};
  const auto found = known.find(name);
  return found == known.end() ? 0 : found->second;
}

struct Order {
  std::string call = setting("FAULTS_CALL"), file = setting("FAULTS_FILE"),
              error = setting("FAULTS_ERROR"), armed = setting("FAULTS_ARMED"),
              lifted = setting("FAULTS_LIFTED"), hits = setting("FAULTS_HITS"),
              trace = setting("FAULTS_TRACE");
  std::uint64_t nth = std::strtoull(setting("FAULTS_NTH").c_str(), nullptr, 10);
  bool sticky = setting("FAULTS_STICKY") == "1";
  // With SHORT and sticky: what the calls after the short one fail with.
  int number = errno_named(error.ends_with("SHORT") ? "ENOSPC" : error);
};

const Order& order() {
  static const Order given;
  return given;
}

Turn carry_out(Call call, const std::string& path, std::uint64_t count) {
  const Order& wanted = order();
  if (!wanted.hits.empty())
    append_line(wanted.hits, std::string(name_of(call)) + " " + wanted.error + " " + path);
  if (wanted.error == "KILL") {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
  }
  if (wanted.error == "SHORT" && count == wanted.nth) return {0, true, wanted.error};
  return {wanted.number, false, wanted.error};
}

}  // namespace

Turn turn_of(Call call, const std::string& path) {
  static std::atomic<std::uint64_t> counter{0};
  const Order& wanted = order();
  if (!is_watched(path)) return {};
  if (!wanted.armed.empty() && !exists(wanted.armed)) return {};
  if (!wanted.trace.empty()) append_line(wanted.trace, std::string(name_of(call)) + " " + path);
  if (wanted.nth == 0 || wanted.call != name_of(call) ||
      fnmatch(wanted.file.c_str(), path.c_str(), FNM_PATHNAME) != 0)
    return {};
  const std::uint64_t count = ++counter;
  if (count < wanted.nth || (count > wanted.nth && !wanted.sticky)) return {};
  if (!wanted.lifted.empty() && exists(wanted.lifted)) return {};
  return carry_out(call, path, count);
}

bool sync_lies(const std::string& path) {
  static const std::string glob = setting("FAULTS_LYING");
  return !glob.empty() && fnmatch(glob.c_str(), path.c_str(), FNM_PATHNAME) == 0;
}

}  // namespace faults
