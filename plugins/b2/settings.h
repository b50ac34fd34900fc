// An instance's options, read and checked.
#pragma once
#include <cstdint>
#include <streamd/driver.hpp>
#include <string>

#include "endpoint.h"
#include "environment.h"
#include "network.h"

namespace streamd::b2 {
using namespace cloud;

struct Settings {
  Endpoint endpoint;  // that is asked for the authorization; it names the others
  Network network;
  std::string bucket;
  std::string key_id, application_key;  // empty: there are none anywhere
  std::string looked_in;                // for the message then
  std::uint64_t part_size = 0;
  std::uint32_t parallel_parts = 0;
  std::uint32_t max_concurrency = 0;
};

// clang-format off
#define STREAMD_B2_OPTIONS \
  {"bucket", "string", nullptr, "the bucket", STREAMD_OPTION_REQUIRED, 0}, \
  {"key-id", "string", nullptr, "id of the application key; without it the environment: STREAMD_B2_KEY_ID, B2_APPLICATION_KEY_ID", 0, 0}, \
  {"application-key", "string", nullptr, "the application key of key-id; in the environment: STREAMD_B2_APPLICATION_KEY, B2_APPLICATION_KEY", STREAMD_OPTION_SECRET, 0}, \
  {"endpoint", "string", nullptr, "host to ask instead of api.backblazeb2.com, or its URL", 0, 0}, \
  {"part-size", "size", "16MiB", "objects above this are sent as large files in parts of it, at least 5MiB", 0, 0}, \
  {"parallel-parts", "int", "4", "parts of one object sent at a time", 0, 0}, \
  {"max-concurrency", "int", "8", "operations at a time", 0, 0}, \
  STREAMD_NETWORK_OPTIONS
// clang-format on

// INVALID_CONFIG, with the sentence, when the options make no sense together.
streamd_code read_settings(const sdk::Options& options, const sdk::Call& call,
                           const Environment& environment, Settings& settings);

}  // namespace streamd::b2
