#include "storage/retry_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <unordered_set>
#include <utility>

namespace streamd::storage {
namespace {

constexpr std::size_t kCompareStep = 256 * kKiB;

// What lies under the key after a put of unknown outcome.
struct Found {
  enum { kNothing, kOurs, kOther } what = kNothing;
  ObjectStat stat;
};

class RetryStore final : public Store {
 public:
  RetryStore(std::shared_ptr<Store> inner, RetryPolicy policy, Timing timing)
      : inner_(std::move(inner)), policy_(policy), timing_(std::move(timing)) {}

  Result<Capabilities> probe(const Call& call) override;
  Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                         const PutOptions& options, const Call& call) override;
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const Sink& sink, const Call& call) override;
  Result<ObjectStat> stat(const std::string& key, const Call& call) override;
  Status list(const std::string& prefix, const std::string& start_after, const ListSink& sink,
              const Call& call) override;
  Status remove(std::span<const std::string> keys, const Call& call) override;

 private:
  // attempt(call) until it succeeds, must not be tried again (`*final` or the table), or the
  // attempts, the time, or the patience of the caller have run out. An attempt that moved
  // `progress` is no failed one: what goes on in small steps goes on to its end.
  template <class Attempt>
  auto run(const Call& call, const bool* final, const Attempt& attempt,
           const std::uint64_t* progress = nullptr) -> decltype(attempt(call));
  Status wait(int attempt, const Error& error, const Call& call, MonoTime start) const;
  Result<ObjectStat> put_once(const std::string& key, const ByteSource& source,
                              const PutOptions& options, const Call& call, bool& unknown);
  Result<Found> look(const std::string& key, const ByteSource& source, const Call& call);

  std::shared_ptr<Store> inner_;
  RetryPolicy policy_;
  Timing timing_;
  std::atomic<bool> ordered_{false};  // lists are in order, by the last successful probe
};

template <class Attempt>
auto RetryStore::run(const Call& call, const bool* final, const Attempt& attempt,
                     const std::uint64_t* progress) -> decltype(attempt(call)) {
  const MonoTime start = timing_.clock->mono();
  std::uint64_t reached = 0;
  for (int count = 1;; ++count) {
    Call once = call;
    once.idle_timeout = policy_.idle_timeout;
    if (call.timeout.count() > 0) {
      const auto spent = std::chrono::duration_cast<milliseconds>(timing_.clock->mono() - start);
      once.timeout = std::max(call.timeout - spent, milliseconds(1));
    }
    auto result = attempt(once);
    if (result) return result;
    const bool again = retry_rule(result.error().code).retry && !(final != nullptr && *final);
    if (!again) return result;
    if (progress != nullptr && *progress != std::exchange(reached, *progress)) count = 1;
    if (count >= policy_.attempts) {
      if (count == 1) return result;
      return std::move(result.error())
          .with_context(fmt::format("gave up after {} attempts", count));
    }
    TRY(wait(count, result.error(), call, start));
  }
}

Status RetryStore::wait(int attempt, const Error& error, const Call& call, MonoTime start) const {
  const milliseconds delay = retry_delay(policy_, attempt, timing_.random(), error.retry_after);
  if (call.trouble != nullptr && timing_.clock->mono() - start >= policy_.quiet)
    (*call.trouble)(error);
  if (call.timeout.count() > 0 && timing_.clock->mono() - start + delay >= call.timeout)
    return Error(error).with_context(fmt::format("no time for attempt {}", attempt + 1));
  if (timing_.sleep(delay, call.cancel))
    return make_error(Code::kCancelled,
                      fmt::format("cancelled before attempt {}: {}", attempt + 1, error.message));
  return {};
}

Result<Capabilities> RetryStore::probe(const Call& call) {
  auto found = run(call, nullptr, [&](const Call& once) { return inner_->probe(once); });
  if (found) ordered_ = found->ordered_list;
  return found;
}

Result<ObjectStat> RetryStore::stat(const std::string& key, const Call& call) {
  return run(call, nullptr, [&](const Call& once) { return inner_->stat(key, once); });
}

Status RetryStore::remove(std::span<const std::string> keys, const Call& call) {
  return run(call, nullptr, [&](const Call& once) { return inner_->remove(keys, once); });
}

// Compares to the last byte: an equal size is no proof that an object is ours.
Result<Found> RetryStore::look(const std::string& key, const ByteSource& source, const Call& call) {
  const auto there = inner_->stat(key, call);
  if (!there && there.error().code == Code::kNotFound) return Found{};
  if (!there) return there.error();
  Found found{Found::kOther, *there};
  if (there->size != source.size()) return found;
  std::uint64_t at = 0;
  bool equal = true;
  Bytes ours;
  const auto read = inner_->get(
      key, 0, kToTheEnd,
      [&](ByteView theirs) -> Status {
        equal = equal && theirs.size() <= source.size() - at;
        while (equal && !theirs.empty()) {
          ours.resize(std::min<std::size_t>(theirs.size(), kCompareStep));
          TRY(source.read_at(at, ours));
          equal = std::equal(ours.begin(), ours.end(), theirs.begin());
          at += ours.size();
          theirs = theirs.subspan(ours.size());
        }
        return {};
      },
      call);
  if (!read) return read.error();
  if (equal && at == source.size()) found.what = Found::kOurs;
  return found;
}

Result<ObjectStat> RetryStore::put_once(const std::string& key, const ByteSource& source,
                                        const PutOptions& options, const Call& call,
                                        bool& unknown) {
  if (unknown) {
    const Found found = TRY(look(key, source, call));
    if (found.what == Found::kOurs) return found.stat;
    if (found.what == Found::kOther && options.if_absent)
      return make_error(Code::kExists, "put " + key + ": another object lies there");
  }
  auto stored = inner_->put(key, source, options, call);
  if (stored) return stored;
  if (unknown && stored.error().code == Code::kExists) {  // an earlier attempt came through late
    const Found found = TRY(look(key, source, call));
    if (found.what == Found::kOurs) return found.stat;
    if (found.what == Found::kNothing)
      return make_error(Code::kTransient,
                        "put " + key + ": the storage says that it exists, and that it does not");
  }
  unknown = unknown || retry_rule(stored.error().code).outcome_unknown;
  return stored;
}

Result<ObjectStat> RetryStore::put(const std::string& key, const ByteSource& source,
                                   const PutOptions& options, const Call& call) {
  bool unknown = false;
  return run(call, nullptr,
             [&](const Call& once) { return put_once(key, source, options, once, unknown); });
}

Result<ObjectStat> RetryStore::get(const std::string& key, std::uint64_t offset,
                                   std::uint64_t length, const Sink& sink, const Call& call) {
  std::uint64_t delivered = 0;
  bool sink_failed = false;
  const Sink count = [&](ByteView bytes) -> Status {
    Status taken = sink(bytes);
    sink_failed = !taken;
    if (taken) delivered += bytes.size();
    return taken;
  };
  const auto rest = [&](const Call& once) {
    const std::uint64_t left = length == kToTheEnd ? kToTheEnd : length - delivered;
    return inner_->get(key, offset + delivered, left, count, once);
  };
  return run(call, &sink_failed, rest, &delivered);
}

Status RetryStore::list(const std::string& prefix, const std::string& start_after,
                        const ListSink& sink, const Call& call) {
  const bool ordered = ordered_;
  std::string last = start_after;
  std::unordered_set<std::string> seen;  // what was delivered, when the order does not say it
  bool sink_failed = false;
  const ListSink once_each = [&](const std::string& key, const ObjectStat& stat) -> Status {
    if (!ordered && seen.contains(key)) return {};
    Status taken = sink(key, stat);
    sink_failed = !taken;
    if (ordered)
      last = key;
    else
      seen.insert(key);
    return taken;
  };
  return run(call, &sink_failed, [&](const Call& once) {
    return inner_->list(prefix, ordered ? last : start_after, once_each, once);
  });
}

}  // namespace

std::shared_ptr<Store> with_retry(std::shared_ptr<Store> inner, RetryPolicy policy, Timing timing) {
  return std::make_shared<RetryStore>(std::move(inner), policy, std::move(timing));
}

}  // namespace streamd::storage
