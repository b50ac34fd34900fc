#include "apps/control_path.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"

namespace streamd::apps {
namespace {

constexpr const char* kSystemSocket = "/run/streamd/control.sock";

std::optional<std::string> written(const config::Config& config,
                                   const std::optional<std::string>& given) {
  if (given) return given->empty() ? std::string() : std::filesystem::absolute(*given).string();
  const auto setting = config.streamd_settings.find("control");
  if (setting != config.streamd_settings.end() && !setting->second.origin.file.empty())
    return setting->second.text;
  return std::nullopt;
}

std::string users_socket() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  return folder == nullptr || *folder == '\0' ? "" : join_path(folder, "streamd/control.sock");
}

bool may_make_system_socket() {
  const std::string folder = folder_of(kSystemSocket);
  if (access(folder.c_str(), W_OK | X_OK) == 0) return true;
  return access(folder.c_str(), F_OK) != 0 && access(folder_of(folder).c_str(), W_OK | X_OK) == 0;
}

}  // namespace

ControlPath daemon_control(const config::Config& config, const std::optional<std::string>& given) {
  if (auto path = written(config, given)) return {std::move(*path), true};
  const std::string users = users_socket();
  return {may_make_system_socket() || users.empty() ? kSystemSocket : users, false};
}

std::string client_control(const config::Config& config, const std::optional<std::string>& given) {
  if (auto path = written(config, given)) return std::move(*path);
  const std::string users = users_socket();
  return !users.empty() && access(users.c_str(), F_OK) == 0 ? users : kSystemSocket;
}

}  // namespace streamd::apps
