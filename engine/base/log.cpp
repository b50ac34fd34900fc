#include "base/log.h"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/printable.h"

namespace streamd {
namespace {

std::atomic<LogLevel> threshold{LogLevel::kInfo};
std::atomic<LogFormat> chosen_format{LogFormat::kText};
std::atomic<void (*)(const std::string&)> captured{nullptr};
std::mutex output_mutex;

bool needs_quotes(const std::string& text) {
  if (text.empty()) return true;
  for (const char letter : text)
    if (letter <= ' ' || letter == '"' || letter == '=' || letter == 0x7f) return true;
  return false;
}

std::string text_line(LogLevel level, std::string_view message,
                      const std::vector<const Field*>& fields) {
  std::string line = format_time(system_clock().wall_micros()) + " ";
  std::string name = level_name(level);
  name.resize(5, ' ');
  line += name + " " + printable(message);
  for (const Field* field : fields) {
    const bool quote = field->quoted() && needs_quotes(field->text());
    line += " " + field->name() + "=" + (quote ? json_quote(field->text()) : field->text());
  }
  return line;
}

std::string json_line(LogLevel level, std::string_view message,
                      const std::vector<const Field*>& fields) {
  std::string line = "{\"time\":\"" + format_time(system_clock().wall_micros()) +
                     "\",\"level\":\"" + level_name(level) +
                     "\",\"message\":" + json_quote(message);
  for (const Field* field : fields)
    line += "," + json_quote(field->name()) + ":" +
            (field->quoted() ? json_quote(field->text()) : field->text());
  return line + "}";
}

void emit(LogLevel level, std::string_view message, const std::vector<const Field*>& fields) {
  std::string line = chosen_format.load() == LogFormat::kJson ? json_line(level, message, fields)
                                                              : text_line(level, message, fields);
  const std::lock_guard lock(output_mutex);
  if (const auto sink = captured.load()) return sink(line);
  line += '\n';
  const char* at = line.data();
  for (std::size_t left = line.size();
       left > 0;) {  // a log that cannot be written is not worth dying for
    const ssize_t put = ::write(STDERR_FILENO, at, left);
    if (put <= 0) return;
    at += put;
    left -= static_cast<std::size_t>(put);
  }
}

}  // namespace

void log_configure(LogLevel level, LogFormat format) {
  threshold = level;
  chosen_format = format;
}
void log_set_level(LogLevel level) {
  threshold = level;
}
bool log_enabled(LogLevel level) {
  return level >= threshold.load(std::memory_order_relaxed);
}

void log_event(LogLevel level, std::string_view message, Fields fields) {
  if (!log_enabled(level)) return;
  std::vector<const Field*> all;
  for (const Field& field : fields) all.push_back(&field);
  emit(level, message, all);
}

void log_error_event(LogLevel level, std::string_view message, const Error& error, Fields fields) {
  if (!log_enabled(level)) return;
  const Field text("error", error.message), hint("hint", error.hint);
  std::vector<const Field*> all;
  for (const Field& field : fields) all.push_back(&field);
  all.push_back(&text);
  if (!error.hint.empty()) all.push_back(&hint);
  emit(level, message, all);
}

const char* level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return "trace";
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

bool parse_level(std::string_view text, LogLevel& out) {
  for (const LogLevel level :
       {LogLevel::kTrace, LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError})
    if (text == level_name(level)) {
      out = level;
      return true;
    }
  return false;
}

void log_capture(void (*line)(const std::string&)) {
  captured = line;
}

}  // namespace streamd
