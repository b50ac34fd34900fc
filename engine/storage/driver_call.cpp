#include "storage/driver_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "storage/provider_hint.h"

namespace streamd::storage {
namespace {

// A driver that does not keep its timeout is told to cancel so much later.
constexpr milliseconds kGrace{2000};

// A driver's text: cut at its array, one line, nothing that a terminal would act upon.
template <std::size_t N>
std::string text_of(const char (&array)[N]) {
  std::string text(array, strnlen(array, N));
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

// The next step, then what the store's support will ask for.
std::string hint_of(const streamd_error& error, Code code, const std::string& driver) {
  const std::string word = text_of(error.provider_code);
  std::string details;
  const auto add = [&details](const std::string& part) {
    details += (details.empty() ? "" : ", ") + part;
  };
  if (error.http_status != 0) add(fmt::format("http status {}", error.http_status));
  if (!word.empty() && !is_errno_name(word)) add("code " + word);
  if (const auto id = text_of(error.request_id); !id.empty()) add("request id " + id);
  const std::string step = provider_hint(code, word, driver);
  if (details.empty()) return step;
  return step.empty() ? "the provider said: " + details : step + " (" + details + ")";
}

std::uint32_t millis(milliseconds time) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, UINT32_MAX));
}

}  // namespace

Code code_from_abi(streamd_code code) {
  return code >= STREAMD_NOT_FOUND && code <= STREAMD_INTERNAL ? static_cast<Code>(code)
                                                               : Code::kInternal;
}

streamd_code code_to_abi(Code code) {
  const auto number = static_cast<streamd_code>(code);
  return number <= STREAMD_INTERNAL ? number : STREAMD_INTERNAL;
}

DriverCall::DriverCall(const std::string& driver, const Call& call)
    : driver_(&driver), call_(&call), start_(system_clock().mono()) {
  error_.struct_size = sizeof error_;
  abi_.struct_size = sizeof abi_;
  abi_.timeout_ms = millis(call.timeout);
  abi_.idle_timeout_ms = millis(call.idle_timeout);
  abi_.ctx = this;
  abi_.cancelled = poll;
  abi_.log = log;
  abi_.error = &error_;
}

streamd_code DriverCall::raise(Error error) {
  if (!raised_) raised_ = std::move(error);
  return code_to_abi(raised_->code);
}

bool DriverCall::overdue() const {
  return call_->timeout.count() > 0 && system_clock().mono() - start_ > call_->timeout + kGrace;
}

int DriverCall::poll(void* ctx) {
  const auto* self = static_cast<const DriverCall*>(ctx);
  const bool cancelled = self->call_->cancel != nullptr && self->call_->cancel->cancelled();
  return cancelled || self->overdue() ? 1 : 0;
}

void DriverCall::log(void* ctx, int level, const char* message) {
  if (message == nullptr) return;
  const auto* self = static_cast<const DriverCall*>(ctx);
  const auto known = static_cast<LogLevel>(std::clamp(level, 0, 4));
  log_event(known, message, {{"driver", *self->driver_}});
}

Status DriverCall::result(streamd_code returned, const std::string& what) const {
  if (raised_) return *raised_;
  if (returned == STREAMD_OK) return {};
  Code code = code_from_abi(returned);
  std::string message = text_of(error_.message);
  if (message.empty()) message = code_name(code);
  if (code_to_abi(code) != returned)
    message += fmt::format(" (the driver returned the unknown code {})", returned);
  const bool asked = call_->cancel != nullptr && call_->cancel->cancelled();
  if (code == Code::kCancelled && !asked) {
    code = overdue() ? Code::kTimeout : Code::kInternal;
    message = overdue() ? "the driver did not end within its timeout"
                        : "the driver says cancelled, but nobody cancelled";
  }
  Error error = make_error(code, fmt::format("{} ({}): {}", what, *driver_, message),
                           hint_of(error_, code, *driver_));
  error.retry_after = milliseconds(std::max<std::int64_t>(error_.retry_after_ms, 0));
  return error;
}

}  // namespace streamd::storage
