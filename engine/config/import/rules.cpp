#include "config/import/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/import/go_values.h"
#include "config/value.h"

namespace streamd::config {
namespace {

using enum Carry;

constexpr const char* kNotices = "streamd notices each commit when it is made";
constexpr const char* kOwnCheckpoints =
    "the application's own checkpoints go on; wal-soft-limit bounds the log";
constexpr const char* kByItself = "streamd does it by itself";

constexpr std::array kGlobal{
    Rule{"dbs"},
    Rule{"logging"},
    Rule{"snapshot"},
    Rule{"retention"},
    Rule{"addr"},
    Rule{"shutdown-sync-timeout", kDuration, "shutdown-timeout"},
    Rule{"shutdown-sync-interval", kDrop, "", kByItself},
    Rule{"exec", kDrop, "",
         "the configuration of streamd names no program: start it beside streamd"},
    Rule{"mcp-addr", kDrop, "", "there is no such server; `streamctl --json` is for programs"},
    Rule{"socket", kDrop, "", "streamd has a socket of its own (control)"},
    Rule{"levels", kDrop, "", "streamd has no levels to tune"},
    Rule{"validation", kDrop, "",
         "each object carries its checksum; verify-interval is for drills"},
    Rule{"l0-retention", kDrop, "", "retention and history say how long transactions are kept"},
    Rule{"l0-retention-check-interval", kDrop, "", kByItself},
    Rule{"verify-compaction", kDrop, "", kByItself},
    Rule{"heartbeat-url", kDrop, "", "set up the check anew"},
    Rule{"heartbeat-interval", kDrop, "", "set up the check anew"},
};

constexpr std::array kDatabase{
    Rule{"path"},
    Rule{"dir"},
    Rule{"pattern"},
    Rule{"recursive"},
    Rule{"watch"},
    Rule{"replica"},
    Rule{"replicas"},
    Rule{"snapshot"},
    Rule{"restore-if-db-not-exists", kBool, "restore-missing"},
    Rule{"meta-path", kDrop, "", "streamd's state lies beside the database, or in state-dir"},
    Rule{"meta-dir", kDrop, "", "streamd's state lies beside the database, or in state-dir"},
    Rule{"monitor-interval", kDrop, "", kNotices},
    Rule{"checkpoint-interval", kDrop, "", kOwnCheckpoints},
    Rule{"min-checkpoint-page-count", kDrop, "", kOwnCheckpoints},
    Rule{"max-checkpoint-page-count", kDrop, "", kOwnCheckpoints},
    Rule{"truncate-page-n", kDrop, "", kOwnCheckpoints},
    Rule{"busy-timeout", kDrop, "", "streamd takes no write lock that could be busy"},
    Rule{"max-sync-wal-bytes", kDrop, "", "spool-max-size bounds what waits"},
};

constexpr std::array kReplica{
    Rule{"type"},
    Rule{"url"},
    Rule{"path"},
    Rule{"age"},
    Rule{"name", kText, "name"},
    Rule{"sync-interval", kDuration, "sync-interval"},
    Rule{"snapshot-interval"},
    Rule{"retention"},
    Rule{"retention-check-interval", kDrop, "", kByItself},
    Rule{"validation-interval", kDuration, "verify-interval"},
    Rule{"max-sync-ltx-files", kDrop, "", "there is no such limit"},
    Rule{"auto-recover", kDrop, "", kByItself},
    Rule{"account-name"},
    Rule{"account-key"},
    Rule{"sas-token"},
    Rule{"host"},
    Rule{"user"},
    Rule{"password"},
    Rule{"key-path"},
    Rule{"host-key"},
    Rule{"concurrent-writes"},
    Rule{"webdav-url"},
    Rule{"webdav-username"},
    Rule{"webdav-password"},
    Rule{"jwt"},
    Rule{"seed"},
    Rule{"creds"},
    Rule{"nkey"},
    Rule{"username"},
    Rule{"token"},
    Rule{"tls"},
    Rule{"root-cas"},
    Rule{"client-cert"},
    Rule{"client-key"},
    Rule{"max-reconnects"},
    Rule{"reconnect-wait"},
    Rule{"timeout"},
};

constexpr std::array kS3{
    Rule{"bucket", kText, "bucket"},
    Rule{"region", kText, "region"},
    Rule{"endpoint", kText, "endpoint"},
    Rule{"access-key-id", kText, "access-key-id"},
    Rule{"secret-access-key", kText, "secret-access-key"},
    Rule{"storage-class", kText, "storage-class"},
    Rule{"part-size", kSize, "part-size"},
    Rule{"concurrency", kText, "parallel-parts"},
    Rule{"sse-customer-key", kText, "sse-customer-key"},
    Rule{"sse-kms-key-id", kText, "sse-kms-key-id"},
    Rule{"sse-customer-key-path"},
    Rule{"sse-customer-algorithm"},
    Rule{"force-path-style"},
    Rule{"skip-verify"},
    Rule{"sign-payload", kDrop, "", "streamd always signs what it sends"},
    Rule{"require-content-md5", kDrop, "", "streamd sends what the store needs"},
};

bool is_true(const std::string& text) {
  return text == "true" || text == "yes" || text == "on";
}

// In streamd's spelling; nullopt when it cannot be known.
std::optional<std::string> converted(Carry carry, const std::string& text) {
  if (has_variable(text) || carry == kText) return text;
  if (carry == kBool) return is_true(text) ? "true" : "false";
  if (carry == kDuration) {
    const auto time = parse_go_duration(text);
    return time ? std::optional(format_duration(*time)) : std::nullopt;
  }
  if (parse_int(text)) return text + "B";
  return parse_size(text) ? std::optional(text) : std::nullopt;
}

}  // namespace

std::span<const Rule> global_rules() {
  return kGlobal;
}
std::span<const Rule> database_rules() {
  return kDatabase;
}
std::span<const Rule> replica_rules() {
  return kReplica;
}
std::span<const Rule> s3_rules() {
  return kS3;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + "\"";
}

void Section::set(const std::string& option, const std::string& text) {
  const auto same = std::ranges::find(options, option, &std::pair<std::string, std::string>::first);
  if (same == options.end())
    options.emplace_back(option, quoted(text));
  else
    same->second = quoted(text);
}

void Section::set_bool(const std::string& option, bool value) {
  options.emplace_back(option, value ? "true" : "false");
}

std::string Section::toml() const {
  if (options.empty()) return "";
  std::string text = "\n" + title + "\n";
  for (const auto& [option, value] : options) text += option + " = " + value + "\n";
  return text;
}

std::string text_of(const Table& table, std::string_view key) {
  const Node* node = member(table, key);
  return node != nullptr && node->string() != nullptr ? convert_variables(*node->string()) : "";
}

void carry(const Table& table, std::span<const Rule> rules, Section& section, Problems& warnings) {
  for (const Rule& rule : rules) {
    const Node* node = member(table, rule.theirs);
    if (node == nullptr || rule.carry == kOther) continue;
    if (rule.carry == kDrop) {
      warnings.warning(node->where, fmt::format("{}: {}", rule.theirs, rule.reason));
      continue;
    }
    const std::string text = text_of(table, rule.theirs);
    if (text.empty()) continue;
    const auto value = converted(rule.carry, text);
    if (!value)
      warnings.warning(node->where,
                       fmt::format("{}: '{}' is not understood and left out", rule.theirs, text));
    else if (rule.carry == kBool && !has_variable(*value))
      section.set_bool(rule.ours, *value == "true");
    else
      section.set(rule.ours, *value);
    if (value && has_variable(*value) && rule.carry != kText)
      warnings.warning(
          node->where,
          fmt::format("{}: what the variable holds must be spelled as streamd wants it",
                      rule.theirs));
  }
}

void warn_of_unknown(const Table& table, std::initializer_list<std::span<const Rule>> known,
                     Problems& warnings) {
  for (const Member& one : table) {
    const bool found = std::ranges::any_of(known, [&](std::span<const Rule> rules) {
      return std::ranges::any_of(rules, [&](const Rule& rule) { return rule.theirs == one.key; });
    });
    if (!found) warnings.warning(one.value.where, one.key + ": neither program knows it");
  }
}

}  // namespace streamd::config
