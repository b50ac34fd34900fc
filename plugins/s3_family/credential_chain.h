// The order in which credentials are looked for.
#pragma once
#include "settings.h"

namespace streamd::s3 {

// Configuration, STREAMD_*, LITESTREAM_*, AWS_* of the environment, the shared credentials file;
// where the store is AWS also web identity, container, instance.
std::unique_ptr<CredentialChain> make_credential_chain(const Settings& settings);

}  // namespace streamd::s3
