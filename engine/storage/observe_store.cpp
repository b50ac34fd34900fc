#include "storage/observe_store.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace streamd::storage {
namespace {

class ObserveStore final : public Store {
 public:
  ObserveStore(std::shared_ptr<Store> inner, std::shared_ptr<StoreMetrics> metrics, Timing timing)
      : inner_(std::move(inner)), metrics_(std::move(metrics)), timing_(std::move(timing)) {}

  Result<Capabilities> probe(const Call& call) override {
    return observed(Operation::kProbe, [&](std::uint64_t&) { return inner_->probe(call); });
  }
  Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                         const PutOptions& options, const Call& call) override {
    return observed(Operation::kPut, [&](std::uint64_t& bytes) {
      auto stored = inner_->put(key, source, options, call);
      if (stored) bytes = source.size();
      return stored;
    });
  }
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const Sink& sink, const Call& call) override {
    return observed(Operation::kGet, [&](std::uint64_t& bytes) {
      const Sink count = [&](ByteView part) {
        bytes += part.size();
        return sink(part);
      };
      return inner_->get(key, offset, length, count, call);
    });
  }
  Result<ObjectStat> stat(const std::string& key, const Call& call) override {
    return observed(Operation::kStat, [&](std::uint64_t&) { return inner_->stat(key, call); });
  }
  Status list(const std::string& prefix, const std::string& start_after, const ListSink& sink,
              const Call& call) override {
    return observed(Operation::kList,
                    [&](std::uint64_t&) { return inner_->list(prefix, start_after, sink, call); });
  }
  Status remove(std::span<const std::string> keys, const Call& call) override {
    return observed(Operation::kRemove, [&](std::uint64_t&) { return inner_->remove(keys, call); });
  }

 private:
  template <class Run>
  std::invoke_result_t<Run, std::uint64_t&> observed(Operation operation, const Run& run) {
    const MonoTime start = timing_.clock->mono();
    std::uint64_t bytes = 0;
    auto result = run(bytes);
    const auto time =
        std::chrono::duration_cast<std::chrono::microseconds>(timing_.clock->mono() - start);
    metrics_->record(operation, bytes, time, result ? nullptr : &result.error());
    return result;
  }
  std::shared_ptr<Store> inner_;
  std::shared_ptr<StoreMetrics> metrics_;
  Timing timing_;
};

}  // namespace

const char* operation_name(Operation operation) {
  constexpr std::array<const char*, kOperations> kNames{"probe", "put",  "get",
                                                        "stat",  "list", "remove"};
  return kNames[static_cast<std::size_t>(operation)];
}

void StoreMetrics::record(Operation operation, std::uint64_t bytes, std::chrono::microseconds time,
                          const Error* error) {
  const auto* bound = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), time);
  const std::lock_guard lock(mutex_);
  OperationCounts& counts = counts_[static_cast<std::size_t>(operation)];
  ++counts.calls;
  counts.bytes += bytes;
  counts.total_time += time;
  ++counts.latency[static_cast<std::size_t>(bound - kLatencyBounds.begin())];
  if (error != nullptr) ++counts.errors[error->code];
}

StoreCounts StoreMetrics::snapshot() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::shared_ptr<Store> with_metrics(std::shared_ptr<Store> inner,
                                    std::shared_ptr<StoreMetrics> metrics, Timing timing) {
  return std::make_shared<ObserveStore>(std::move(inner), std::move(metrics), std::move(timing));
}

}  // namespace streamd::storage
