// A TOML file as a tree with line numbers. toml++ stays behind document.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/problem.h"

namespace streamd::config {

struct Node;
struct Member;
using Table = std::vector<Member>;  // in the order of the file
using Array = std::vector<Node>;
struct OtherValue {};  // a date or time: no option takes one

struct Node {
  std::variant<std::string, std::int64_t, double, bool, Array, Table, OtherValue> value;
  Origin where;

  // nullptr when it is another kind.
  const std::string* string() const;
  const Table* table() const;
  const Array* array() const;
  const char* kind() const;  // "a string", "a number", ...
};
struct Member {
  std::string key;
  Node value;
};

const Node* member(const Table& table, std::string_view key);  // nullptr when absent

// kInvalidConfig with "file:line:column: what the parser says".
Result<Node> parse_toml(std::string_view text, const std::string& file);

}  // namespace streamd::config
