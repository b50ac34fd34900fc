// The hashes of a body: a pass over it, since they are signed before it is sent.
#pragma once
#include <streamd/driver.hpp>
#include <string>

#include "shared.h"

namespace streamd::s3 {

// SHA-256 in hex. A code of the source comes back unchanged. With `keep` the bytes are put there.
streamd_code hash_body(const sdk::Call& call, const Body& body, std::string& hash,
                       std::string* keep = nullptr);
// MD5 in base64.
streamd_code md5_of_body(const sdk::Call& call, const Body& body, std::string& md5);

// [offset, offset + size) of the source, which is borrowed.
Body body_of_source(const streamd_source& source, std::uint64_t offset, std::uint64_t size);

}  // namespace streamd::s3
