// One call over the ABI: what goes down with it, and how what comes back becomes an Error.
#pragma once
#include <streamd/driver.h>

#include <optional>
#include <string>

#include "storage/store.h"

namespace streamd::storage {

// The engine's code for a driver's; unknown numbers and OK are kInternal.
Code code_from_abi(streamd_code code);
// The number that tells a driver to stop because of this error.
streamd_code code_to_abi(Code code);

// Lives for one operation, on its thread. Callbacks find it through ctx; an Error that the engine's
// side raised in one is kept here, since only its code travels through the driver.
class DriverCall {
 public:
  // `driver` and `call` are borrowed.
  DriverCall(const std::string& driver, const Call& call);
  DriverCall(const DriverCall&) = delete;
  DriverCall& operator=(const DriverCall&) = delete;

  const streamd_call* abi() const { return &abi_; }
  // Keeps the first error; returns the code to hand to the driver.
  streamd_code raise(Error error);
  const std::optional<Error>& raised() const { return raised_; }

  // What the operation comes to: an error that our side raised comes first and unchanged, whatever
  // the driver returned. `what` says what was tried on what ("put a/b").
  Status result(streamd_code returned, const std::string& what) const;

 private:
  static int poll(void* ctx);
  static void log(void* ctx, int level, const char* message);
  bool overdue() const;
  const std::string* driver_;
  const Call* call_;
  MonoTime start_;
  std::optional<Error> raised_;
  streamd_error error_{};
  streamd_call abi_{};
};

}  // namespace streamd::storage
