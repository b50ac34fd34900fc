// What the intervals can lead to: requests a month, and their price where it is known. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"

namespace streamd::config {

// Of a database that is written to without a pause; an idle one costs nothing. Uploads of a
// snapshot's parts depend on the size of the database and are not in here.
struct RequestEstimate {
  std::string database, replica;
  std::uint64_t syncs = 0;        // uploads in 30 days
  std::uint64_t snapshots = 0;    // manifests
  std::optional<double> dollars;  // for all of these; nullopt = no price known for the driver
  std::uint64_t uploads() const { return syncs + snapshots; }
};
std::vector<RequestEstimate> estimate_requests(const Config& config);
// For `config check`: a line for each replica.
std::string estimate_report(const std::vector<RequestEstimate>& estimates);

}  // namespace streamd::config
