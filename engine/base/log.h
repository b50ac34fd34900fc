// One line per event: a level, a short message, and fields that are the same in text and JSON.
//   log_info("replication started", {{"database", path}, {"generation", id}});
// Secrets are never passed in. Results go to stdout, logs to stderr. Any thread.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace streamd {

enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kText, kJson };

// A named value. Numbers stay numbers in JSON.
class Field {
 public:
  Field(std::string_view name, std::string_view text) : name_(name), text_(text) {}
  Field(std::string_view name, const char* text) : name_(name), text_(text) {}
  Field(std::string_view name, const std::string& text) : name_(name), text_(text) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> Field(std::string_view name, Number number)
      : name_(name), text_(to_text(number)), quoted_(false) {}
  const std::string& name() const { return name_; }
  const std::string& text() const { return text_; }
  bool quoted() const { return quoted_; }

 private:
  template <class Number>
  static std::string to_text(Number number) {
    if constexpr (std::is_same_v<Number, bool>)
      return number ? "true" : "false";
    else
      return std::to_string(number);
  }
  std::string name_, text_;
  bool quoted_ = true;
};
using Fields = std::initializer_list<Field>;

void log_configure(LogLevel level, LogFormat format);
void log_set_level(LogLevel level);
bool log_enabled(LogLevel level);
void log_event(LogLevel level, std::string_view message, Fields fields = {});
// The error's message as field "error" and, when there is one, its hint.
void log_error_event(LogLevel level, std::string_view message, const Error& error,
                     Fields fields = {});

inline void log_debug(std::string_view message, Fields fields = {}) {
  log_event(LogLevel::kDebug, message, fields);
}
inline void log_info(std::string_view message, Fields fields = {}) {
  log_event(LogLevel::kInfo, message, fields);
}
inline void log_warn(std::string_view message, Fields fields = {}) {
  log_event(LogLevel::kWarn, message, fields);
}
inline void log_error(std::string_view message, Fields fields = {}) {
  log_event(LogLevel::kError, message, fields);
}

const char* level_name(LogLevel level);
bool parse_level(std::string_view text, LogLevel& out);

// For tests: lines go to this function instead of stderr; empty = stderr again.
void log_capture(void (*line)(const std::string&));

}  // namespace streamd
