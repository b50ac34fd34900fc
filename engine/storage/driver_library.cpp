#include "storage/driver_library.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <streamd/driver.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "storage/driver_trust.h"

namespace streamd::storage {
namespace {

constexpr const char* kEntry = "streamd_driver_v1";
constexpr std::string_view kFilePrefix = "libstreamd-", kFileSuffix = ".so";
constexpr const char* kRebuildHint = "ask the driver's author for a build against this SDK";

const void* host_extension(const char*) {
  return nullptr;
}

const streamd_host& host() {
  static const streamd_host host{sizeof(streamd_host), 0, "streamd", STREAMD_VERSION,
                                 host_extension};
  return host;
}

bool is_driver_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string text_or_empty(const char* text) {
  return text == nullptr ? "" : text;
}

// The first member without which a driver is none.
const char* missing_member(const streamd_driver& api) {
  if (api.version == nullptr) return "version";
  if (api.summary == nullptr) return "summary";
  if (api.open == nullptr) return "open";
  if (api.close == nullptr) return "close";
  if (api.probe == nullptr) return "probe";
  if (api.put == nullptr) return "put";
  if (api.get == nullptr) return "get";
  if (api.stat == nullptr) return "stat";
  if (api.list == nullptr) return "list";
  if (api.remove == nullptr) return "remove";
  return nullptr;
}

Error refusal(Code code, const std::string& path, const std::string& found,
              const std::string& expected, std::string hint = kRebuildHint) {
  return make_error(code,
                    fmt::format("refused driver {}: found {}, expected {}", path, found, expected),
                    std::move(hint));
}

// The driver's name in libstreamd-<name>.so; nullopt for other files.
std::optional<std::string> name_in_file(const std::string& file) {
  if (!file.starts_with(kFilePrefix) || !file.ends_with(kFileSuffix) ||
      file.size() <= kFilePrefix.size() + kFileSuffix.size())
    return std::nullopt;
  return file.substr(kFilePrefix.size(), file.size() - kFilePrefix.size() - kFileSuffix.size());
}

}  // namespace

Status DriverLibrary::take_over(const streamd_driver* theirs) {
  auto ours = std::make_shared<streamd_driver>();  // zero-filled
  std::memcpy(ours.get(), theirs, std::min<std::size_t>(theirs->struct_size, sizeof *ours));
  if (ours->name == nullptr || !is_driver_name(ours->name))
    return refusal(
        Code::kInvalidConfig, path_,
        ours->name == nullptr ? std::string("no name") : fmt::format("the name '{}'", ours->name),
        "a name of the letters a-z, 0-9 and _");
  if (const char* member = missing_member(*ours))
    return refusal(Code::kInvalidConfig, path_, fmt::format("no member '{}'", member),
                   "every member of the driver interface 1.0");
  constexpr std::uint32_t kRequired = 1, kSecret = 2;
  const streamd_option* option = ours->options;  // NULL = none
  for (; option != nullptr && option->name != nullptr; ++option)
    options_.push_back({option->name, text_or_empty(option->type), text_or_empty(option->def),
                        text_or_empty(option->help), (option->flags & kRequired) != 0,
                        (option->flags & kSecret) != 0});
  name_ = ours->name;
  version_ = ours->version;
  summary_ = ours->summary;
  api_ = std::move(ours);
  return {};
}

Result<std::shared_ptr<const DriverLibrary>> DriverLibrary::load(const std::string& path) {
  std::shared_ptr<DriverLibrary> library(new DriverLibrary);
  library->path_ = TRY(trusted_driver_path(path));
  // The handle is dropped on purpose: never dlclose.
  void* handle = dlopen(library->path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return refusal(Code::kInvalidConfig, library->path_,
                   fmt::format("that it does not load ({})", dlerror()),
                   "a shared object for this machine with its libraries installed",
                   "ldd " + library->path_ + " names a library that is missing");
  const auto entry = reinterpret_cast<streamd_driver_v1_fn>(dlsym(handle, kEntry));
  if (entry == nullptr)
    return refusal(Code::kInvalidConfig, library->path_, "no entry point",
                   fmt::format("the symbol '{}'", kEntry));
  const streamd_driver* theirs = entry(&host());
  if (theirs == nullptr)
    return refusal(Code::kUnsupported, library->path_,
                   fmt::format("that it declines streamd {}", STREAMD_VERSION),
                   "a driver that works with this version",
                   "install a newer streamd, or an older driver");
  TRY(library->take_over(theirs));
  return std::shared_ptr<const DriverLibrary>(std::move(library));
}

Result<std::shared_ptr<const DriverLibrary>> Drivers::load(const std::string& name,
                                                           const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (const auto known = loaded_.find(path); known != loaded_.end()) return known->second;
  auto library = TRY(DriverLibrary::load(path));
  if (library->name() != name)
    return refusal(
        Code::kInvalidConfig, library->path(), fmt::format("the driver '{}'", library->name()),
        fmt::format("'{}', by the file's name", name),
        fmt::format("rename the file to {}{}{}", kFilePrefix, library->name(), kFileSuffix));
  loaded_.emplace(path, library);
  return library;
}

Result<std::shared_ptr<const DriverLibrary>> Drivers::find(const std::string& name) {
  const std::string file = fmt::format("{}{}{}", kFilePrefix, name, kFileSuffix);
  for (const std::string& folder : folders_) {
    if (!is_driver_name(name)) break;
    const std::string path = join_path(folder, file);
    const bool relative = folder.empty() || folder.front() != '/';  // load refuses it
    const auto status = stat_path(path);
    if (relative || (status && status->has_value())) return load(name, path);
  }
  std::vector<std::string> there;
  for (const DriverListing& listing : list())
    if (!listing.refused) there.push_back(listing.name);
  return make_error(
      Code::kNotFound,
      fmt::format("driver '{}' not found: no {} in {}", name, file, fmt::join(folders_, ", ")),
      there.empty() ? "install a driver there, or set driver-path"
                    : fmt::format("drivers found: {}", fmt::join(there, ", ")));
}

std::vector<DriverListing> Drivers::list() {
  std::vector<DriverListing> listings;
  for (const std::string& folder : folders_) {
    const auto files = list_folder(folder);
    if (!files) continue;  // a folder that is not there has no drivers
    for (const std::string& file : *files) {
      const auto name = name_in_file(file);
      if (!name) continue;
      const std::string path = join_path(folder, file);
      const auto library = load(*name, path);
      if (library)
        listings.push_back(
            {(*library)->name(), (*library)->version(), (*library)->summary(), path, false, {}});
      else
        listings.push_back({*name, "", "", path, true, library.error()});
    }
  }
  return listings;
}

}  // namespace streamd::storage
