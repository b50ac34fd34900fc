#include "daemon/supervisor.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/log.h"
#include "crypt/encrypted_store.h"
#include "daemon/exit_code.h"
#include "daemon/replica_keys.h"
#include "daemon/wait.h"
#include "sqlite/connection.h"
#include "state/layout.h"
#include "storage/open_store.h"

namespace streamd::daemon {
namespace {

constexpr unsigned kMostLoops = 4, kMostStoppers = 16;

// Which place a replica is, as a text without secrets.
Result<std::string> place_of(const config::Replica& replica, storage::Drivers& drivers) {
  const auto library = TRY(drivers.find(replica.driver));
  std::string place = replica.driver + "\n";
  for (const storage::DriverOption& option : library->options()) {
    const auto set = std::find_if(replica.options.begin(), replica.options.end(),
                                  [&](const auto& pair) { return pair.first == option.name; });
    if (set != replica.options.end() && !option.secret)
      place += option.name + " = " + set->second + "\n";
  }
  return place + "prefix = " + replica.prefix + "\n";
}

replicate::UpkeepSettings upkeep_of(const config::Replica& replica) {
  replicate::UpkeepSettings upkeep;
  upkeep.merge.settled_bytes = replica.merge_size;
  upkeep.merge.cache_bytes = replica.merge_cache_size;
  upkeep.prune.reset();
  if (replica.prune == config::Prune::kDaemon) upkeep.prune = retention_rules(replica);
  return upkeep;
}

// The drills of its replicas share their stores, and so their limits.
Result<replicate::DatabaseSettings> settings_of(const config::Config& config,
                                                const config::Database& database,
                                                storage::Drivers& drivers,
                                                std::vector<DrillTarget>& drills) {
  replicate::DatabaseSettings settings;
  settings.path = database.path;
  settings.name = database.name;
  settings.state_dir = config.streamd.state_dir;
  settings.spool_max_bytes = database.spool_max_size;
  settings.take_over = database.takeover;
  settings.log_hard_limit = database.wal_hard_limit;
  settings.capture.soft_limit_bytes = database.wal_soft_limit;
  settings.capture.allow_forced_reset = database.wal_force_reset;
  settings.capture.set_wal = database.set_wal;
  const state::Layout layout = TRY(state::layout_for(database.path, settings.state_dir));
  for (const config::Replica& replica : database.replicas) {
    auto keys = open_keyring(replica, layout.replica(replica.name), {});
    auto store = keys ? open_replica_store(replica, drivers, *keys) : Error(keys.error());
    if (!store)
      return Error(store.error())
          .with_context("database " + database.path + ", replica " + replica.name);
    if (replica.verify_interval.count() > 0)
      drills.push_back({database.real_path, replica.name, *store, replica.verify_interval,
                        replica.verify_budget});
    settings.replicas.push_back({replica.name, TRY(place_of(replica, drivers)),
                                 replica.sync_interval, replica.snapshot_interval,
                                 std::move(*store), std::move(*keys), upkeep_of(replica)});
  }
  return settings;
}

}  // namespace

Result<std::shared_ptr<storage::Store>> open_replica_store(const config::Replica& replica,
                                                           storage::Drivers& drivers,
                                                           std::shared_ptr<crypt::Keyring> keys) {
  auto library = TRY(drivers.find(replica.driver));
  storage::StoreSpec spec;
  for (const auto& [name, value] : replica.options) spec.settings.push_back({name, value});
  spec.prefix = replica.prefix;
  spec.fault = replica.fault;
  spec.limits.bytes_per_second = replica.bandwidth_limit;
  spec.retry.idle_timeout = replica.idle_timeout;
  if (!keys) keys = TRY(open_keyring(replica, "", {}));
  return std::make_shared<crypt::EncryptedStore>(
      TRY(storage::open_store(std::move(library), spec)).store, std::move(keys));
}

retention::Rules retention_rules(const config::Replica& replica) {
  const auto rule = [&](const char* name) {
    const auto found = replica.keep.find(name);
    return found == replica.keep.end() ? std::int64_t{0} : found->second;
  };
  const auto count = [&](const char* name) {
    return static_cast<std::uint32_t>(std::min<std::int64_t>(rule(name), UINT32_MAX));
  };
  retention::Rules rules;
  rules.retention = replica.retention;
  rules.history = replica.history;
  rules.grace = replica.prune_grace;
  rules.keep.all = milliseconds(rule("all"));
  rules.keep.hourly = count("hourly");
  rules.keep.daily = count("daily");
  rules.keep.weekly = count("weekly");
  rules.keep.monthly = count("monthly");
  rules.keep.yearly = count("yearly");
  rules.keep.snapshots = count("snapshots");
  return rules;
}

Result<std::unique_ptr<Supervisor>> Supervisor::create(const config::Config& config,
                                                       storage::Drivers& drivers,
                                                       const Clock& clock, bool adopt_local) {
  sqlite::initialise();
  std::unique_ptr<Supervisor> supervisor(new Supervisor(clock));
  std::vector<DrillTarget> drills;
  for (const config::Database& database : config.databases) {
    replicate::DatabaseSettings settings = TRY(settings_of(config, database, drivers, drills));
    settings.adopt_local = adopt_local;
    supervisor->pipelines_.push_back(TRY(replicate::Pipeline::create(std::move(settings), clock)));
  }
  supervisor->drills_ = std::make_unique<Drills>(std::move(drills), supervisor->pipelines_, clock);
  return supervisor;
}

Supervisor::~Supervisor() {
  drills_.reset();
  pipelines_.clear();  // before the loops they run on
}

Status Supervisor::start(bool drills) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  const auto wanted =
      std::min<std::size_t>({kMostLoops, cores, std::max<std::size_t>(1, pipelines_.size())});
  while (loops_.size() < wanted) loops_.push_back(TRY(replicate::Loop::start()));
  for (std::size_t i = 0; i < pipelines_.size(); ++i)
    pipelines_[i]->start(*loops_[i % loops_.size()]);
  if (drills) drills_->start();
  return {};
}

milliseconds Supervisor::look_for_progress(MonoTime now) const {
  milliseconds worst{0};
  for (const auto& loop : loops_) worst = std::max(worst, loop->look_for_progress(now));
  return worst;
}

template <class Work>
Status Supervisor::for_all(Work work) const {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  Status worst;
  const auto run = [&] {
    for (std::size_t i = next++; i < pipelines_.size(); i = next++) {
      Status done = work(*pipelines_[i]);
      if (done) continue;
      const std::lock_guard lock(mutex);
      log_error_event(LogLevel::kError, "not everything was replicated", done.error(),
                      {{"database", pipelines_[i]->path()}});
      if (worst || exit_code(done.error().code) > exit_code(worst.error().code))
        worst = std::move(done);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min<std::size_t>(kMostStoppers, pipelines_.size()); ++i)
    threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
  return worst;
}

Status Supervisor::stop(milliseconds timeout) {
  const MonoTime deadline = clock_.mono() + timeout;
  drills_->stop();
  return for_all([&](replicate::Pipeline& pipeline) { return pipeline.stop(deadline); });
}

Status Supervisor::sync_all(milliseconds patience, const Cancel& cancel) {
  return for_all([&](replicate::Pipeline& pipeline) -> Status {
    TRY(sync_patiently(pipeline, patience, cancel, clock_));
    // What fails of it is said in the log and does not make the sync a failure.
    (void)look_after_within(pipeline, {clock_.mono() + patience, {}}, cancel, clock_);
    return {};
  });
}

replicate::Pipeline* Supervisor::find(const std::string& path_or_name) const {
  const auto canonical = canonical_path(path_or_name);
  for (const auto& pipeline : pipelines_)
    if (pipeline->name() == path_or_name || (canonical && pipeline->path() == *canonical))
      return pipeline.get();
  return nullptr;
}

}  // namespace streamd::daemon
