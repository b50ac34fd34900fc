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
using Table = std::vector<std::pair<std::string, Node>>;  // in the order of the file
using Array = std::vector<Node>;
struct OtherValue {};  // a date or time: no option takes one

struct Node {
  std::variant<std::string, std::int64_t, double, bool, Array, Table, OtherValue> value;
  Origin where;

  const std::string* string() const { return std::get_if<std::string>(&value); }
  const Table* table() const { return std::get_if<Table>(&value); }
  const Array* array() const { return std::get_if<Array>(&value); }
  const char* kind() const;  // "a string", "a number", ...
};

const Node* member(const Table& table, std::string_view key);  // nullptr when absent

// kInvalidConfig with "file:line:column: what the parser says".
Result<Node> parse_toml(std::string_view text, const std::string& file);

}  // namespace streamd::config
