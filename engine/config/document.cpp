#include "config/document.h"

#include <toml++/toml.h>
#include <algorithm>
#include <array>

namespace streamd::config {
namespace {

Node convert(const toml::node& node, const std::string& file) {
  Node out{OtherValue{}, {file, static_cast<int>(node.source().begin.line)}};
  if (const auto* text = node.as_string()) {
    out.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.value = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    out.value = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    out.value = boolean->get();
  } else if (const auto* array = node.as_array()) {
    Array items;
    for (const toml::node& item : *array) items.push_back(convert(item, file));
    out.value = std::move(items);
  } else if (const auto* table = node.as_table()) {
    Table members;
    for (const auto& [key, value] : *table) {
      Node child = convert(value, file);
      // A value's own place may lie lines below its key.
      if (child.table() == nullptr) child.where.line = static_cast<int>(key.source().begin.line);
      members.push_back({std::string(key.str()), std::move(child)});
    }
    std::stable_sort(members.begin(), members.end(), [](const auto& left, const auto& right) {
      return left.value.where.line < right.value.where.line;
    });
    out.value = std::move(members);
  }
  return out;
}

}  // namespace

const std::string* Node::string() const {
  return std::get_if<std::string>(&value);
}
const Table* Node::table() const {
  return std::get_if<Table>(&value);
}
const Array* Node::array() const {
  return std::get_if<Array>(&value);
}
const char* Node::kind() const {
  constexpr std::array<const char*, 7> kKinds{
      "a string", "a number", "a fraction", "true or false", "a list", "a table", "a date or time"};
  return kKinds[value.index()];
}

const Node* member(const Table& table, std::string_view key) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.key == key; });
  return found == table.end() ? nullptr : &found->value;
}

Result<Node> parse_toml(std::string_view text, const std::string& file) {
  try {
    return convert(toml::parse(text, file), file);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    std::string what(error.description());
    std::replace(what.begin(), what.end(), '\n', ' ');
    return make_error(
        Code::kInvalidConfig,
        file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + what,
        "a text, a path too, stands in quotes, each setting on a line of its own: name = "
        "\"value\"; "
        "https://toml.io has the syntax");
  }
}

}  // namespace streamd::config
