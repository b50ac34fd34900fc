// An instance's options, read and checked.
#pragma once
#include <cstdint>
#include <streamd/driver.hpp>
#include <string>

#include "address.h"
#include "credentials.h"
#include "network.h"
#include "profile.h"
#include "shared.h"

namespace streamd::s3 {

struct Settings {
  const Profile* profile = nullptr;
  std::string bucket;  // as written, for messages
  std::string region;
  Address address;
  Network network;
  Credentials credentials;  // of the configuration; may be empty
  std::string aws_profile;  // section of the shared credentials file; "" = by the environment
  std::uint64_t part_size = 0;
  std::uint32_t parallel_parts = 0;
  std::uint32_t max_concurrency = 0;
  Pairs store_headers;     // sent when an object is made: storage class, encryption
  Pairs customer_headers;  // sent with each request on an object: the customer's own key
  enum class IfAbsent { kAsk, kYes, kNo } if_absent = IfAbsent::kAsk;
};

// What the driver decides and the options do not say.
struct Dialect {
  const char* profile = "";  // a row of profile.h; "" = by option and endpoint
  std::string endpoint;      // used when the option is empty; "" = the profile's
};

// The options that all drivers of the family have.
// clang-format off
#define STREAMD_S3_COMMON_OPTIONS \
  {"access-key-id", "string", nullptr, "key id; without it the environment, the shared credentials file and, on AWS, roles are asked", 0, 0}, \
  {"secret-access-key", "string", nullptr, "the secret of access-key-id", STREAMD_OPTION_SECRET, 0}, \
  {"session-token", "string", nullptr, "token of temporary credentials", STREAMD_OPTION_SECRET, 0}, \
  {"credentials-profile", "string", nullptr, "section of the shared credentials file (default: AWS_PROFILE, else default)", 0, 0}, \
  {"part-size", "size", "16MiB", "objects above this are sent in parts of it, at least 5MiB", 0, 0}, \
  {"parallel-parts", "int", "0", "parts of one object sent at a time; 0 = what suits the provider", 0, 0}, \
  {"max-concurrency", "int", "0", "operations at a time; 0 = what suits the provider", 0, 0}, \
  {"if-absent", "string", "auto", "whether the store honours If-None-Match: auto (ask it once), yes, no", 0, 0}, \
  {"storage-class", "string", nullptr, "class of new objects, as the provider spells it", 0, 0}, \
  {"sse", "string", nullptr, "encryption at the store: AES256 or aws:kms", 0, 0}, \
  {"sse-kms-key-id", "string", nullptr, "key for sse = aws:kms (default: the bucket's)", 0, 0}, \
  {"sse-customer-key", "string", nullptr, "32 bytes in base64: the store encrypts with this key and does not keep it", STREAMD_OPTION_SECRET, 0}, \
  STREAMD_NETWORK_OPTIONS
// clang-format on

// INVALID_CONFIG, with the sentence, when the options make no sense together.
streamd_code read_settings(const sdk::Options& options, const sdk::Call& call,
                           const Dialect& dialect, Settings& settings);

}  // namespace streamd::s3
