#include "library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>

#include "verdict.h"

namespace streamd::check {
namespace {

// The size of the table in 1.0, for all time.
constexpr std::size_t kFirstSize = 112;

const void* no_extension(const char*) {
  return nullptr;
}

}  // namespace

streamd_driver load_driver(const std::string& path) {
  static const streamd_host host = {sizeof host, 0, "streamd-driver-check", STREAMD_ABI_VERSION,
                                    no_extension};
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw Failure("cannot load " + path + ": " + dlerror());
  const auto entry = reinterpret_cast<streamd_driver_v1_fn>(dlsym(library, "streamd_driver_v1"));
  if (entry == nullptr)
    throw Failure("cannot use " + path +
                  ": no streamd_driver_v1 (not a driver, or another ABI major)");
  const streamd_driver* theirs = entry(&host);
  if (theirs == nullptr)
    throw Failure(path + " declines to work with a host of ABI " STREAMD_ABI_VERSION);
  if (theirs->struct_size < kFirstSize)
    throw Failure("cannot use " + path + ": its table has " + std::to_string(theirs->struct_size) +
                  " bytes, at least " + std::to_string(kFirstSize) + " are expected");
  streamd_driver ours{};
  std::memcpy(&ours, theirs, std::min<std::size_t>(theirs->struct_size, sizeof ours));
  const bool complete = ours.name && ours.version && ours.summary && ours.options && ours.open &&
                        ours.close && ours.probe && ours.put && ours.get && ours.stat &&
                        ours.list && ours.remove;
  if (!complete) throw Failure("cannot use " + path + ": a pointer of its table is not set");
  return ours;
}

}  // namespace streamd::check
