// The wrapped keys of a replica: without them nobody but the machine that wrote a generation can
// open it.
#pragma once
#include "crypt/keyring.h"
#include "verify/judge.h"

namespace streamd::verify {

// Those that are listed, and those that the keyring holds of a generation that is listed. What a
// finding costs is all of its generation. The store's errors.
Result<std::vector<Finding>> check_keys(storage::Store& store, const Listing& listing,
                                        const crypt::Keyring& keys, const storage::Call& call);

}  // namespace streamd::verify
