#include "apps/replica_source.h"

#include <fmt/core.h>

#include "apps/commands/command.h"
#include "base/log.h"
#include "base/printable.h"
#include "config/replica_url.h"
#include "daemon/replica_keys.h"
#include "daemon/supervisor.h"
#include "state/layout.h"
#include "state/replica_place.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kListTimeout{600'000};
constexpr std::string_view kLitestream = "litestream+";  // before the URL of a driver

struct Named {
  std::vector<config::Replica> replicas;
  std::optional<state::Layout> layout;  // of a configured database
};

Result<Named> named_by(const Setup& setup, std::string_view database_or_url) {
  if (database_or_url.find("://") != std::string::npos)
    return Named{{TRY(config::parse_replica_url(database_or_url, setup.context))}, {}};
  const config::Database& database = *TRY(configured(setup, std::string(database_or_url)));
  return Named{database.replicas,
               TRY(state::layout_for(database.real_path, setup.config.streamd.state_dir))};
}

Result<NamedReplica> opened_with_keys(Setup& setup, config::Replica replica,
                                      const std::string& folder) {
  auto keys = TRY(daemon::open_keyring(replica, folder, setup.identities));
  auto store = TRY(daemon::open_replica_store(replica, *setup.drivers, keys));
  return NamedReplica{std::move(replica), std::move(store), std::move(keys)};
}

// What local state that cannot be read remembers is of no use for saying that there is no backup.
Result<std::optional<Error>> remembered(Setup& setup, const config::Replica& replica,
                                        const state::Layout& layout) {
  const std::string place = TRY(daemon::place_of(replica, *setup.drivers));
  Status filled = state::refuse_if_emptied(layout.replica(replica.name), place);
  return filled ? std::optional<Error>() : std::optional(std::move(filled.error()));
}

}  // namespace

std::vector<restore::Replica> asked_by_restore(const std::vector<NamedReplica>& replicas) {
  std::vector<restore::Replica> asked;
  for (const NamedReplica& replica : replicas)
    asked.push_back({replica.store.get(), replica.settings.name, replica.if_empty});
  return asked;
}

Result<std::vector<NamedReplica>> open_replicas(Setup& setup, const std::string& database_or_url,
                                                const std::string& wanted) {
  std::vector<NamedReplica> opened;
  const bool litestream = database_or_url.starts_with(kLitestream);
  const std::string_view source =
      std::string_view(database_or_url).substr(litestream ? kLitestream.size() : 0);
  const Named named = TRY(named_by(setup, source));
  for (const config::Replica& replica : named.replicas) {
    if (!wanted.empty() && replica.name != wanted) continue;
    auto one =
        opened_with_keys(setup, replica, named.layout ? named.layout->replica(replica.name) : "");
    if (!one) return Error(std::move(one.error())).with_context("replica " + replica.name);
    one->litestream = litestream;
    if (named.layout) one->if_empty = TRY(remembered(setup, replica, *named.layout));
    opened.push_back(std::move(*one));
  }
  if (opened.empty())
    return make_error(Code::kUsage, database_or_url + " has no replica named " + wanted,
                      named.layout ? "`streamctl databases` lists them"
                                   : "a URL is one replica: leave out --replica");
  return opened;
}

Status keep_keys(const Setup& setup, const config::Database& database,
                 const std::vector<NamedReplica>& replicas) {
  const state::Layout layout =
      TRY(state::layout_for(database.real_path, setup.config.streamd.state_dir));
  storage::Call call;
  call.timeout = kListTimeout;
  for (const NamedReplica& replica : replicas) {
    if (!replica.keys) continue;
    const std::string folder = daemon::key_folder(layout.replica(replica.settings.name));
    const Status kept = replica.keys->keep(*replica.store, folder, call);
    if (!kept)
      log_error_event(LogLevel::kWarn, "the keys of a replica were not fetched", kept.error(),
                      {{"database", database.path}, {"replica", replica.settings.name}});
  }
  return {};
}

Result<catalog::Timeline> list_replica(const NamedReplica& replica,
                                       const std::set<std::string>& without) {
  std::vector<catalog::Listed> objects;
  storage::Call call;
  call.timeout = kListTimeout;
  const Status listed = replica.store->list(
      "", "",
      [&](const std::string& key, const storage::ObjectStat& stat) -> Status {
        if (!without.contains(key)) objects.push_back({key, stat.size, stat.mtime_ns});
        return {};
      },
      call);
  if (!listed) return Error(listed.error()).with_context("list replica " + replica.settings.name);
  return catalog::read_timeline(objects);
}

Result<std::vector<Error>> find_times(const NamedReplica& replica, restore::TimesOf which,
                                      catalog::Timeline& timeline, bool& exact) {
  auto damaged = restore::read_exact_times(*replica.store, timeline, which, {});
  exact = damaged || damaged.error().code != Code::kAuth;
  if (!exact) {
    fmt::print(stderr, "note: replica {} is encrypted: times are to the millisecond\n",
               printable(replica.settings.name));
    damaged = std::vector<Error>();
  }
  restore::round_up_times(timeline);
  return damaged;
}

}  // namespace streamd::apps
