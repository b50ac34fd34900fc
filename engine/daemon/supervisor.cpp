#include "daemon/supervisor.h"

#include <algorithm>

#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "config/find.h"
#include "crypt/encrypted_store.h"
#include "daemon/exit_code.h"
#include "daemon/open_files.h"
#include "daemon/replica_keys.h"
#include "daemon/wait.h"
#include "sqlite/connection.h"
#include "state/layout.h"
#include "state/paused.h"
#include "storage/open_store.h"

namespace streamd::daemon {
namespace {

// Their work is mostly waiting for disks.
constexpr std::size_t kMostLoops = 4, kMostBeginners = 8, kMostStoppers = 16;

replicate::UpkeepSettings upkeep_of(const config::Replica& replica) {
  replicate::UpkeepSettings upkeep;
  upkeep.merge.settled_bytes = replica.merge_size;
  upkeep.merge.cache_bytes = replica.merge_cache_size;
  upkeep.prune.reset();
  if (replica.prune == config::Prune::kDaemon) upkeep.prune = retention_rules(replica);
  return upkeep;
}

// The drills of its replicas share their stores, and so their limits.
Result<replicate::DatabaseSettings> settings_of(const config::Database& database,
                                                const std::string& state_dir,
                                                storage::Drivers& drivers,
                                                std::vector<DrillTarget>& drills) {
  replicate::DatabaseSettings settings;
  settings.path = database.real_path;
  settings.name = database.name;
  settings.state_dir = state_dir;
  settings.spool_max_bytes = database.spool_max_size;
  settings.take_over = database.takeover;
  settings.log_hard_limit = database.wal_hard_limit;
  settings.capture.soft_limit_bytes = database.wal_soft_limit;
  settings.capture.allow_forced_reset = database.wal_force_reset;
  settings.capture.set_wal = database.set_wal;
  const state::Layout layout = TRY(state::layout_for(database.real_path, settings.state_dir));
  for (const config::Replica& replica : database.replicas) {
    auto keys = open_keyring(replica, layout.replica(replica.name), {});
    auto store = keys ? open_replica(replica, drivers, *keys) : Error(keys.error());
    if (!store)
      return Error(store.error())
          .with_context("database " + database.path + ", replica " + replica.name);
    if (replica.verify_interval.count() > 0)
      drills.push_back({database.real_path, replica.name, store->store, *keys,
                        replica.verify_interval, replica.verify_budget});
    settings.replicas.push_back({replica.name, TRY(place_of(replica, drivers)),
                                 replica.sync_interval, replica.snapshot_interval,
                                 std::move(store->store), std::move(*keys), upkeep_of(replica),
                                 std::move(store->metrics), replica.driver});
  }
  return settings;
}

}  // namespace

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

Result<storage::OpenedStore> open_replica(const config::Replica& replica, storage::Drivers& drivers,
                                          std::shared_ptr<crypt::Keyring> keys) {
  auto library = TRY(drivers.find(replica.driver));
  storage::StoreSpec spec;
  for (const auto& [name, value] : replica.options) spec.settings.push_back({name, value});
  spec.prefix = replica.prefix;
  spec.fault = replica.fault;
  spec.limits.bytes_per_second = replica.bandwidth_limit;
  spec.retry.idle_timeout = replica.idle_timeout;
  if (!keys) keys = TRY(open_keyring(replica, "", {}));
  storage::OpenedStore opened = TRY(storage::open_store(std::move(library), spec));
  opened.store = std::make_shared<crypt::EncryptedStore>(std::move(opened.store), std::move(keys));
  return opened;
}

Result<std::shared_ptr<storage::Store>> open_replica_store(const config::Replica& replica,
                                                           storage::Drivers& drivers,
                                                           std::shared_ptr<crypt::Keyring> keys) {
  return TRY(open_replica(replica, drivers, std::move(keys))).store;
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
  std::unique_ptr<Supervisor> supervisor(new Supervisor(drivers, clock, awake_at_once(config)));
  supervisor->state_dir_ = config.streamd.state_dir;
  struct Beginning {
    std::shared_ptr<Member> member;
    Status begun;
  };
  std::vector<Beginning> all;
  for (const config::Database& database : config.databases) {
    all.push_back({std::make_shared<Member>(), {}});
    all.back().member->database = std::make_shared<const config::Database>(database);
    all.back().member->adopts_local = adopt_local;
  }
  in_parallel(all, kMostBeginners,
              [&](Beginning& each) { each.begun = supervisor->begin(*each.member); });
  for (Beginning& each : all) {
    if (!each.begun && each.member->database->directory.empty())
      return Error(std::move(each.begun.error()));
    supervisor->members_.push_back(std::move(each.member));
  }
  return supervisor;
}

Supervisor::~Supervisor() {
  drills_.stop();
  members_.clear();  // before the loops they run on
}

// Makes the pipeline, unless the database is paused.
Status Supervisor::begin(Member& member) {
  std::optional<Micros> paused;
  PipelinePtr pipeline;
  std::vector<DrillTarget> drills;
  const auto made = [&]() -> Status {
    const state::Layout layout = TRY(state::layout_for(member.database->real_path, state_dir_));
    paused = TRY(state::paused_since(layout.paused()));
    if (paused) return {};
    replicate::DatabaseSettings settings =
        TRY(settings_of(*member.database, state_dir_, drivers_, drills));
    settings.adopt_local = member.adopts_local;
    settings.permits = permits_;
    pipeline = TRY(replicate::Pipeline::create(std::move(settings), clock_));
    return {};
  }();
  if (pipeline) drills_.add(std::move(drills), pipeline);
  const std::lock_guard lock(mutex_);
  const bool news = !made && (!member.error || member.error->message != made.error().message);
  if (news)
    log_error_event(LogLevel::kWarn, "database is not followed", made.error(),
                    {{"database", member.database->path}});
  if (paused && !member.paused)
    log_warn("database is paused: what is committed is not replicated",
             {{"database", member.database->path},
              {"since", format_time(*paused)},
              {"hint", "streamctl resume " + member.database->path}});
  member.paused = paused;
  member.pipeline = std::move(pipeline);
  if (!made && !member.error) member.not_begun_since = clock_.wall_micros();
  if (member.pipeline) member.adopts_local = false;
  member.error.reset();
  if (!made) member.error = made.error();
  return made;
}

// A loop for each of the first databases, up to as many as it pays to have.
Status Supervisor::run(Member& member) {
  const std::lock_guard lock(mutex_);
  if (!member.pipeline) return {};
  if (loops_.size() < std::min(kMostLoops, members_.size()) || loops_.empty())
    loops_.push_back(TRY(replicate::Loop::start()));
  member.pipeline->start(*loops_[next_loop_++ % loops_.size()]);
  return {};
}

// The final sync of one that leaves.
Status Supervisor::end(Member& member, MonoTime deadline) {
  const PipelinePtr pipeline = [&] {
    const std::lock_guard lock(mutex_);
    return member.pipeline;
  }();
  if (!pipeline) return {};
  drills_.remove(member.database->real_path);
  Status stopped = pipeline->stop(deadline);
  const std::lock_guard lock(mutex_);
  member.pipeline.reset();
  return stopped;
}

Status Supervisor::start(bool drills) {
  const std::lock_guard changing(changing_);
  for (const auto& member : members()) TRY(run(*member));
  if (drills) drills_.start();
  const std::lock_guard lock(mutex_);
  running_ = true;
  return {};
}

milliseconds Supervisor::look_for_progress(MonoTime now) const {
  std::vector<replicate::Loop*> loops;  // there are only ever more
  {
    const std::lock_guard lock(mutex_);
    for (const auto& loop : loops_) loops.push_back(loop.get());
  }
  milliseconds worst{0};
  for (replicate::Loop* loop : loops) worst = std::max(worst, loop->look_for_progress(now));
  return worst;
}

template <class Work>
Status Supervisor::for_all(Work work) const {
  std::mutex mutex;
  Status worst;
  std::vector<PipelinePtr> all = pipelines();
  in_parallel(all, kMostStoppers, [&](const PipelinePtr& pipeline) {
    Status done = work(*pipeline);
    if (done) return;
    const std::lock_guard lock(mutex);
    log_error_event(LogLevel::kError, "not everything was replicated", done.error(),
                    {{"database", pipeline->path()}});
    if (worst || exit_code(done.error().code) > exit_code(worst.error().code))
      worst = std::move(done);
  });
  return worst;
}

Status Supervisor::stop(milliseconds timeout) {
  const std::lock_guard changing(changing_);
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  const MonoTime deadline = clock_.mono() + timeout;
  drills_.stop();
  (void)for_all([&](replicate::Pipeline& pipeline) -> Status {
    pipeline.begin_stop(deadline);
    return {};
  });
  return for_all([&](replicate::Pipeline& pipeline) { return pipeline.stop(deadline); });
}

void Supervisor::give_up() {
  for (const PipelinePtr& pipeline : pipelines()) pipeline->give_up();
}

Status Supervisor::sync_all(milliseconds patience, const Cancel& cancel) {
  Status worst = for_all([&](replicate::Pipeline& pipeline) -> Status {
    TRY(sync_patiently(pipeline, patience, cancel, clock_));
    // What fails of it is said in the log and does not make the sync a failure.
    (void)look_after_within(pipeline, {clock_.mono() + patience, {}}, cancel, clock_);
    return {};
  });
  const auto add = [&](const std::string& path, const std::optional<Error>& error) {
    if (!error) return;
    log_error_event(LogLevel::kError, "not everything was replicated", *error, {{"path", path}});
    if (worst || exit_code(error->code) > exit_code(worst.error().code)) worst = *error;
  };
  for (const FolderStatus& folder : folders()) add(folder.directory, folder.error);
  const std::lock_guard lock(mutex_);
  for (const auto& member : members_) add(member->database->path, member->error);
  return worst;
}

bool Supervisor::follows_all() const {
  const std::lock_guard lock(mutex_);
  return std::all_of(members_.begin(), members_.end(),
                     [](const auto& member) { return member->pipeline != nullptr; }) &&
         std::none_of(folders_.begin(), folders_.end(),
                      [](const FolderStatus& folder) { return folder.error.has_value(); });
}

void Supervisor::set_folders(std::vector<FolderStatus> folders) {
  const std::lock_guard lock(mutex_);
  folders_ = std::move(folders);
}

std::vector<FolderStatus> Supervisor::folders() const {
  const std::lock_guard lock(mutex_);
  return folders_;
}

std::vector<std::shared_ptr<Supervisor::Member>> Supervisor::members() const {
  const std::lock_guard lock(mutex_);
  return members_;
}

std::vector<PipelinePtr> Supervisor::pipelines() const {
  const std::lock_guard lock(mutex_);
  std::vector<PipelinePtr> pipelines;
  for (const auto& member : members_)
    if (member->pipeline) pipelines.push_back(member->pipeline);
  return pipelines;
}

Result<std::shared_ptr<Supervisor::Member>> Supervisor::known_member(
    const std::string& path_or_name) const {
  const auto all = members();
  std::vector<const config::Database*> databases;
  for (const auto& member : all) databases.push_back(member->database.get());
  const config::Database* meant = TRY(config::find_among(databases, path_or_name));
  for (const auto& member : all)
    if (member->database.get() == meant) return member;
  return make_error(Code::kUsage, "the daemon has no database " + path_or_name,
                    "`streamctl status` lists those that it has");
}

Result<PipelinePtr> Supervisor::find(const std::string& path_or_name) const {
  const auto found = TRY(known_member(path_or_name));
  {
    const std::lock_guard lock(mutex_);
    if (found->pipeline) return found->pipeline;
  }
  const auto error = status_of(*found).error;
  return error ? *error : make_error(Code::kBusy, "database " + path_or_name + " is just changing");
}

}  // namespace streamd::daemon
