// A call of the driver's own: with a time of its own, and an error that nobody reads.
#pragma once
#include <streamd/driver.hpp>

namespace streamd::cloud {

class BriefCall {
 public:
  // Cancelled when `parent` is; with nullptr never, for what must be done all the same.
  BriefCall(std::uint32_t timeout_ms, const sdk::Call* parent) : parent_(parent) {
    error_.struct_size = sizeof error_;
    abi_.struct_size = sizeof abi_;
    abi_.timeout_ms = timeout_ms;
    abi_.ctx = this;
    abi_.cancelled = [](void* self) {
      const sdk::Call* above = static_cast<BriefCall*>(self)->parent_;
      return above != nullptr && above->cancelled() ? 1 : 0;
    };
    abi_.log = [](void*, int, const char*) {};
    abi_.error = &error_;
  }
  BriefCall(const BriefCall&) = delete;
  BriefCall& operator=(const BriefCall&) = delete;
  const streamd_call* abi() const { return &abi_; }
  const char* message() const { return error_.message; }

 private:
  const sdk::Call* parent_;
  streamd_error error_{};
  streamd_call abi_{};
};

}  // namespace streamd::cloud
