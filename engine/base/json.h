// JSON: a value that can be built, printed and read. Poco does the work behind it.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace streamd {

std::string json_quote(std::string_view text);  // with the quotes; control characters escaped

// Objects keep the order in which members were set, so that output reads as it was written.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;
  Json() = default;                    // null
  Json(bool value) : value_(value) {}  // NOLINT: literals read best implicitly
  Json(int value) : value_(static_cast<std::int64_t>(value)) {}            // NOLINT
  Json(std::int64_t value) : value_(value) {}                              // NOLINT
  Json(std::uint32_t value) : value_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Json(double value) : value_(value) {}                                    // NOLINT
  Json(const char* value) : value_(std::string(value)) {}                  // NOLINT
  Json(std::string value) : value_(std::move(value)) {}                    // NOLINT
  Json(Array value) : value_(std::move(value)) {}                          // NOLINT
  static Json object(Object members = {}) {
    Json json;
    json.value_ = std::move(members);
    return json;
  }
  static Json array() { return Json(Array{}); }

  Json& set(std::string name, Json value);  // makes this an object when it was null
  void push(Json value);                    // makes this an array when it was null

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  // What is there, or the fallback when it is absent or of another type.
  std::string string(std::string_view name, std::string fallback = {}) const;
  std::int64_t integer(std::string_view name, std::int64_t fallback = 0) const;
  bool boolean(std::string_view name, bool fallback = false) const;
  const Json& at(std::string_view name) const;  // null when absent
  const Array& items() const;                   // empty when this is no array
  const std::string* as_string() const { return std::get_if<std::string>(&value_); }

  std::string print(int indent = 0) const;  // 0 = one line
  static Result<Json> parse(std::string_view text);

 private:
  void print_to(std::string& out, int indent, int depth) const;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

}  // namespace streamd
