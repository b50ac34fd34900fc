// The configuration as the engine uses it: plain structs, everything checked and inherited.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "config/problem.h"
#include "config/schema.h"

namespace streamd::config {

// One value in effect.
struct Setting {
  OptionType type = OptionType::kString;
  std::string text;                // sizes in bytes, durations in milliseconds, true or false
  std::string shown;               // as a person reads it: 64MiB, 24h
  std::vector<std::string> items;  // of lists; rule=number of a keep table
  Origin origin;
  bool secret = false;
};
using Settings = std::map<std::string, Setting, std::less<>>;  // by option

struct StreamdSettings {
  std::vector<std::string> driver_path;
  std::string state_dir;   // empty = beside each database
  std::string http;        // as parse_http_address reads it; empty = off
  std::string http_token;  // what requests must bring; empty = nothing
  std::string control;     // empty = off
  unsigned control_mode = 0600;
  std::string control_group;  // empty = the daemon's
  std::string wait_control;   // empty = off
  unsigned wait_control_mode = 0600;
  std::string wait_control_group;
  milliseconds shutdown_timeout{0};
  milliseconds watchdog{0};           // 0 = none
  std::vector<std::string> on_event;  // a command with its arguments; empty = none
  std::string on_event_url;           // empty = none
  milliseconds on_event_timeout{0};
  std::vector<std::string> events;  // the names of those that are told
};

enum class LogStyle : std::uint8_t { kAuto, kText, kJson };
struct LogSettings {
  LogLevel level = LogLevel::kInfo;
  LogStyle format = LogStyle::kAuto;
};

// Who deletes what is no longer needed.
enum class Prune : std::uint8_t {
  kDaemon,    // true: the daemon, and `streamctl prune`
  kNever,     // false: nobody
  kExternal,  // only `streamctl prune`, elsewhere and with other credentials if need be
};

struct Replica {
  std::string name;  // unique in its database; a file name
  std::string driver;
  std::string storage;  // the [storage.NAME] it uses; empty = written out
  // For the driver: what was written and the defaults of its schema, normalized as the ABI wants
  // it. Secrets are in here.
  std::map<std::string, std::string> options;
  std::string prefix;  // of all keys, no slash at the ends; may be empty

  milliseconds sync_interval{0}, snapshot_interval{0}, retention{0}, history{0};
  milliseconds idle_timeout{0};
  milliseconds verify_interval{0};  // 0 = none
  std::uint64_t verify_budget = 0;  // bytes; 0 = no limit
  Prune prune = Prune::kDaemon;
  milliseconds prune_grace{0};
  std::uint64_t merge_size = 0;              // bytes; 0 = nothing is merged
  std::uint64_t merge_cache_size = 0;        // bytes
  std::map<std::string, std::int64_t> keep;  // all: milliseconds; the others: how many
  std::vector<std::string> recipients;       // public keys, as written
  std::string identity;                      // path of a file; empty = none
  std::uint64_t bandwidth_limit = 0;         // bytes per second; 0 = none
  std::string fault;

  Settings settings;  // all of the above with their origins, for `config show`
  Origin origin;
};

enum class RestoreFrom : std::uint8_t { kAll, kAny };
struct Database {
  std::string path;       // absolute, as written
  std::string real_path;  // symbolic links resolved; what databases are compared by
  std::string name;       // as written, else the file's name
  std::vector<Replica> replicas;

  std::uint64_t spool_max_size = 0;  // bytes
  std::uint64_t wal_soft_limit = 0;  // bytes
  std::uint64_t wal_hard_limit = 0;  // bytes; 0 = never
  bool wal_force_reset = true;
  bool restore_missing = false;
  RestoreFrom restore_from = RestoreFrom::kAll;
  bool takeover = false;
  bool set_wal = false;
  std::string directory;  // the watched folder it was found in; empty = it has a table of its own
  std::string heartbeat_url;  // empty = none
  milliseconds heartbeat_interval{0};

  Settings settings;
  Origin origin;
};

// A folder whose files are databases.
struct Directory {
  std::string path;  // symbolic links resolved
  std::string pattern;
  bool recursive = false;
  Origin origin;
};

struct Config {
  StreamdSettings streamd;
  LogSettings log;
  std::vector<Database> databases;  // those found in watched folders, too
  std::vector<Directory> directories;
  Settings streamd_settings, log_settings;
  std::vector<std::string> files;  // in the order they were read
};

}  // namespace streamd::config
