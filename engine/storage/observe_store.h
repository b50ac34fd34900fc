// Counts what a store does: for metrics and for `status`.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "storage/store.h"
#include "storage/timing.h"

namespace streamd::storage {

enum class Operation : std::uint8_t { kProbe, kPut, kGet, kStat, kList, kRemove };
constexpr std::size_t kOperations = 6;
const char* operation_name(Operation operation);  // "probe", "put", ...

// Upper bounds of the latency buckets; the last bucket has none.
constexpr std::array<milliseconds, 11> kLatencyBounds{
    milliseconds(5),    milliseconds(10),    milliseconds(25),   milliseconds(50),
    milliseconds(100),  milliseconds(250),   milliseconds(500),  milliseconds(1000),
    milliseconds(2500), milliseconds(10000), milliseconds(60000)};

struct OperationCounts {
  std::uint64_t calls = 0;  // ended, successful or not
  std::uint64_t bytes = 0;  // of content stored or delivered; partial gets count
  std::map<Code, std::uint64_t> errors;
  std::array<std::uint64_t, kLatencyBounds.size() + 1> latency{};  // calls by duration
  std::chrono::microseconds total_time{0};
};
using StoreCounts = std::array<OperationCounts, kOperations>;  // by Operation

// Any thread.
class StoreMetrics {
 public:
  void record(Operation operation, std::uint64_t bytes, std::chrono::microseconds time,
              const Error* error);
  StoreCounts snapshot() const;

 private:
  mutable std::mutex mutex_;
  StoreCounts counts_;
};

// Every attempt counts when this lies below retry.
std::shared_ptr<Store> with_metrics(std::shared_ptr<Store> inner,
                                    std::shared_ptr<StoreMetrics> metrics, Timing timing);

}  // namespace streamd::storage
