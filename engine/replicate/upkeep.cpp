#include "replicate/upkeep.h"

#include <algorithm>

#include "base/log.h"

namespace streamd::replicate {
namespace {

constexpr milliseconds kFirstRetry{2000}, kLongestRetry{300'000};

milliseconds retry_delay(int failures) {
  return std::min(kLongestRetry, kFirstRetry * (1 << std::min(failures - 1, 10)));
}

}  // namespace

Upkeep::Upkeep(UpkeepPlace place, UpkeepJobs jobs, storage::Store& store, ReplicaHost& host,
               const Clock& clock, std::function<void(const std::optional<Error>&)> ended)
    : place_(std::move(place)),
      store_(store),
      host_(host),
      clock_(clock),
      ended_(std::move(ended)) {
  for (auto& job : jobs) entries_.push_back({std::move(job), 0, {}, {}});
}

Upkeep::Outlook Upkeep::look(const UpkeepView& view, const state::Identity& identity,
                             std::uint32_t page_size) {
  {
    const std::lock_guard lock(mutex_);
    if (running_) return {true, std::nullopt};
    if (cancel_.cancelled()) return {};
    view_ = view;
    std::optional<milliseconds> next;
    for (const Entry& entry : entries_) {
      auto due = entry.job->due_in(view);
      if (!due) continue;
      // Rounded up: who wakes too early would look again and again.
      const auto wait = std::chrono::ceil<milliseconds>(entry.retry_at - view.now);
      due = std::max({*due, wait, milliseconds(0)});
      next = std::min(next.value_or(*due), *due);
    }
    if (!next || next->count() > 0) return {false, next};
    identity_ = identity;
    page_size_ = page_size;
    running_ = true;
    Crews::of_process().upkeep.wake(*this);  // with the lock: stop() sees it
  }
  return {true, std::nullopt};
}

void Upkeep::hurry() {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) {
    entry.retry_at = {};
    entry.job->hurry();
  }
}

void Upkeep::wait(MonoTime deadline) const {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return !running_; });
}

void Upkeep::stop() {
  cancel();
  Crews::of_process().upkeep.remove(*this);
  const std::lock_guard lock(mutex_);
  running_ = false;
  changed_.notify_all();
}

void Upkeep::cancel() {
  const std::lock_guard lock(mutex_);
  cancel_.cancel();
}

std::optional<UpkeepTrouble> Upkeep::trouble() const {
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_)
    if (entry.error) return UpkeepTrouble{entry.job->name(), *entry.error};
  return std::nullopt;
}

UpkeepDone Upkeep::done() const {
  const std::lock_guard lock(mutex_);
  return done_;
}

// On a thread of the crew.
MonoTime Upkeep::run(bool) {
  std::optional<Error> fenced;
  for (Entry& entry : entries_) {
    if (cancel_.cancelled() || !is_due(entry)) continue;
    Status outcome = run_one(entry);
    if (!outcome && outcome.error().code == Code::kFenced) fenced = outcome.error();
    note(entry, std::move(outcome));
    if (fenced) break;
  }
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    changed_.notify_all();
  }
  ended_(fenced);
  return MonoTime::max();
}

bool Upkeep::is_due(const Entry& entry) const {
  const std::lock_guard lock(mutex_);
  const auto due = entry.job->due_in(view_);
  return due && due->count() <= 0 && entry.retry_at <= clock_.mono();
}

Status Upkeep::run_one(Entry& entry) {
  storage::Call call;
  call.cancel = &cancel_;
  const std::function<void(const UpkeepDone&)> count = [this](const UpkeepDone& more) {
    const std::lock_guard lock(mutex_);
    done_.merges += more.merges;
    done_.objects_merged += more.objects_merged;
    done_.bytes_merged += more.bytes_merged;
    done_.objects_removed += more.objects_removed;
    done_.bytes_removed += more.bytes_removed;
  };
  TRY(make_folders(place_.state_folder));
  return entry.job->run({place_.replica, place_.database, place_.state_folder, identity_,
                         page_size_, view_, clock_.wall_micros(), store_, call, host_, clock_,
                         count});
}

// Said once until it is another failure.
void Upkeep::note(Entry& entry, Status outcome) {
  const std::lock_guard lock(mutex_);
  if (!outcome && outcome.error().code == Code::kCancelled) return;
  if (outcome) {
    if (entry.error)
      log_info(
          "upkeep of a replica works again",
          {{"database", place_.database}, {"replica", place_.replica}, {"job", entry.job->name()}});
    entry.failures = 0;
    entry.retry_at = {};
    entry.error.reset();
    return;
  }
  if (!entry.error || entry.error->message != outcome.error().message)
    log_error_event(
        LogLevel::kWarn, "upkeep of a replica fails", outcome.error(),
        {{"database", place_.database}, {"replica", place_.replica}, {"job", entry.job->name()}});
  entry.retry_at = clock_.mono() + retry_delay(++entry.failures);
  entry.error = std::move(outcome.error());
}

}  // namespace streamd::replicate
