// A driver instance whose store is a test's script.
#pragma once
#include <boost/test/unit_test.hpp>
#include <memory>

#include "scripted_server.h"
#include "store.h"
#include "test_call.h"
#include "test_operations.h"

namespace streamd::s3 {

inline std::string error_xml(const std::string& code) {
  return "<Error><Code>" + code + "</Code><Message>words</Message></Error>";
}

// Options that point to the server; more may follow.
inline std::unique_ptr<sdk::Driver> open_at(
    const std::string& endpoint,
    const std::vector<std::pair<std::string, std::string>>& more = {}) {
  std::vector<std::pair<std::string, std::string>> given = {{"bucket", "bucket"},
                                                            {"endpoint", endpoint},
                                                            {"access-key-id", "AKID"},
                                                            {"secret-access-key", "secret"},
                                                            {"part-size", "5242880"}};
  given.insert(given.end(), more.begin(), more.end());
  const TestOptions options(given);
  TestCall host;
  const sdk::Call call(&host.abi);
  std::unique_ptr<sdk::Driver> instance;
  BOOST_REQUIRE_MESSAGE(Store::open(options.options(), call, {}, instance) == STREAMD_OK,
                        host.message());
  return instance;
}

}  // namespace streamd::s3
