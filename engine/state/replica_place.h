// Where this local state has replicated to: replicas/<name>/place (docs/formats/local-state.md). A
// replica found empty in that very place is most often a drive that is not mounted.
#pragma once
#include <string>

#include "base/result.h"

namespace streamd::state {

// `folder`: the replica's, of Layout::replica. `place`: which one it is now, as a text.
Result<bool> was_replicated_to(const std::string& folder, const std::string& place);
Status remember_place(const std::string& folder, const std::string& place);
// kTransient when it was: what an empty replica means there. To fill it, or to take it for the
// proof that there is no backup, would hide that.
Status refuse_if_emptied(const std::string& folder, const std::string& place);

}  // namespace streamd::state
