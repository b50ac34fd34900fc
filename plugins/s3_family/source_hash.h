// The hash of a part of the host's source: a pass over it, since it is signed before it is sent.
#pragma once
#include <streamd/driver.hpp>
#include <string>

#include "shared.h"

namespace streamd::s3 {

// Sets hash (SHA-256 in hex) of [offset, offset + size). A code of the source comes back unchanged.
// With `keep` the bytes are put there.
streamd_code hash_source(const sdk::Call& call, const streamd_source& source, std::uint64_t offset,
                         std::uint64_t size, std::string& hash, std::string* keep = nullptr);

}  // namespace streamd::s3
