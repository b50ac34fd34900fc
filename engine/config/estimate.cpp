#include "config/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/printable.h"

namespace streamd::config {
namespace {

constexpr milliseconds kMonth = std::chrono::hours(30 * 24);

// List prices of write requests, US dollars per 1,000; other endpoints behind the same driver may
// have others.
struct Price {
  const char* driver;
  double per_thousand;
};
constexpr std::array<Price, 1> kPrices{{{"s3", 0.005}}};

std::uint64_t times(milliseconds interval) {
  return static_cast<std::uint64_t>(kMonth / std::max(interval, milliseconds(1)));
}

}  // namespace

std::vector<RequestEstimate> estimate_requests(const Config& config) {
  std::vector<RequestEstimate> estimates;
  for (const Database& database : config.databases) {
    for (const Replica& replica : database.replicas) {
      RequestEstimate estimate{database.name, replica.name, times(replica.sync_interval),
                               times(replica.snapshot_interval), std::nullopt};
      for (const Price& price : kPrices)
        if (replica.driver == price.driver)
          estimate.dollars = static_cast<double>(estimate.uploads()) / 1000 * price.per_thousand;
      estimates.push_back(std::move(estimate));
    }
  }
  return estimates;
}

std::string estimate_report(const std::vector<RequestEstimate>& estimates) {
  std::string text;
  for (const RequestEstimate& one : estimates) {
    text += fmt::format(
        "{} -> {}: at most {} uploads a month while it is written to without a pause "
        "({} syncs, {} snapshots without their parts)",
        printable(one.database), one.replica, one.uploads(), one.syncs, one.snapshots);
    if (one.dollars) text += fmt::format(", about ${:.2f} at list price", *one.dollars);
    text += "\n";
  }
  return text;
}

}  // namespace streamd::config
