// AWS Signature Version 4, as a function of its arguments: no clock, no environment, no network.
#pragma once
#include <string>

#include "shared.h"

namespace streamd::s3 {

// A request as it is signed. The path is the decoded one and is never normalised: in S3 "a/../b"
// and "a//b" are names like any other.
struct SignedParts {
  std::string method;
  std::string path;          // decoded; begins with '/'
  Pairs query;               // decoded
  Pairs headers;             // each of them is signed; host and x-amz-date belong in here
  std::string payload_hash;  // SHA-256 of the body in hex
};

struct SigningKey {
  std::string access_key_id;
  std::string secret_access_key;
  std::string region;
  std::string service = "s3";
};

std::string canonical_request(const SignedParts& parts);
// `date` as amz_date() spells it.
std::string string_to_sign(const SignedParts& parts, const SigningKey& key,
                           const std::string& date);
// The value of the header Authorization.
std::string authorization(const SignedParts& parts, const SigningKey& key, const std::string& date);

}  // namespace streamd::s3
