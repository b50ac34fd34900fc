// The keys of a configured replica.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "config/model.h"
#include "crypt/keyring.h"

namespace streamd::daemon {

// `folder`: of the replica in the local state; empty = no local state is used. `identities`: paths
// or keys beside the replica's own. kInvalidConfig when a recipient or an identity is none.
Result<std::shared_ptr<crypt::Keyring>> open_keyring(const config::Replica& replica,
                                                     const std::string& folder,
                                                     const std::vector<std::string>& identities);
// Where its key files lie.
std::string key_folder(const std::string& replica_folder);

}  // namespace streamd::daemon
