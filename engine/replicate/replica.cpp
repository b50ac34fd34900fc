#include "replicate/replica.h"

#include <algorithm>

#include "base/log.h"

namespace streamd::replicate {
namespace {

using std::chrono::seconds;

constexpr milliseconds kFirstRetry{500}, kLongestRetry{30'000};
constexpr milliseconds kBridgePoll{100};  // while a snapshot is on its way

milliseconds retry_delay(int failures) {
  return std::min(kLongestRetry, kFirstRetry * (1 << std::min(failures - 1, 6)));
}

bool needs_a_person(const Error& error) {
  return error.code == Code::kDiverged || error.code == Code::kFenced;
}

bool waits_for_a_person(ReplicaState state) {
  return state == ReplicaState::kRefused || state == ReplicaState::kTakenOver;
}

}  // namespace

const char* state_name(ReplicaState state) {
  switch (state) {
    case ReplicaState::kConnecting:
      return "connecting";
    case ReplicaState::kBeginning:
      return "not yet restorable";
    case ReplicaState::kReady:
      return "ok";
    case ReplicaState::kSilent:
      return "silent";
    case ReplicaState::kFailing:
      return "failing";
    case ReplicaState::kRefused:
      return "refused";
    case ReplicaState::kTakenOver:
      return "taken over";
  }
  return "failing";
}

Replica::Replica(ReplicaSettings settings, std::shared_ptr<storage::Store> store, ReplicaHost& host,
                 const Clock& clock)
    : settings_(std::move(settings)),
      store_(std::move(store)),
      host_(host),
      clock_(clock),
      fence_(settings_.name, settings_.writer_check, clock),
      fenced_(*store_, fence_),
      merge_cache_(merge_cache_folder(settings_.state_folder), settings_.upkeep.merge.cache_bytes),
      upkeep_({settings_.name, host.database_path(), settings_.state_folder},
              upkeep_jobs(settings_.upkeep, contents_, merge_cache_, changed_range_), fenced_, host,
              clock, [this](const std::optional<Error>& fenced) { looked_after(fenced); }) {
  status_.name = settings_.name;
}

Replica::~Replica() {
  drain_and_stop(clock_.mono());
}

void Replica::start() {
  const std::lock_guard lock(mutex_);
  started_ = true;
  wake();
}

// With the lock held.
void Replica::wake() {
  if (started_ && !stopping_) Crews::of_process().sending.wake(*this);
}

void Replica::join(const state::Identity& identity, const state::Tip& tip, std::uint32_t page_size,
                   bool may_take_over) {
  {
    const std::lock_guard lock(mutex_);
    to_join_ = Joined{identity, tip, page_size, may_take_over};
    offered_ = tip.txid;
    joined_.reset();
    restorable_ = false;
    wake();
  }
  changed_.notify_all();
}

void Replica::offer(Txid sealed) {
  const std::lock_guard lock(mutex_);
  offered_ = sealed;
  wake();
}

void Replica::request_snapshot() {
  const std::lock_guard lock(mutex_);
  snapshot_wanted_ = true;
  wake();
}

void Replica::renew(const std::set<std::string>& damaged) {
  const std::lock_guard lock(mutex_);
  for (const std::string& key : damaged) known_parts_.erase(key);
  snapshot_wanted_ = true;
  wake();
}

void Replica::hurry() {
  const std::lock_guard lock(mutex_);
  next_due_ = retry_at_ = {};  // somebody waits: an attempt at once
  wake();
}

void Replica::begin_drain() {
  upkeep_.cancel();
  const std::lock_guard lock(mutex_);
  draining_ = true;
  retry_at_ = {};  // one more attempt at once
  wake();
}

bool Replica::drain_and_stop(MonoTime deadline) {
  upkeep_.cancel();
  {
    std::unique_lock lock(mutex_);
    if (stopping_) return true;
    draining_ = true;
    wake();
    const auto drained = [&] {
      const bool joining = to_join_ || sending_;
      return given_up_ || waits_for_a_person(status_.state) || (!joined_ && !joining) || in_step();
    };
    changed_.wait_until(lock, deadline, drained);
    stopping_ = true;
  }
  cancel_.cancel();
  changed_.notify_all();
  Crews::of_process().sending.remove(*this);  // the first: it begins snapshots and upkeep
  upkeep_.stop();
  Crews::of_process().snapshots.remove(snapshot_);
  const std::lock_guard lock(mutex_);
  return in_step();
}

void Replica::give_up() {
  {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
  }
  changed_.notify_all();
}

// With the lock held: everything sealed is there.
bool Replica::in_step() const {
  return joined_ && restorable_ && !dropped_ && queue().empty() && !lacks_what_is_lost();
}

std::optional<Discovery> Replica::discovery() const {
  const std::lock_guard lock(mutex_);
  return discovery_;
}

ReplicaStatus Replica::status() const {
  const std::lock_guard lock(mutex_);
  ReplicaStatus status = status_;
  if (dropped_) status.dropped = dropped_->to();
  status.upkeep = upkeep_.done();
  status.upkeep_error = upkeep_.trouble();
  if (joined_) {
    const auto waiting =
        host_.spool().waiting_after(joined_->identity.generation, status_.acknowledged);
    status.bytes_waiting = waiting.bytes;
    // What was dropped is older than what is still there.
    status.behind_since = dropped_ ? status_.acknowledged_time : waiting.since;
  }
  if (auto silent = silence(); silent && !status.error) {
    if (status.state == ReplicaState::kReady) status.state = ReplicaState::kSilent;
    status.error = std::move(*silent);
  }
  return status;
}

// With the lock held. Otherwise it says so when it can again (replica_moved).
bool Replica::can_take_objects() const {
  return joined_ && restorable_ && !sending_ && status_.state != ReplicaState::kTakenOver;
}

bool Replica::wants_object(MonoTime now) const {
  const std::lock_guard lock(mutex_);
  return can_take_objects() && now >= next_due_ && now >= retry_at_;
}

MonoTime Replica::next_due() const {
  const std::lock_guard lock(mutex_);
  return can_take_objects() ? std::max(next_due_, retry_at_) : MonoTime::max();
}

bool Replica::needs(const state::SpoolObject& object) const {
  const std::lock_guard lock(mutex_);
  if (!joined_) return true;  // not asked yet what it has: it may need everything
  const GenerationId ours = joined_->identity.generation;
  if (object.header.generation != ours) return object.header.generation > ours;
  if (snapshot_moment_ && !restorable_) return object.header.last > snapshot_moment_->first;
  return restorable_ && object.header.last > status_.acknowledged;
}

// Of the generation it has joined, what was not sent. With the lock held.
std::vector<state::SpoolObjectPtr> Replica::queue() const {
  return host_.spool().objects_after(joined_->identity.generation, status_.acknowledged);
}

// What was sealed last is not in the spool any more (its disk has damaged it), and not there.
// With the lock held.
bool Replica::lacks_what_is_lost() const {
  return joined_ && restorable_ && status_.acknowledged < offered_ && queue().empty();
}

// From where the replica is without a gap. With the lock held.
bool Replica::spool_leads_to(Txid txid) const {
  const auto waiting = gapless(queue(), status_.acknowledged);
  return (waiting.empty() ? status_.acknowledged : waiting.back()->header.last) >= txid;
}

Status Replica::wait_for(Txid txid, MonoTime deadline, const Cancel& cancel) {
  return wait_until([&] { return restorable_ && status_.acknowledged >= txid; }, deadline, cancel);
}

Status Replica::wait_for_snapshot(Txid txid, MonoTime deadline, const Cancel& cancel) {
  enum class Now : std::uint8_t { kThere, kComing, kMissing };
  const Now now = [&] {
    const std::lock_guard lock(mutex_);
    if (restorable_ && status_.snapshot >= txid) return Now::kThere;
    const bool too_old = snapshot_moment_ && snapshot_moment_->first < txid;
    return snapshot_running_ && !too_old ? Now::kComing : Now::kMissing;
  }();
  if (now == Now::kThere) return {};
  if (now == Now::kMissing) request_snapshot();
  return wait_until([&] { return restorable_ && status_.snapshot >= txid; }, deadline, cancel);
}

bool Replica::has(Txid txid) const {
  const std::lock_guard lock(mutex_);
  return restorable_ && status_.acknowledged >= txid;
}

// `reached` is asked with the lock held.
Status Replica::wait_until(const std::function<bool()>& reached, MonoTime deadline,
                           const Cancel& cancel) {
  std::unique_lock lock(mutex_);
  while (!reached()) {
    if (waits_for_a_person(status_.state)) return *status_.error;
    if (stopping_ || cancel.cancelled())
      return make_error(Code::kCancelled, "wait for replica " + name() + ": stopped");
    if (clock_.mono() >= deadline)
      return status_.error ? *status_.error
                           : make_error(Code::kTimeout, "wait for replica " + name() +
                                                            ": not acknowledged in time");
    changed_.wait_until(lock, std::min(deadline, clock_.mono() + milliseconds(250)));
  }
  return {};
}

// How long until the interval asks for a new snapshot; nullopt while nothing changed since the last
// one.
std::optional<milliseconds> Replica::snapshot_due_in() const {
  if (!restorable_ || snapshot_running_ || status_.state == ReplicaState::kTakenOver ||
      status_.acknowledged <= status_.snapshot)
    return std::nullopt;
  const milliseconds age{(clock_.wall_micros() - status_.snapshot_time) / 1000};
  if (age < milliseconds(0)) return milliseconds(0);  // the clock was ahead
  return std::max(milliseconds(0), settings_.snapshot_interval - age);
}

bool Replica::work_is_due(MonoTime now) const {
  if (now < retry_at_ || status_.state == ReplicaState::kTakenOver) return false;
  if (to_join_ || !discovery_) return true;
  if (!joined_) return false;
  if (snapshot_wanted_ && !snapshot_running_) return true;
  if (const auto due_in = snapshot_due_in(); due_in && due_in->count() == 0 && !draining_)
    return true;
  // What was dropped or lost may be all there was.
  const bool lacks = dropped_ || !queue().empty() || lacks_what_is_lost();
  return restorable_ && (draining_ || now >= next_due_) && lacks;
}

// When there may be work although nobody wakes us. With the lock held.
MonoTime Replica::next_run(MonoTime now, std::optional<milliseconds> upkeep) const {
  const MonoTime free = std::max(next_due_, retry_at_);
  MonoTime next = MonoTime::max();
  if (upkeep) next = now + *upkeep + milliseconds(1);
  if (free > now) return std::min(next, free);
  if (const auto snapshot = snapshot_due_in())
    next = std::min(next, now + *snapshot + milliseconds(1));
  return next;
}

MonoTime Replica::run(bool) {
  std::unique_lock lock(mutex_);
  if (stopping_) return MonoTime::max();
  const MonoTime now = clock_.mono();
  const Upkeep::Outlook upkeep = look_after();
  return work_is_due(now) ? step(lock) : next_run(now, upkeep.due_in);
}

// One piece of work, without the lock meanwhile. There may be more to do at once.
MonoTime Replica::step(std::unique_lock<std::mutex>& lock) {
  const MonoTime now = moved_ = clock_.mono();
  const std::optional<Joined> join = std::exchange(to_join_, std::nullopt);
  const bool discovered = discovery_.has_value();
  sending_ = true;
  lock.unlock();
  Status done;
  if (!discovered) done = discover();
  if (done && join)
    done = join_store(*join);
  else if (done && discovered)
    done = send_next();
  lock.lock();
  sending_ = false;
  if (!done && join && !to_join_ && !stopping_) to_join_ = join;
  if (done && struggling_) recovered();
  if (done)
    failures_ = 0;
  else if (done.error().code != Code::kCancelled)
    failed(std::move(done.error()));
  lock.unlock();
  host_.replica_moved();
  changed_.notify_all();
  return now;
}

// Of an outage each kind of failure is said once, the others are counted: their words differ by
// request or by file, and say nothing new. With the lock held.
bool Replica::is_news(const Error& error) {
  if (!status_.error) {
    told_.clear();
    failing_since_ = clock_.mono();
    failures_counted_ = 0;
  }
  ++failures_counted_;
  return told_.insert(error.code).second;
}

std::int64_t Replica::failing_ms() const {
  return std::chrono::duration_cast<milliseconds>(clock_.mono() - failing_since_).count();
}

// With the lock held.
void Replica::failed(Error error) {
  struggling_ = false;
  if (status_.state == ReplicaState::kTakenOver) return;  // that is the end of it
  const bool refused = needs_a_person(error), taken = error.code == Code::kFenced;
  const bool news = is_news(error);
  retry_at_ = clock_.mono() + (refused ? milliseconds(kLongestRetry) : retry_delay(++failures_));
  status_.state = taken     ? ReplicaState::kTakenOver
                  : refused ? ReplicaState::kRefused
                            : ReplicaState::kFailing;
  if (news)
    log_error_event(
        refused ? LogLevel::kError : LogLevel::kWarn,
        taken ? "replica was taken over: nothing is written there any more" : "replica is failing",
        error, {{"database", host_.database_path()}, {"replica", settings_.name}});
  status_.error = std::move(error);
}

// An operation fails, and is being tried again: seen at once, and not when all attempts are over.
void Replica::troubled(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waits_for_a_person(status_.state)) return;
  const bool news = is_news(error);
  status_.state = ReplicaState::kFailing;
  status_.error = error;
  struggling_ = true;
  if (news)
    log_error_event(LogLevel::kWarn, "replica is failing", error,
                    {{"database", host_.database_path()}, {"replica", settings_.name}});
}

storage::Call Replica::call() const {
  storage::Call call;
  call.cancel = &cancel_;
  call.trouble = &troubled_;
  return call;
}

void Replica::acknowledge(const Base& base, Txid first) {
  const std::lock_guard lock(mutex_);
  move_to(base);
  now_restorable({first, base.txid, base.seen, base.seen});
  recovered();
}

// With the lock held.
void Replica::recovered() {
  if (status_.state == ReplicaState::kTakenOver) return;
  if (status_.error)
    log_info("replica recovered", {{"database", host_.database_path()},
                                   {"replica", settings_.name},
                                   {"failures", failures_counted_},
                                   {"failing_ms", failing_ms()}});
  status_.error.reset();
  struggling_ = false;
  status_.state = restorable_ ? ReplicaState::kReady : ReplicaState::kBeginning;
  status_.last_success = clock_.wall_micros();
}

// With the lock held.
void Replica::move_to(const Base& base) {
  if (base.txid >= status_.acknowledged) base_ = base;
  status_.acknowledged = std::max(status_.acknowledged, base.txid);
  status_.acknowledged_time = std::max(status_.acknowledged_time, base.seen);
}

// Consecutive transactions were stored, or one moment. With the lock held.
void Replica::now_restorable(const catalog::Span& stored) {
  auto& spans = status_.restorable;
  spans.push_back(stored);
  std::sort(spans.begin(), spans.end(),
            [](const catalog::Span& a, const catalog::Span& b) { return a.first < b.first; });
  std::vector<catalog::Span> joined;
  for (const catalog::Span& span : spans) {
    if (joined.empty() || span.first > joined.back().last.next()) {
      joined.push_back(span);
    } else if (span.last > joined.back().last) {
      joined.back().last = span.last;
      joined.back().last_time = span.last_time;
    }
  }
  if (joined.size() > kMostSpans) joined.erase(joined.begin());
  spans = std::move(joined);
}

// Sends what is queued as one object where that is possible.
Status Replica::send_next() {
  Txid acknowledged;
  std::vector<state::SpoolObjectPtr> queued;
  bool outage = false, lost = false;
  {
    const std::lock_guard lock(mutex_);
    const auto due_in = snapshot_due_in();
    const bool scheduled = due_in && due_in->count() == 0 && !draining_;
    if ((snapshot_wanted_ || scheduled) && !snapshot_running_) {
      snapshot_wanted_ = false;
      snapshot_running_ = true;
      Crews::of_process().snapshots.wake(snapshot_);
    }
    if (!restorable_ || (clock_.mono() < next_due_ && !draining_)) return {};
    TRY(forget_dropped());
    acknowledged = status_.acknowledged;
    queued = queue();
    outage = dropped_.has_value();
    lost = lacks_what_is_lost();
  }
  if (outage) return catch_up();
  if (lost) return bridge_gap();
  if (queued.empty()) return {};
  const std::vector<state::SpoolObjectPtr> next = gapless(queued, acknowledged);
  if (next.empty()) return bridge_gap();
  const MonoTime began = clock_.mono();
  TRY(send(next));
  const std::lock_guard lock(mutex_);
  next_due_ = began + settings_.sync_interval;
  return {};
}

// What the spool should have lies behind a gap (an object was damaged): a snapshot bridges it.
Status Replica::bridge_gap() {
  const std::lock_guard lock(mutex_);
  if (!joined_) return {};
  retry_at_ = clock_.mono() + kBridgePoll;
  if (snapshot_running_ || snapshot_wanted_) return {};
  log_warn("objects are missing in the spool: a snapshot bridges the gap",
           {{"database", host_.database_path()},
            {"replica", settings_.name},
            {"acknowledged", status_.acknowledged.value}});
  snapshot_wanted_ = true;
  return {};
}

}  // namespace streamd::replicate
