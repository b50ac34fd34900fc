// A parser of foreign bytes as a function of bytes. Whatever they are it returns: an error costs
// nothing here. What must hold of bytes that were accepted is said with require().
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace streamd::fuzz {

struct Target {
  const char* name;  // its corpus is the folder of this name
  void (*run)(ByteView bytes);
};

// One table a domain, each in the file of its name.
std::span<const Target> object_targets();
std::span<const Target> replica_targets();
std::span<const Target> log_targets();
std::span<const Target> state_targets();
std::span<const Target> catalog_targets();
std::span<const Target> config_targets();
std::span<const Target> store_targets();
std::span<const Target> http_targets();
std::span<const Target> litestream_targets();

// nullptr when there is none of this name.
const Target* find_target(std::string_view name);
// Of all tables, one after the other.
std::span<const Target> all_targets();

// Prints the sentence and aborts unless it is true.
void require(bool truth, const char* sentence);

}  // namespace streamd::fuzz
