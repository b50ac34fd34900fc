// What is wrong with a replica, by its listing and by what its objects say of themselves. Pure.
#pragma once
#include <string>
#include <vector>

#include "verify/lost.h"

namespace streamd::verify {

enum class Fault : std::uint8_t {
  kDamaged,      // the object is not what was written, or not what its name says
  kMissing,      // something is not there that others need
  kContradicts,  // whole, but it does not continue what lies before it
};
const char* to_text(Fault fault);  // "damaged", "missing", "contradicts"

struct Finding {
  Fault fault = Fault::kDamaged;
  std::string key;         // empty: names do not tell which object is missing
  std::string what;        // one sentence without a period
  std::vector<Lost> lost;  // what it alone costs; empty: nothing, others hold the same
  bool operator==(const Finding&) const = default;
};

// By key. Objects that were never read are taken to be whole.
std::vector<Finding> judge(const Listing& listing, const Memory& memory);

// The keys that findings name.
std::set<std::string> keys_of(const std::vector<Finding>& findings);

// What all findings together cost, gaps among them.
std::vector<Lost> cost_of(const Listing& listing, const Memory& memory,
                          const std::vector<Finding>& findings);

}  // namespace streamd::verify
