#include "config/reporting.h"

#include <algorithm>

#include "config/http_address.h"
#include "config/nearest.h"

namespace streamd::config {
namespace {

constexpr std::size_t kShortestToken = 16;

Error bad(std::string message, std::string hint) {
  return make_error(Code::kInvalidConfig, std::move(message), std::move(hint));
}

bool is_web_address(const std::string& url) {
  const std::size_t host = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  return host != 0 && url.size() > host && url.find_first_of(" \r\n\t") == std::string::npos;
}

void check_url(const Settings& settings, const char* option, Problems& problems) {
  const auto setting = settings.find(option);
  if (setting == settings.end() || setting->second.text.empty() ||
      is_web_address(setting->second.text))
    return;
  problems.error(setting->second.origin,
                 std::string(option) + " is no address that begins with https:// or http://",
                 "write the whole address, as \"https://hc-ping.com/...\"");
}

void check_events(const Settings& settings, Problems& problems) {
  const auto setting = settings.find("events");
  if (setting == settings.end()) return;
  const std::vector<std::string> names(kEventNames.begin(), kEventNames.end());
  for (const std::string& event : setting->second.items) {
    if (std::find(names.begin(), names.end(), event) != names.end()) continue;
    const std::string near = nearest(event, names);
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    problems.error(setting->second.origin, "events: there is no event '" + event + "'",
                   near.empty() ? "events are " + all : "did you mean '" + near + "'?");
  }
}

void check_command(const Settings& settings, Problems& problems) {
  const auto setting = settings.find("on-event");
  if (setting == settings.end() || setting->second.items.empty()) return;
  if (!setting->second.items.front().starts_with('/'))
    problems.error(setting->second.origin,
                   "on-event: '" + setting->second.items.front() + "' is no absolute path",
                   "write [\"/path/of/the/command\", \"argument\", ...]; no shell is involved");
}

}  // namespace

Status check_http(const std::string& http, const std::string& token) {
  if (http.empty()) return {};
  const HttpAddress address = TRY(parse_http_address(http));
  const bool printable = std::all_of(token.begin(), token.end(),
                                     [](char letter) { return letter > ' ' && letter < 127; });
  if (!printable || (!token.empty() && token.size() < kShortestToken))
    return bad("http-token is not at least 16 printable characters without blanks",
               "`openssl rand -hex 32` makes one");
  if (!is_loopback(address) && token.empty())
    return bad("http: " + http + " can be reached from other machines, and there is no http-token",
               "set http-token (file:PATH keeps it out of this file), or stay on 127.0.0.1");
  return {};
}

void check_reporting(const Config& config, Problems& problems) {
  const auto http = config.streamd_settings.find("http");
  if (http != config.streamd_settings.end())
    if (const Status fine = check_http(config.streamd.http, config.streamd.http_token); !fine)
      problems.error(http->second.origin, fine.error());
  check_url(config.streamd_settings, "on-event-url", problems);
  check_command(config.streamd_settings, problems);
  check_events(config.streamd_settings, problems);
  for (const Database& database : config.databases)
    check_url(database.settings, "heartbeat-url", problems);
}

}  // namespace streamd::config
