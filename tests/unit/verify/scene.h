// A replica with some history, and shorthand for what every test of its verification does.
#pragma once
#include <boost/test/unit_test.hpp>

#include "restore/replica_builder.h"
#include "verify/verify.h"

namespace streamd::verify {

using restore::ReplicaBuilder;
using segment::must;

inline std::ostream& boost_test_print_type(std::ostream& out, Fault fault) {
  return out << to_text(fault);
}

// 1 is a snapshot of 12 pages in parts, then segments 2-4, 5-6, 7-9, a snapshot of 9, and 10-11.
struct Scene {
  explicit Scene(unsigned seed = 7) : replica(seed) {
    replica.begin_with(12);
    first = to_text(replica.snapshot());
    segments.push_back(seal(3));
    segments.push_back(seal(2));
    segments.push_back(seal(3));
    second = to_text(replica.snapshot());
    segments.push_back(seal(2));
  }
  std::string seal(int transactions) {
    replica.commit(transactions);
    return to_text(replica.seal());
  }
  VerifyReport verify() { return must(streamd::verify::verify(*replica.store, memory, options)); }
  void flip(const std::string& key, std::size_t at) {
    Bytes bytes = replica.store->content(key);
    bytes.at(at) ^= 0x10;
    replica.store->mtime_ns += 1'000'000;
    replica.store->set(key, std::move(bytes));
  }
  std::vector<std::string> objects() const {
    std::vector<std::string> keys;
    for (const std::string& key : replica.store->keys())
      if (key.starts_with("generations/")) keys.push_back(key);
    return keys;
  }

  ReplicaBuilder replica;
  std::string first, second;          // keys of the snapshots
  std::vector<std::string> segments;  // keys
  Memory memory;
  VerifyOptions options;
};

// first and last transaction of each
inline std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges(const std::vector<Lost>& lost) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
  for (const Lost& one : lost) all.emplace_back(one.first.value, one.last.value);
  return all;
}
using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

}  // namespace streamd::verify

namespace streamd {
inline std::ostream& boost_test_print_type(std::ostream& out, Code code) {
  return out << code_name(code);
}
}  // namespace streamd
