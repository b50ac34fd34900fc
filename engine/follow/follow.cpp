#include "follow/follow.h"

#include <algorithm>
#include <utility>

#include "follow/copy.h"
#include "follow/look.h"
#include "restore/place.h"
#include "restore/scratch.h"
#include "restore/swap.h"
#include "state/layout.h"

namespace streamd::follow {
namespace {

using restore::Choice;
using restore::Replica;

constexpr int kQuietLooks = 30;  // after so many that found nothing, everything is listed
constexpr int kAttempts = 5;     // while the copy is locked, or objects seem to be lost
constexpr milliseconds kFirstPause{1000}, kLongestPause{60'000};  // in trouble

// Trying again may help.
bool heals(Code code) {
  return code == Code::kTransient || code == Code::kTimeout || code == Code::kThrottled ||
         code == Code::kBusy;
}
// What a listing shows that is made while objects come and go, and what damage shows.
bool may_be_a_moment_only(Code code) {
  return code == Code::kNotFound || code == Code::kCorrupt || code == Code::kOutsideWindow ||
         code == Code::kNotRestorable;
}

class Follower {
 public:
  Follower(std::span<const Replica> replicas, const FollowOptions& options)
      : replicas_(replicas), options_(options), restore_(options.restore) {
    call_.cancel = restore_.cancel;
    call_.trouble = &trouble_;
  }
  Status run();

 private:
  Status take_place();
  Status begin();
  Status open_copy(const State& state);
  Status restore_first();
  Status look();
  Status look_at_everything();
  Status go_on(const restore::Plan& plan);
  Status replace(const Choice& choice);
  Status after_failure(Status failed);
  void use(const Replica& replica);
  void tell(Event::Kind kind, std::uint64_t fetched = 0);
  void say_trouble(const Error& error);
  bool cancelled() const { return restore_.cancel != nullptr && restore_.cancel->cancelled(); }
  bool pause(milliseconds time) const;

  std::span<const Replica> replicas_;
  const FollowOptions& options_;
  restore::RestoreOptions restore_;
  std::function<void(const Error&)> trouble_ = [this](const Error& error) { say_trouble(error); };
  storage::Call call_;
  state::BriefLock lock_;
  std::unique_ptr<Copy> copy_;
  Replica replica_;
  bool probed_ = false;
  bool ordered_ = false;    // its listings begin where they are told
  bool everything_ = true;  // is listed at the next look
  int quiet_ = 0, lost_ = 0;
  bool troubled_ = false;
};

void Follower::tell(Event::Kind kind, std::uint64_t fetched) {
  if (!options_.tell) return;
  Event event{kind, {}, replica_.name, fetched, milliseconds(0), {}};
  if (copy_) {
    event.at = copy_->at();
    const Micros behind = restore_.clock->wall_micros() - event.at.seen;
    event.behind = milliseconds(std::max<Micros>(0, behind) / 1000);
  }
  options_.tell(event);
}

void Follower::say_trouble(const Error& error) {
  if (troubled_ || !copy_) return;
  troubled_ = true;
  if (options_.tell)
    options_.tell({Event::Kind::kTrouble, copy_->at(), replica_.name, 0, milliseconds(0), error});
}

void Follower::use(const Replica& replica) {
  if (replica_.store == replica.store && probed_) return;
  replica_ = replica;
  const auto can = replica.store->probe(call_);
  probed_ = can.has_value();  // else asked again at the next whole listing
  ordered_ = can && can->ordered_list;
}

// One follower for a copy, and no daemon that would take it for a database.
Status Follower::take_place() {
  restore_.out = TRY(restore::Place::find(restore_)).target();
  auto lock = state::BriefLock::take(TRY(state::layout_for(restore_.out, "")));
  if (!lock && lock.error().code == Code::kBusy)
    return make_error(Code::kBusy,
                      "follow " + restore_.out +
                          ": somebody else follows it already, or a "
                          "streamd replicates it",
                      "end that one first");
  lock_ = TRY(std::move(lock));
  restore_.lock_held = true;
  return {};
}

// The state takes its place with the copy, and before it: a copy that is there is one that is
// known, whenever this ends.
Status Follower::restore_first() {
  const auto make_state = [](const std::string& path, const catalog::Marker& marker,
                             const restore::Rebuilt& rebuilt) {
    const restore::Moment& moment = rebuilt.plan.moment;
    State state{marker.database, marker.checksum_key, rebuilt.page_size, {}, {}};
    state.at = {moment.generation, moment.txid, rebuilt.seen, rebuilt.pages, rebuilt.checksum};
    return save_state(path, state);
  };
  restore_.beside = restore::Beside{state_path(restore_.out), make_state};
  const auto report = TRY(restore::restore(replicas_, restore_));
  const auto state = TRY(load_state(state_path(restore_.out)));
  if (!state || report.outcome != restore::Outcome::kRestored)
    return make_error(Code::kInternal, "follow " + restore_.out + ": nothing was restored");
  TRY(open_copy(*state));
  for (const Replica& replica : replicas_)
    if (replica.name == report.replica) use(replica);
  tell(Event::Kind::kRestored, report.fetched);
  return {};
}

// A reader that opens the copy at the same time may have it locked for a moment.
Status Follower::open_copy(const State& state) {
  for (int attempt = 1;; ++attempt) {
    auto copy = Copy::open(restore_.out, state, restore_.cancel);
    const bool again = !copy && copy.error().code == Code::kBusy && attempt < kAttempts;
    if (!again) return copy_ = TRY(std::move(copy)), Status();
    (void)pause(kFirstPause);
  }
}

Status Follower::begin() {
  TRY(take_place());
  // What a killed run had begun is completed, or removed.
  (void)TRY(restore::complete_swap(restore_.out));
  (void)TRY(restore::Scratch::create(restore_.out));
  TRY(remove_file(restore::temporary_path(state_path(restore_.out))));
  remove_leftovers(folder_of(restore_.out), name_of(state_path(restore_.out)));
  const bool there = TRY(stat_path(restore_.out)).has_value();
  if (!there) TRY(remove_file(state_path(restore_.out)));
  const auto state =
      restore_.force ? std::optional<State>{} : TRY(load_state(state_path(restore_.out)));
  if (there && state) {
    TRY(open_copy(*state));
    tell(Event::Kind::kResumed);
    return {};
  }
  return restore_first();
}

Status Follower::go_on(const restore::Plan& plan) {
  std::uint64_t fetched = 0;
  restore::AdvanceOptions how{restore_.fetch, restore_.cancel, {}, {}};
  how.fetched = [&](const restore::PlannedObject& object) { fetched += object.size; };
  const Txid before = copy_->at().txid;
  const Status done = copy_->advance(*replica_.store, plan, how);
  if (copy_->at().txid != before) {
    quiet_ = 0;
    tell(Event::Kind::kApplied, fetched);
  }
  return done;
}

Status Follower::look() {
  if (everything_) return look_at_everything();
  const Position at = copy_->at();
  const News news = TRY(look_for_news(*replica_.store, ordered_, at.generation, at.txid, call_));
  if (!news.plan.segments.empty()) return go_on(news.plan);
  everything_ = news.gap || ++quiet_ >= kQuietLooks;
  return {};
}

// What was merged or pruned, a snapshot, a new generation, another replica: whatever it takes.
Status Follower::look_at_everything() {
  const Choice choice = TRY(choose_replica(replicas_, restore_.target, true, call_));
  const State& state = copy_->state();
  if (choice.inventory.marker->database != state.database ||
      choice.inventory.marker->checksum_key != state.checksum_key)
    return make_error(Code::kDiverged,
                      "follow " + restore_.out + ": replica " + choice.replica.name +
                          " is of another database now",
                      "--force moves the copy away and begins anew");
  use(choice.replica);
  quiet_ = 0;
  const restore::Moment& moment = choice.plan.moment;
  const Position at = copy_->at();
  const bool same = moment.generation == at.generation;
  if (moment.generation < at.generation || (same && moment.txid <= at.txid)) {
    // Another replica shows more, but is damaged: trouble until this one, or that, leads on.
    if (choice.overruled && choice.overruled->code == Code::kCorrupt)
      return make_error(Code::kTransient, choice.overruled->message, choice.overruled->hint);
    everything_ = false;
    return {};
  }
  if (same) {
    const auto plan = restore::continue_plan(choice.inventory.timeline, moment, at.txid,
                                             restore::Entry::kAnywhere);
    const Status done = plan ? go_on(*plan) : Status(plan.error());
    everything_ = !done;
    const bool leads_nowhere =
        !done && (done.error().code == Code::kOutsideWindow || done.error().code == Code::kCorrupt);
    if (!leads_nowhere) return done;
  }
  return replace(choice);
}

Status Follower::replace(const Choice& choice) {
  restore::Scratch scratch = TRY(restore::Scratch::create(restore_.out));
  restore::RebuildOptions how;
  how.fetch = restore_.fetch;
  how.cancel = restore_.cancel;
  auto rebuilt =
      restore::rebuild(*choice.replica.store, choice.inventory, choice.plan, scratch.file(), how);
  if (!rebuilt) return std::move(rebuilt.error()).with_context("replica " + choice.replica.name);
  const std::uint64_t fetched = rebuilt->fetched;
  TRY(copy_->replace(scratch.file(), std::move(*rebuilt)));
  everything_ = false;
  tell(Event::Kind::kReplaced, fetched);
  return {};
}

// An error of which it is no use to wait for the end; else it was said, and nothing. A whole
// listing may lead past what is in the way.
Status Follower::after_failure(Status failed) {
  Error& error = failed.error();
  everything_ = true;
  if (may_be_a_moment_only(error.code)) {
    if (++lost_ < kAttempts) return {};
    if (error.code == Code::kNotFound) error.code = Code::kCorrupt;
    return failed;
  }
  if (!heals(error.code)) return failed;
  say_trouble(error);
  return {};
}

bool Follower::pause(milliseconds time) const {
  if (restore_.cancel != nullptr) return restore_.cancel->wait_for(time);
  return Cancel().wait_for(time);
}

Status Follower::run() {
  TRY(begin());
  milliseconds wait{0};
  while (!pause(wait)) {
    Status looked = look();
    if (looked) {
      lost_ = 0;
      if (std::exchange(troubled_, false)) tell(Event::Kind::kRecovered);
      wait = everything_ ? milliseconds(0) : options_.interval;
      continue;
    }
    if (looked.error().code == Code::kCancelled) break;
    TRY(after_failure(std::move(looked)));
    const milliseconds least = std::max(kFirstPause, options_.interval);
    wait =
        troubled_ ? std::clamp(wait * 2, least, std::max(least, kLongestPause)) : options_.interval;
  }
  return copy_->finish();
}

}  // namespace

Status follow(std::span<const Replica> replicas, const FollowOptions& options) {
  Status done = Follower(replicas, options).run();
  const bool ended = !done && done.error().code == Code::kCancelled;
  return ended ? Status() : done;
}

}  // namespace streamd::follow
