#include "config/schema.h"

#include <algorithm>
#include <array>
#include <utility>

namespace streamd::config {
namespace {

using enum OptionType;

constexpr std::uint32_t kOfDatabase = kDefaults | kDatabase;
constexpr std::uint32_t kOfReplica = kDefaults | kDatabase | kStorage | kReplica;

OptionSpec option(const char* name, OptionType type, const char* default_value,
                  std::uint32_t places, const char* help, std::vector<std::string> values = {}) {
  return {name, type, default_value, help, false, false, std::move(values), places};
}

OptionSpec secret(OptionSpec spec) {
  spec.secret = true;
  return spec;
}

std::vector<OptionSpec> options_of_the_daemon() {
  return {
      option("driver-path", kPaths, "/usr/lib/streamd/drivers", kStreamd,
             "folders with drivers, the first that has one wins"),
      option("state-dir", kPath, "", kStreamd,
             "folder of the local state; empty = beside each database"),
      option("http", kString, "127.0.0.1:9187", kStreamd,
             "address of metrics, health and the status page; empty = off"),
      secret(option("http-token", kString, "", kStreamd,
                    "what HTTP requests must bring as a bearer token; needed beyond loopback")),
      option("control", kPath, "/run/streamd/control.sock", kStreamd,
             "socket for streamctl; empty = off"),
      option("control-mode", kString, "0600", kStreamd, "file mode of the control socket, octal"),
      option("control-group", kString, "", kStreamd,
             "group of the control socket; empty = the daemon's"),
      option("wait-control", kPath, "", kStreamd,
             "second socket that answers only wait and status, for applications; empty = off"),
      option("wait-control-mode", kString, "0600", kStreamd, "file mode of that socket, octal"),
      option("wait-control-group", kString, "", kStreamd,
             "group of that socket; empty = the daemon's"),
      option("shutdown-timeout", kDuration, "30s", kStreamd,
             "longest time of the final sync when the daemon is asked to end"),
      option("watchdog", kDuration, "120s", kStreamd,
             "a daemon that stands still for so long is killed, so that it lets go of the logs; 0s "
             "= never"),
      option("level", kEnum, "info", kLog, "least important events that are logged",
             {"trace", "debug", "info", "warn", "error"}),
      option("format", kEnum, "auto", kLog,
             "text for people, json for machines; auto = by where logs go",
             {"auto", "text", "json"}),
  };
}

std::vector<OptionSpec> options_of_databases() {
  return {
      option("path", kPath, "", kDatabase, "the database file"),
      option("name", kString, "", kDatabase,
             "a short name for commands and `{name}`; empty = the file's name"),
      option("directory", kPath, "", kDatabase,
             "instead of path: a folder that is watched, each database in it is replicated"),
      option("pattern", kString, "*.db", kDatabase,
             "with directory: names of databases; * and ? stand for anything"),
      option("recursive", kBool, "false", kDatabase, "with directory: the folders below it too"),
      option("spool-max-size", kSize, "1GiB", kOfDatabase,
             "most local disk for what is not yet uploaded"),
      option("wal-soft-limit", kSize, "256MiB", kOfDatabase,
             "log size above which a reset may be forced"),
      option("wal-hard-limit", kSize, "4GiB", kOfDatabase,
             "log size above which capture lets go of it and bridges later; 0B = never"),
      option("wal-force-reset", kBool, "true", kOfDatabase,
             "whether a reset may be forced above wal-soft-limit"),
      option("restore-missing", kBool, "false", kOfDatabase,
             "restore the database at start when it does not exist"),
      option("restore-from", kEnum, "all", kOfDatabase,
             "replicas that an automatic restore must reach", {"all", "any"}),
      option("takeover", kBool, "false", kOfDatabase,
             "write to replicas whoever wrote there last: the daemon that started last wins"),
      option("set-wal", kBool, "false", kOfDatabase, "convert a database that is not in WAL mode"),
  };
}

std::vector<OptionSpec> options_of_replicas() {
  return {
      option("name", kString, "", kStorage | kReplica,
             "the replica's name; empty = the storage's or the driver's"),
      option("driver", kString, "", kStorage | kReplica,
             "the driver, as `streamctl drivers list` has it"),
      option("storage", kString, "", kReplica, "a [storage.NAME] that several databases share"),
      option("path", kString, "", kStorage | kReplica,
             "prefix of all keys, with `{name}` `{relpath}` `{host}`; the driver's own when it has "
             "a path"),
      option("sync-interval", kDuration, "1s", kOfReplica,
             "longest time a commit waits before it is sent"),
      option("snapshot-interval", kDuration, "24h", kOfReplica, "time between snapshots"),
      option("retention", kDuration, "168h", kOfReplica, "how far back a restore can go"),
      option("history", kDuration, "", kOfReplica,
             "how far back every single transaction is kept; empty = retention"),
      option("keep", kKeep, "", kOfReplica,
             "snapshots kept beyond retention, as { all = \"7d\", daily = 14, weekly = 8 }"),
      option("verify-interval", kDuration, "0s", kOfReplica,
             "time between restore drills; 0s = none"),
      option("verify-budget", kSize, "1GiB", kOfReplica,
             "bytes of objects that a drill checks besides; 0B = all that were not checked yet"),
      option("prune", kEnum, "true", kOfReplica,
             "delete what is no longer needed; external = only `streamctl prune` does",
             {"true", "false", "external"}),
      option("prune-grace", kDuration, "10m", kOfReplica,
             "time between becoming unneeded and deletion"),
  };
}

// Who is told what happens.
std::vector<OptionSpec> event_options() {
  return {
      option("on-event", kStrings, "", kStreamd,
             "command with its arguments that gets each event as JSON on its standard input"),
      secret(option("on-event-url", kString, "", kStreamd,
                    "address that each event is sent to with POST, as JSON")),
      option("on-event-timeout", kDuration, "30s", kStreamd,
             "longest time that the command or the request may take"),
      option("events", kStrings, "", kStreamd,
             "events that are told, by name; empty = all but snapshot-taken"),
  };
}

std::vector<OptionSpec> heartbeat_options() {
  return {
      secret(option("heartbeat-url", kString, "", kOfDatabase,
                    "address that hears that all is well; /start and /fail are appended for the "
                    "start and for failures")),
      option("heartbeat-interval", kDuration, "60s", kOfDatabase, "time between two heartbeats"),
  };
}

// Encryption on this side of the storage.
std::vector<OptionSpec> key_options() {
  return {
      option("recipients", kStrings, "", kOfReplica,
             "public keys to encrypt to; empty = not encrypted; another list begins a new "
             "generation at the next start"),
      option("identity", kPath, "", kOfReplica,
             "a file of `streamctl keygen` that opens encrypted backups on this machine; making "
             "backups needs none")};
}

// Merging, and how a replica speaks to its storage.
std::vector<OptionSpec> transfer_options() {
  return {
      option("merge-size", kSize, "8MiB", kOfReplica,
             "objects of this size or more are merged no further; 0B = nothing is merged"),
      option("merge-cache-size", kSize, "64MiB", kOfReplica,
             "most local disk for what is to be merged; beyond that it is read from the replica"),
      option(
          "idle-timeout", kDuration, "30s", kOfReplica,
          "an operation of the storage that moves no byte for so long is given up and tried again"),
      option("bandwidth-limit", kSize, "0B", kOfReplica, "bytes per second; 0B = no limit"),
      option("fault", kString, "", kStorage | kReplica,
             "failures on purpose, for staging: put:transient:10%"),
  };
}

}  // namespace

const char* type_name(OptionType type) {
  constexpr std::array<const char*, 10> kNames{"string", "int",  "bool",    "size",  "duration",
                                               "path",   "enum", "strings", "paths", "keep"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string places_text(std::uint32_t places) {
  constexpr std::array<std::pair<Place, const char*>, 6> kPlaces{{{kStreamd, "streamd"},
                                                                  {kLog, "log"},
                                                                  {kDefaults, "defaults"},
                                                                  {kDatabase, "database"},
                                                                  {kStorage, "storage"},
                                                                  {kReplica, "replica"}}};
  std::string text;
  for (const auto& [place, name] : kPlaces)
    if ((places & place) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

std::span<const OptionSpec> engine_options() {
  static const std::vector<OptionSpec> options = [] {
    std::vector<OptionSpec> all = options_of_the_daemon();
    for (const auto& more : {event_options(), options_of_databases(), heartbeat_options(),
                             options_of_replicas(), key_options(), transfer_options()})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return options;
}

const OptionSpec* find_option(std::span<const OptionSpec> options, std::string_view name,
                              std::uint32_t places) {
  const auto found = std::find_if(options.begin(), options.end(), [&](const OptionSpec& spec) {
    return spec.name == name && (places == UINT32_MAX || (spec.places & places) != 0);
  });
  return found == options.end() ? nullptr : &*found;
}

OptionType driver_option_type(std::string_view type) {
  for (const OptionType known : {kInt, kBool, kSize, kDuration, kPath})
    if (type == type_name(known)) return known;
  return kString;
}

}  // namespace streamd::config
