// Databases that come, go, change, pause and resume while the others go on.
#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/found.h"
#include "base/log.h"
#include "base/parallel.h"
#include "config/difference.h"
#include "daemon/open_files.h"
#include "daemon/supervisor.h"
#include "replicate/merge_cache.h"
#include "state/paused.h"

namespace streamd::daemon {
namespace {

constexpr std::size_t kAtOnce = 16;
constexpr milliseconds kLeaving{10'000};  // of a database that leaves or changes while others go on

// "" when the path leads to the file that is followed, or to none for a moment. Watched folders
// have no links in them.
std::string leads_elsewhere(const config::Database& database) {
  if (!database.directory.empty()) return "";
  if (database.path == database.real_path) {
    const auto name = stat_link(database.path);
    if (!name || !*name || !S_ISLNK((*name)->st_mode)) return "";
  }
  const auto there = stat_path(database.path);
  const auto file = canonical_path(database.path);
  return there && *there && file && *file != database.real_path ? *file : "";
}

Error moved_error(const config::Database& database, const std::string& to) {
  return make_error(Code::kDiverged,
                    "database " + database.path + " leads to " + to + " now, and " +
                        database.real_path + ", to which it led, is followed",
                    "the log says why the other file could not be taken up; point the path back, "
                    "or put that right and `streamctl reload`");
}

}  // namespace

Result<DatabaseChanges> Supervisor::apply(const config::Config& config) {
  const std::lock_guard changing(changing_);
  TRY(must_run());
  permits_->set_most(awake_at_once(config));
  DatabaseChanges changes;
  std::map<std::string, std::shared_ptr<Member>> before;
  for (const auto& member : members()) before[member->database->real_path] = member;
  std::vector<std::shared_ptr<Member>> after, to_begin, to_end, gone;
  for (const config::Database& database : config.databases) {
    const auto known = before.find(database.real_path);
    const bool same =
        known != before.end() && config::same_settings(*known->second->database, database);
    if (same) {
      after.push_back(known->second);
    } else {
      after.push_back(std::make_shared<Member>());
      after.back()->database = std::make_shared<const config::Database>(database);
      to_begin.push_back(after.back());
      (known == before.end() ? changes.added : changes.changed).push_back(database.path);
      if (known != before.end()) to_end.push_back(known->second);
    }
    if (known != before.end()) before.erase(known);
  }
  for (const auto& [path, member] : before) {
    changes.removed.push_back(member->database->path);
    to_end.push_back(member);
    gone.push_back(member);
    // Its path leads to another file now: as if that had been put in the place of the old one.
    for (const auto& next : to_begin)
      if (next->database->path == member->database->path)
        next->adopts_local = follows_for_all(*member);
  }
  const MonoTime deadline = clock_.mono() + kLeaving;  // of all: those that come must not wait long
  in_parallel(to_end, kAtOnce,
              [&](const std::shared_ptr<Member>& member) { leave(*member, deadline); });
  for (const auto& member : gone) drop_caches(*member);
  {
    const std::lock_guard lock(mutex_);
    members_ = std::move(after);
  }
  in_parallel(to_begin, kAtOnce, [&](const std::shared_ptr<Member>& member) { join(*member); });
  return changes;
}

// The replicas are its own, and nobody else is known to write there.
bool Supervisor::follows_for_all(const Member& member) const {
  using replicate::ReplicaState;
  const replicate::DatabaseStatus status = status_of(member);
  return status.generation != GenerationId{} &&
         std::none_of(status.replicas.begin(), status.replicas.end(), [](const auto& replica) {
           return replica.state == ReplicaState::kRefused ||
                  replica.state == ReplicaState::kTakenOver;
         });
}

void Supervisor::leave(Member& member, MonoTime deadline) {
  const Status ended = end(member, deadline);
  if (!ended)
    log_error_event(LogLevel::kWarn, "a database leaves, but not everything was sent",
                    ended.error(), {{"database", member.database->path}});
}

// The local state stays, should the database come back; of it all but the caches is small.
void Supervisor::drop_caches(const Member& member) const {
  const auto layout = state::layout_for(member.database->real_path, state_dir_);
  if (!layout) return;
  for (const config::Replica& replica : member.database->replicas) {
    const std::string folder = replicate::merge_cache_folder(layout->replica(replica.name));
    if (const Status removed = remove_tree(folder);
        !removed && removed.error().code != Code::kNotFound)
      log_error_event(LogLevel::kWarn, "what is left of a database that has gone", removed.error());
  }
}

void Supervisor::join(Member& member) {
  if (!begin(member)) return;  // its error is kept
  const Status running = run(member);
  if (running) return;
  (void)end(member, clock_.mono());  // nothing was captured yet
  const std::lock_guard lock(mutex_);
  member.error = running.error();
  member.not_begun_since = clock_.wall_micros();
}

// With changing_ held.
Status Supervisor::must_run() const {
  const std::lock_guard lock(mutex_);
  if (running_) return {};
  return make_error(Code::kBusy, "streamd is starting or stopping", "try again when it runs");
}

void Supervisor::try_again() {
  const std::lock_guard changing(changing_);
  std::vector<std::shared_ptr<Member>> waiting;
  {
    const std::lock_guard lock(mutex_);
    if (!running_) return;
    for (const auto& member : members_)
      if (member->error) waiting.push_back(member);
  }
  in_parallel(waiting, kAtOnce, [&](const std::shared_ptr<Member>& member) { join(*member); });
}

std::map<std::string, std::string> Supervisor::moved_paths() {
  const std::lock_guard changing(changing_);
  std::map<std::string, std::string> moved;
  bool news = false;
  for (const auto& member : members()) {
    const config::Database& database = *member->database;
    const std::string to = leads_elsewhere(database);
    const std::lock_guard lock(mutex_);
    if (!running_ || member->paused) continue;
    if (!to.empty()) moved[database.path] = to;
    if (to == member->leads_to) continue;
    member->leads_to = to;
    if (to.empty()) continue;
    news = true;
    log_warn("the path of a database leads to another file now",
             {{"database", database.path}, {"was", database.real_path}, {"now", to}});
  }
  return news ? moved : std::map<std::string, std::string>{};
}

// The mark comes last but one: a daemon that dies before it follows the database again.
Result<replicate::DatabaseStatus> Supervisor::pause(const std::string& path_or_name,
                                                    std::optional<Error>& unsent) {
  const std::lock_guard changing(changing_);
  TRY(must_run());
  const auto found = TRY(known_member(path_or_name));
  if (!found->paused) {
    const state::Layout layout = TRY(state::layout_for(found->database->real_path, state_dir_));
    const Micros now = clock_.wall_micros();
    const Status stopped = end(*found, clock_.mono() + kLeaving);
    if (!stopped) unsent = stopped.error();
    if (const Status saved = state::save_paused(layout.paused(), now); !saved) {
      join(*found);
      return Error(saved.error()).with_context("pause " + found->database->path);
    }
    const std::lock_guard lock(mutex_);
    found->paused = now;
    found->error.reset();
    log_info("database paused", {{"database", found->database->path}});
  }
  return status_of(*found);
}

Result<replicate::DatabaseStatus> Supervisor::resume(const std::string& path_or_name) {
  const std::lock_guard changing(changing_);
  TRY(must_run());
  const auto found = TRY(known_member(path_or_name));
  if (found->paused) {
    const state::Layout layout = TRY(state::layout_for(found->database->real_path, state_dir_));
    TRY(remove_file(layout.paused()));
    join(*found);
    log_info("database is no longer paused", {{"database", found->database->path}});
  }
  return status_of(*found);
}

std::vector<replicate::DatabaseStatus> Supervisor::status() const {
  std::vector<replicate::DatabaseStatus> all;
  for (const auto& member : members()) all.push_back(status_of(*member));
  return all;
}

Result<replicate::DatabaseStatus> Supervisor::status(const std::string& path_or_name) const {
  return status_of(*TRY(known_member(path_or_name)));
}

std::vector<Supervisor::View> Supervisor::views() const {
  std::vector<View> all;
  for (const auto& member : members()) all.push_back(view_of(*member));
  return all;
}

// Of one without a pipeline: what is known without it.
Supervisor::View Supervisor::view_of(const Member& member) const {
  PipelinePtr pipeline;
  replicate::DatabaseStatus status;
  Micros behind_since = 0;
  std::optional<Error> moved;
  status.path = member.database->real_path;
  status.name = member.database->name;
  {
    const std::lock_guard lock(mutex_);
    pipeline = member.pipeline;
    status.error = member.error;
    if (member.error) status.phase = replicate::Phase::kAttaching;
    if (!member.leads_to.empty()) moved = moved_error(*member.database, member.leads_to);
    behind_since = member.paused ? *member.paused : member.not_begun_since;
    if (member.paused) {
      status.phase = replicate::Phase::kPaused;
      status.error =
          make_error(Code::kBusy,
                     "database " + status.path + " is paused since " + format_time(*member.paused) +
                         ": what is committed is not replicated",
                     "streamctl resume " + status.path);
    }
  }
  if (pipeline) {
    status = pipeline->status();
    if (!status.error) status.error = std::move(moved);
    return {std::move(status), pipeline};
  }
  for (const config::Replica& replica : member.database->replicas) {
    status.replicas.emplace_back();
    status.replicas.back().name = replica.name;
    status.replicas.back().behind_since = behind_since;  // nobody knows what was committed since
  }
  return {std::move(status), nullptr};
}

}  // namespace streamd::daemon
