// Operations of a driver as tests ask for them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <streamd/driver.hpp>
#include <string>

#include "test_call.h"

namespace streamd::cloud {

// `size` bytes of 'x'; fails from `fails_at` on with code 77.
struct TestSource {
  explicit TestSource(std::uint64_t size, std::uint64_t fails = UINT64_MAX) : fails_at(fails) {
    abi.struct_size = sizeof abi;
    abi.ctx = this;
    abi.size = size;
    abi.read_at = [](void* self, std::uint64_t offset, void* to, std::size_t cap) {
      return static_cast<TestSource*>(self)->read(offset, to, cap);
    };
  }
  std::int64_t read(std::uint64_t offset, void* to, std::size_t cap) {
    if (offset >= fails_at) return -77;
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(cap, abi.size - offset));
    std::fill_n(static_cast<char*>(to), n, 'x');
    bytes_read += n;
    return static_cast<std::int64_t>(n);
  }
  std::uint64_t fails_at;
  std::uint64_t bytes_read = 0;
  streamd_source abi{};
};

inline streamd_code put(sdk::Driver& driver, const TestCall& host, const char* key,
                        const TestSource& source, std::uint32_t flags = 0) {
  const sdk::Call call(&host.abi);
  streamd_put request{};
  request.struct_size = sizeof request;
  request.key = key;
  request.flags = flags;
  streamd_object out{};
  return driver.put(call, request, source.abi, out);
}

inline streamd_code get(sdk::Driver& driver, const TestCall& host, std::string& data,
                        std::uint64_t offset = 0, std::uint64_t length = STREAMD_TO_THE_END) {
  const sdk::Call call(&host.abi);
  streamd_get request{};
  request.struct_size = sizeof request;
  request.key = "k";
  request.offset = offset;
  request.length = length;
  const streamd_sink sink{&data, [](void* to, const void* bytes, std::size_t size) {
                            static_cast<std::string*>(to)->append(static_cast<const char*>(bytes),
                                                                  size);
                            return streamd_code{STREAMD_OK};
                          }};
  streamd_object out{};
  return driver.get(call, request, sink, out);
}

}  // namespace streamd::cloud
