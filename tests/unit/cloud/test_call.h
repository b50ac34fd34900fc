// A host for tests: one call with its error and its log.
#pragma once
#include <atomic>
#include <streamd/driver.hpp>
#include <string>
#include <vector>

namespace streamd::cloud {

struct TestCall {
  TestCall() {
    error.struct_size = sizeof error;
    abi.struct_size = sizeof abi;
    abi.timeout_ms = 60'000;
    abi.ctx = this;
    abi.cancelled = [](void* self) { return static_cast<TestCall*>(self)->cancel ? 1 : 0; };
    abi.log = [](void* self, int level, const char* line) {
      static_cast<TestCall*>(self)->lines.push_back(std::to_string(level) + " " + line);
    };
    abi.error = &error;
  }
  TestCall(const TestCall&) = delete;
  TestCall& operator=(const TestCall&) = delete;
  bool logged(const std::string& part) const {
    for (const std::string& line : lines)
      if (line.find(part) != std::string::npos) return true;
    return false;
  }
  std::string message() const { return error.message; }

  std::atomic<bool> cancel = false;
  std::vector<std::string> lines;
  streamd_error error{};
  streamd_call abi{};
};

// Options as the host passes them.
struct TestOptions {
  TestOptions(std::vector<std::pair<std::string, std::string>> given) : values(std::move(given)) {
    for (const auto& [name, value] : values) pairs.push_back({name.c_str(), value.c_str()});
  }
  sdk::Options options() const { return {pairs.data(), pairs.size()}; }
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<streamd_kv> pairs;
};

}  // namespace streamd::cloud
