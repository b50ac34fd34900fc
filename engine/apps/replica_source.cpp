#include "apps/replica_source.h"

#include "apps/commands/command.h"
#include "config/replica_url.h"
#include "daemon/supervisor.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kListTimeout{600'000};
constexpr std::string_view kLitestream = "litestream+";  // before the URL of a driver

Result<std::vector<config::Replica>> named_by(const Setup& setup,
                                              std::string_view database_or_url) {
  if (database_or_url.find("://") == std::string::npos)
    return TRY(configured(setup, std::string(database_or_url)))->replicas;
  return std::vector<config::Replica>{
      TRY(config::parse_replica_url(database_or_url, setup.context))};
}

}  // namespace

Result<std::vector<NamedReplica>> open_replicas(Setup& setup, const std::string& database_or_url,
                                                const std::string& wanted) {
  std::vector<NamedReplica> opened;
  const bool litestream = database_or_url.starts_with(kLitestream);
  const std::string_view source =
      std::string_view(database_or_url).substr(litestream ? kLitestream.size() : 0);
  for (config::Replica& replica : TRY(named_by(setup, source))) {
    if (!wanted.empty() && replica.name != wanted) continue;
    auto store = daemon::open_replica_store(replica, *setup.drivers);
    if (!store) return Error(std::move(store.error())).with_context("replica " + replica.name);
    opened.push_back({std::move(replica), std::move(*store), litestream});
  }
  if (opened.empty())
    return make_error(Code::kUsage, database_or_url + " has no replica named " + wanted,
                      "`streamctl databases` lists them");
  return opened;
}

Result<catalog::Timeline> list_replica(const NamedReplica& replica) {
  std::vector<catalog::Listed> objects;
  storage::Call call;
  call.timeout = kListTimeout;
  const Status listed = replica.store->list(
      "", "",
      [&](const std::string& key, const storage::ObjectStat& stat) -> Status {
        objects.push_back({key, stat.size, stat.mtime_ns});
        return {};
      },
      call);
  if (!listed) return Error(listed.error()).with_context("list replica " + replica.settings.name);
  return catalog::read_timeline(objects);
}

}  // namespace streamd::apps
