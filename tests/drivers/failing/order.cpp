#include "order.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>

namespace failing {
namespace {

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

void append_line(const std::string& path, const std::string& line) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string whole = line + "\n";
  if (fd < 0 || write(fd, whole.data(), whole.size()) < 0) std::abort();
  close(fd);
}

streamd_code code_named(const std::string& name) {
  static const std::map<std::string, streamd_code> known{
      {"THROTTLED", STREAMD_THROTTLED},   {"TRANSIENT", STREAMD_TRANSIENT},
      {"TIMEOUT", STREAMD_TIMEOUT},       {"AUTH", STREAMD_AUTH},
      {"PERMISSION", STREAMD_PERMISSION}, {"INVALID_CONFIG", STREAMD_INVALID_CONFIG},
      {"CORRUPT", STREAMD_CORRUPT},       {"INTERNAL", STREAMD_INTERNAL}};
  const auto found = known.find(name);
  return found == known.end() ? STREAMD_TRANSIENT : found->second;
}

struct Order {
  std::string call = setting("FAULTS_CALL"), file = setting("FAULTS_FILE"),
              error = setting("FAULTS_ERROR"), armed = setting("FAULTS_ARMED"),
              lifted = setting("FAULTS_LIFTED"), hits = setting("FAULTS_HITS"),
              trace = setting("FAULTS_TRACE");
  std::uint64_t nth = std::strtoull(setting("FAULTS_NTH").c_str(), nullptr, 10);
  bool sticky = setting("FAULTS_STICKY") == "1";
};

}  // namespace

Turn turn_of(const char* call, const std::string& key) {
  static const Order wanted;
  static std::atomic<std::uint64_t> counter{0};
  if (!wanted.armed.empty() && !exists(wanted.armed)) return {};
  if (!wanted.trace.empty()) append_line(wanted.trace, std::string(call) + " " + key);
  if (wanted.nth == 0 || wanted.call != call ||
      fnmatch(wanted.file.c_str(), key.c_str(), FNM_PATHNAME) != 0)
    return {};
  const std::uint64_t count = ++counter;
  if (count < wanted.nth || (count > wanted.nth && !wanted.sticky)) return {};
  if (!wanted.lifted.empty() && exists(wanted.lifted)) return {};
  if (!wanted.hits.empty()) append_line(wanted.hits, wanted.call + " " + wanted.error + " " + key);
  if (wanted.error == "KILL") std::raise(SIGKILL);
  return {code_named(wanted.error), wanted.error == "AFTER", wanted.error == "CUT"};
}

}  // namespace failing
