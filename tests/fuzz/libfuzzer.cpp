// The targets for libFuzzer. Which one: STREAMD_FUZZ_TARGET in the environment.
#include <cstdio>
#include <cstdlib>

#include "base/log.h"
#include "target.h"

namespace {

const streamd::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  streamd::log_set_level(streamd::LogLevel::kError);
  const char* name = std::getenv("STREAMD_FUZZ_TARGET");
  chosen = name == nullptr ? nullptr : streamd::fuzz::find_target(name);
  if (chosen != nullptr) return 0;
  std::fprintf(stderr, "STREAMD_FUZZ_TARGET must be one of:\n");
  for (const auto& target : streamd::fuzz::all_targets()) std::fprintf(stderr, "%s\n", target.name);
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chosen->run({data, size});
  return 0;
}
