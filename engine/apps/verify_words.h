// What verify and repair say: findings, what they cost and what to do, for people and as JSON.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "catalog/timeline.h"
#include "verify/verify.h"

namespace streamd::apps {

// Another replica of the same database, and what it can restore.
struct OtherReplica {
  std::string name;
  catalog::Timeline timeline;
};

struct Advisor {
  std::string database;  // as the command takes it
  std::string replica;   // the damaged one
  std::vector<OtherReplica> others;
  // What to do about a finding, one sentence.
  std::string advice(const verify::Finding& finding) const;
};

// "transactions 5 to 9 of generation 0000000187b01151, between 4 (2026-...) and 10 (2026-...)"
std::string to_text(const verify::Lost& lost);
Json to_json(const verify::Lost& lost);
Json to_json(const verify::Finding& finding, const std::string& advice);

// Lines, each ended; the findings indented below.
std::string describe(const verify::VerifyReport& report, const Advisor& advisor);
// Members of the replica's object.
Json to_json(const verify::VerifyReport& report, const Advisor& advisor);

}  // namespace streamd::apps
