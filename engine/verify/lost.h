// What it costs when objects are of no use: the moments that can no longer be restored. Pure.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "verify/facts.h"

namespace streamd::verify {

// Consecutive transactions of one generation.
struct Lost {
  GenerationId generation{};
  Txid first{}, last{};
  // The restorable moments around them; txid 0 = there is none.
  Txid before{}, after{};
  Micros before_time = 0, after_time = 0;  // the end of the millisecond that names tell
  bool operator==(const Lost&) const = default;
};

// The listing without the objects in `bad`, and without manifests that name a part in it.
std::vector<catalog::Listed> usable(const Listing& listing, const Memory& memory,
                                    const std::set<std::string>& bad);

// What `all` lets restore and `left` does not.
std::vector<Lost> difference(const catalog::Timeline& all, const catalog::Timeline& left);

// What of `lost` cannot be restored by `now`.
std::vector<Lost> remaining(const std::vector<Lost>& lost, const catalog::Timeline& now);

// Both: the cost of losing `bad`, parts that are not listed among them.
std::vector<Lost> cost_of(const Listing& listing, const Memory& memory,
                          const std::set<std::string>& bad);

}  // namespace streamd::verify
