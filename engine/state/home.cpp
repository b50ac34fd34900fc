#include "state/home.h"

#include <unistd.h>

#include <array>

namespace streamd::state {
namespace {

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

std::string boot_id() {
  const auto file = File::open_read(kBootId);
  if (!file) return {};
  Bytes text(64);
  const auto size = file->read_some_at(0, text);  // its size is said to be 0
  if (!size) return {};
  text.resize(*size);
  return std::string(as_text(text).substr(0, as_text(text).find('\n')));
}

}  // namespace

Result<Home> find_home(const File& lock) {
  Home home;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) home.host = name.data();
  home.boot = boot_id();
  const struct stat status = TRY(lock.status());
  home.lock = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  return home;
}

}  // namespace streamd::state
