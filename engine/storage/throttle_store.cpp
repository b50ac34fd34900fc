#include "storage/throttle_store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "storage/gate.h"

namespace streamd::storage {
namespace {

// One pace for everything that goes through one store.
class Pace {
 public:
  Pace(std::uint64_t rate, Timing timing)
      : unlimited_(rate == 0),
        bucket_(std::max<std::uint64_t>(rate, 1)),
        timing_(std::move(timing)) {}

  Status wait_for(std::uint64_t bytes, const Call& call) {
    if (unlimited_) return {};
    milliseconds time{0};
    {
      const std::lock_guard lock(mutex_);
      time = bucket_.take(bytes, timing_.clock->mono());
    }
    if (time.count() > 0 && timing_.sleep(time, call.cancel))
      return make_error(Code::kCancelled, "cancelled while keeping to the bandwidth limit");
    return {};
  }

 private:
  const bool unlimited_;
  std::mutex mutex_;
  TokenBucket bucket_;
  Timing timing_;
};

class PacedSource final : public ByteSource {
 public:
  PacedSource(const ByteSource& inner, Pace& pace, const Call& call)
      : inner_(&inner), pace_(&pace), call_(&call) {}
  std::uint64_t size() const override { return inner_->size(); }
  Status read_at(std::uint64_t offset, MutableBytes out) const override {
    TRY(pace_->wait_for(out.size(), *call_));
    return inner_->read_at(offset, out);
  }

 private:
  const ByteSource* inner_;
  Pace* pace_;
  const Call* call_;
};

class ThrottleStore final : public Store {
 public:
  ThrottleStore(std::shared_ptr<Store> inner, ThrottleLimits limits, Timing timing)
      : inner_(std::move(inner)),
        gate_(limits.operations),
        pace_(limits.bytes_per_second, std::move(timing)) {}

  Result<Capabilities> probe(const Call& call) override {
    const auto place = TRY(gate_.enter(call));
    return inner_->probe(call);
  }
  Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                         const PutOptions& options, const Call& call) override {
    const auto place = TRY(gate_.enter(call));
    return inner_->put(key, PacedSource(source, pace_, call), options, call);
  }
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const Sink& sink, const Call& call) override {
    const auto place = TRY(gate_.enter(call));
    const Sink paced = [&](ByteView bytes) -> Status {
      TRY(pace_.wait_for(bytes.size(), call));
      return sink(bytes);
    };
    return inner_->get(key, offset, length, paced, call);
  }
  Result<ObjectStat> stat(const std::string& key, const Call& call) override {
    const auto place = TRY(gate_.enter(call));
    return inner_->stat(key, call);
  }
  Status list(const std::string& prefix, const std::string& start_after, const ListSink& sink,
              const Call& call) override {
    const auto place = TRY(gate_.enter(call));
    return inner_->list(prefix, start_after, sink, call);
  }
  Status remove(std::span<const std::string> keys, const Call& call) override {
    const auto place = TRY(gate_.enter(call));
    return inner_->remove(keys, call);
  }

 private:
  std::shared_ptr<Store> inner_;
  Gate gate_;
  Pace pace_;
};

}  // namespace

milliseconds TokenBucket::take(std::uint64_t bytes, MonoTime now) {
  using std::chrono::duration_cast;
  constexpr milliseconds kBurst{250};
  const std::chrono::duration<double> cost(static_cast<double>(bytes) / static_cast<double>(rate_));
  const MonoTime earliest = now - kBurst;  // unused time is credit, but not more than a burst
  if (!started_ || paid_until_ < earliest) paid_until_ = earliest;
  started_ = true;
  paid_until_ += duration_cast<MonoTime::duration>(cost);
  return std::max(std::chrono::ceil<milliseconds>(paid_until_ - now), milliseconds(0));
}

std::shared_ptr<Store> with_throttle(std::shared_ptr<Store> inner, ThrottleLimits limits,
                                     Timing timing) {
  if (limits.bytes_per_second == 0 && limits.operations == 0) return inner;
  return std::make_shared<ThrottleStore>(std::move(inner), limits, std::move(timing));
}

}  // namespace streamd::storage
