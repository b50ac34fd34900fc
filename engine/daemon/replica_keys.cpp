#include "daemon/replica_keys.h"

#include "base/file.h"

namespace streamd::daemon {

std::string key_folder(const std::string& replica_folder) {
  return join_path(replica_folder, "keys");
}

Result<std::shared_ptr<crypt::Keyring>> open_keyring(const config::Replica& replica,
                                                     const std::string& folder,
                                                     const std::vector<std::string>& identities) {
  crypt::KeyringSetup setup;
  if (!folder.empty()) setup.folder = key_folder(folder);
  for (const std::string& recipient : replica.recipients)
    setup.recipients.push_back(TRY(crypt::parse_public_key(recipient)));
  std::vector<std::string> named = identities;
  if (!replica.identity.empty()) named.push_back(replica.identity);
  for (const std::string& each : named)
    for (crypt::Identity& identity : TRY(crypt::load_identities(each)))
      setup.identities.push_back(std::move(identity));
  return crypt::Keyring::open(std::move(setup));
}

}  // namespace streamd::daemon
