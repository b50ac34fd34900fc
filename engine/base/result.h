// What every fallible function of the engine returns: a value, or an Error that says what was
// tried, on what, why it failed, and what to do next. Exceptions of libraries are caught where they
// are born and never cross a folder.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <type_traits>
#include <utility>

namespace streamd {

// Classes of failure: they decide a policy (retry, exit code); the message is for people.
// 1 to 12 carry the numbers of the driver ABI (<streamd/driver.h>).
enum class Code : std::uint8_t {
  kNotFound = 1,
  kExists = 2,
  kAuth = 3,
  kPermission = 4,
  kThrottled = 5,
  kTransient = 6,
  kTimeout = 7,
  kCancelled = 8,
  kInvalidConfig = 9,
  kCorrupt = 10,
  kUnsupported = 11,
  kInternal = 12,
  // The engine's own.
  kUsage = 32,
  kIo,             // a local file failed; errno's words are in the message
  kNoSpace,        // a local file system is full
  kBusy,           // somebody else holds what we need; trying again helps
  kWaiting,        // the application has not opened its database yet, and we must not be the first
  kNotWal,         // the database is not in WAL mode: not protected
  kNoBackup,       // the store answered: there is none
  kTargetExists,   // restore will not write over what exists
  kOutsideWindow,  // the wanted moment is not kept, or lies in a hole
  kNotRestorable,  // a backup was begun, no moment is restorable yet
  kDiverged,       // replica and database disagree: a person decides
  kFenced,         // another writer has taken over
  kDaemonNotRunning,
};

const char* code_name(Code code);  // "not found", "transient", ...: for logs and metrics

struct [[nodiscard]] Error {
  Code code = Code::kInternal;
  std::string message;  // lower case, one line, no final period, no secret
  std::string hint;     // the next step; may be empty
  std::chrono::milliseconds retry_after{0};

  Error with_context(const std::string& what) && {  // "what: message"
    message = what + ": " + message;
    return std::move(*this);
  }
  Error with_hint(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
  }
};

inline Error make_error(Code code, std::string message, std::string hint = {}) {
  return Error{code, std::move(message), std::move(hint), std::chrono::milliseconds{0}};
}
// From errno: kNoSpace, kNotFound, kExists, kPermission or kIo, with strerror's words.
Error errno_error(int error_number, const std::string& what);

// A class, not an alias, so that a dropped result is a compile error.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error)
      : tl::expected<T, Error>(tl::unexpected<Error>(std::move(error))) {
  }  // NOLINT: implicit on purpose
  // The value, moved out; only after a check. TRY uses it.
  T take() && {
    if constexpr (!std::is_void_v<T>) return std::move(**this);
  }
};
using Status = Result<void>;

// auto value = TRY(function_that_returns_result());  hands an error to the caller.
#define TRY(expression) STREAMD_TRY_NAMED_(expression, __COUNTER__)
#define STREAMD_TRY_NAMED_(expression, number) \
  STREAMD_TRY_(expression, number)  // expands the number
#define STREAMD_TRY_(expression, number)                          \
  __extension__({                                                 \
    auto tried_##number = (expression);                           \
    if (!tried_##number) [[unlikely]]                             \
      return ::streamd::Error(std::move(tried_##number.error())); \
    std::move(tried_##number).take();                             \
  })

}  // namespace streamd
