// The file driver: objects are files below a root folder, on a local disk, a network share or an
// external drive. Keys stay readable as paths (key_path.h), an object appears whole or not at all
// (upload.h), and a drive that is not mounted is an error, never an empty store (store_root.h).
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <streamd/driver.hpp>
#include <vector>

#include "beneath.h"
#include "errors.h"
#include "key_path.h"
#include "listing.h"
#include "mount.h"
#include "store_root.h"
#include "upload.h"

namespace streamd::file_driver {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
// A pipe that has the name of an object would else keep us waiting for its other end.
constexpr int kOpenObject = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

// Nothing is there, or what no object can be: a link, a socket.
bool is_no_object(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP ||
         error_number == ENXIO;
}

class FileDriver final : public sdk::Driver {
 public:
  static constexpr const char* kName = "file";
  static constexpr const char* kVersion = "1.0";
  static constexpr const char* kSummary =
      "a folder on a local disk, a network share or an external drive";
  static constexpr streamd_option kOptions[] = {
      {"path", "path", nullptr, "the root folder of the store", STREAMD_OPTION_REQUIRED, 0},
      {"mount", "path", nullptr, "a folder at or above path that must be a mount point", 0, 0},
      {"create", "bool", "true", "make the store when path is missing or empty", 0, 0},
      {}};
  static streamd_code open(const sdk::Options& options, const sdk::Call& call,
                           std::unique_ptr<sdk::Driver>& instance);

  explicit FileDriver(const RootOptions& options) : root_(options), uploader_(options.path) {}
  streamd_code probe(const sdk::Call& call, streamd_caps& out) override;
  streamd_code put(const sdk::Call& call, const streamd_put& request, const streamd_source& source,
                   streamd_object& out) override;
  streamd_code get(const sdk::Call& call, const streamd_get& request, const streamd_sink& sink,
                   streamd_object& out) override;
  streamd_code stat(const sdk::Call& call, const char* key, streamd_object& out) override;
  streamd_code list(const sdk::Call& call, const streamd_list& request,
                    const streamd_list_sink& sink) override;
  streamd_code remove(const sdk::Call& call, const char* const* keys, std::size_t count,
                      streamd_code* each) override;

 private:
  streamd_code begin(const sdk::Call& call, Descriptor& root);
  streamd_code not_found(const sdk::Call& call, const char* key) const;
  streamd_code remove_one(const sdk::Call& call, const Descriptor& root, const char* key,
                          std::set<std::string>& folders);
  streamd_code settle(const sdk::Call& call, const Descriptor& root, std::string folder) const;

  StoreRoot root_;
  Uploader uploader_;
};

std::string without_final_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

streamd_code FileDriver::open(const sdk::Options& options, const sdk::Call& call,
                              std::unique_ptr<sdk::Driver>& instance) {
  RootOptions root;
  root.path = without_final_slash(options.text("path"));
  root.mount = without_final_slash(options.text("mount"));
  root.create = options.flag("create", true);
  if (!root.path.starts_with('/'))
    return call.fail(STREAMD_INVALID_CONFIG, "path must be absolute, not '%s'", root.path.c_str());
  if (!root.mount.empty() && !is_at_or_below(root.path, root.mount))
    return call.fail(STREAMD_INVALID_CONFIG, "path %s does not lie below mount %s",
                     root.path.c_str(), root.mount.c_str());
  instance = std::make_unique<FileDriver>(std::move(root));
  return STREAMD_OK;
}

streamd_code FileDriver::not_found(const sdk::Call& call, const char* key) const {
  return call.fail(STREAMD_NOT_FOUND, "no object %.200s in %s", key, root_.path().c_str());
}

streamd_code FileDriver::begin(const sdk::Call& call, Descriptor& root) {
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  return root_.open_to_read(call, root);
}

streamd_code FileDriver::probe(const sdk::Call& call, streamd_caps& out) {
  Descriptor root;
  if (const streamd_code code = begin(call, root); code != STREAMD_OK) return code;
  out.flags = STREAMD_CAP_ORDERED_LIST | STREAMD_CAP_STRONG_LIST;
  // Nothing is written into a folder that is no store yet; put would say so if it cannot.
  const bool is_store = root.valid() && ::faccessat(root.get(), kMarkerName, F_OK, 0) == 0;
  if (!is_store || uploader_.can_rename_if_absent(root)) out.flags |= STREAMD_CAP_IF_ABSENT;
  return STREAMD_OK;
}

streamd_code FileDriver::put(const sdk::Call& call, const streamd_put& request,
                             const streamd_source& source, streamd_object& out) {
  if ((request.flags & ~STREAMD_PUT_IF_ABSENT) != 0)
    return call.fail(STREAMD_UNSUPPORTED, "unknown flags of put: %#x", request.flags);
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  Descriptor root;
  if (const streamd_code code = root_.open_to_write(call, root); code != STREAMD_OK) return code;
  const bool if_absent = (request.flags & STREAMD_PUT_IF_ABSENT) != 0;
  const std::string path = object_path(request.key);
  const Place place = place_of(root.get(), path);
  if (if_absent && place.folder.valid() &&
      ::faccessat(place.folder.get(), place.name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
    return call.fail(STREAMD_EXISTS, "there is an object %.200s in %s", request.key,
                     root_.path().c_str());
  return uploader_.store(call, root, path, if_absent, source, out);
}

streamd_code send(const sdk::Call& call, const Descriptor& file, std::uint64_t offset,
                  std::uint64_t length, const streamd_sink& sink) {
  std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(length, kReadBytes)));
  while (length > 0) {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(length, buffer.size()));
    const ssize_t n = ::pread(file.get(), buffer.data(), want, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(call, errno, "read", "an object");
    if (n == 0) return call.fail(STREAMD_CORRUPT, "an object became shorter while it was read");
    call.progress();
    const streamd_code code = sink.write(sink.ctx, buffer.data(), static_cast<std::size_t>(n));
    if (code != STREAMD_OK) return code;
    offset += static_cast<std::uint64_t>(n);
    length -= static_cast<std::uint64_t>(n);
  }
  return STREAMD_OK;
}

streamd_code FileDriver::get(const sdk::Call& call, const streamd_get& request,
                             const streamd_sink& sink, streamd_object& out) {
  Descriptor root;
  if (const streamd_code code = begin(call, root); code != STREAMD_OK) return code;
  if (!root.valid()) return not_found(call, request.key);
  const std::string path = object_path(request.key);
  const Place place = place_of(root.get(), path);
  const Descriptor file(
      place.folder.valid() ? ::openat(place.folder.get(), place.name.c_str(), kOpenObject) : -1);
  if (!file.valid()) {
    if (is_no_object(errno)) return not_found(call, request.key);
    return fail_errno(call, errno, "read", root_.path() + "/" + path);
  }
  struct stat found {};
  if (::fstat(file.get(), &found) != 0)
    return fail_errno(call, errno, "read", root_.path() + "/" + path);
  if (!S_ISREG(found.st_mode)) return not_found(call, request.key);
  const auto size = static_cast<std::uint64_t>(found.st_size);
  const bool to_the_end = request.length == STREAMD_TO_THE_END;
  if (request.offset > size || (!to_the_end && request.length > size - request.offset))
    return call.fail(STREAMD_CORRUPT, "object %.200s has %llu bytes, fewer than asked for",
                     request.key, static_cast<unsigned long long>(size));
  out = object_of(found);
  return send(call, file, request.offset, to_the_end ? size - request.offset : request.length,
              sink);
}

streamd_code FileDriver::stat(const sdk::Call& call, const char* key, streamd_object& out) {
  Descriptor root;
  if (const streamd_code code = begin(call, root); code != STREAMD_OK) return code;
  const std::string path = object_path(key);
  struct stat found {};
  if (!root.valid()) return not_found(call, key);
  const Place place = place_of(root.get(), path);
  if (!place.folder.valid() ||
      ::fstatat(place.folder.get(), place.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (is_no_object(errno)) return not_found(call, key);
    return fail_errno(call, errno, "look at", root_.path() + "/" + path);
  }
  if (!S_ISREG(found.st_mode)) return not_found(call, key);
  out = object_of(found);
  return STREAMD_OK;
}

streamd_code FileDriver::list(const sdk::Call& call, const streamd_list& request,
                              const streamd_list_sink& sink) {
  Descriptor root;
  if (const streamd_code code = begin(call, root); code != STREAMD_OK) return code;
  if (!root.valid()) return STREAMD_OK;
  return list_objects(call, root, root_.path(), request, sink);
}

streamd_code FileDriver::remove_one(const sdk::Call& call, const Descriptor& root, const char* key,
                                    std::set<std::string>& folders) {
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  if (!root.valid()) return STREAMD_OK;
  const std::string path = object_path(key);
  const Place place = place_of(root.get(), path);
  if (place.folder.valid() && ::unlinkat(place.folder.get(), place.name.c_str(), 0) == 0) {
    folders.insert(folder_part(path));
    return STREAMD_OK;
  }
  if (errno == ENOENT || errno == ENOTDIR) return STREAMD_OK;
  return fail_errno(call, errno, "remove", root_.path() + "/" + path);
}

// Makes removals from a folder durable, and removes the folder and those above it when they are
// empty now. A folder that went away meanwhile is as durable as it gets.
streamd_code FileDriver::settle(const sdk::Call& call, const Descriptor& root,
                                std::string folder) const {
  for (; folder != "."; folder = folder_part(folder)) {
    const Place place = place_of(root.get(), folder);
    if (!place.folder.valid() ||
        ::unlinkat(place.folder.get(), place.name.c_str(), AT_REMOVEDIR) != 0)
      break;
  }
  const Descriptor at = open_folder(root.get(), folder, O_RDONLY);
  if (at.valid() ? ::fsync(at.get()) == 0 : errno == ENOENT) return STREAMD_OK;
  return fail_errno(call, errno, "make durable", root_.path() + "/" + folder);
}

streamd_code FileDriver::remove(const sdk::Call& call, const char* const* keys, std::size_t count,
                                streamd_code* each) {
  Descriptor root;
  streamd_code first = begin(call, root);
  if (first != STREAMD_OK) {
    if (each != nullptr) std::fill_n(each, count, first);
    return first;
  }
  std::set<std::string> folders;
  for (std::size_t i = 0; i < count; ++i) {
    const streamd_code code = remove_one(call, root, keys[i], folders);
    if (each != nullptr) each[i] = code;
    if (first == STREAMD_OK) first = code;
  }
  for (const std::string& folder : folders) {
    const streamd_code code = settle(call, root, folder);
    if (first == STREAMD_OK) first = code;
  }
  return first;
}

}  // namespace
}  // namespace streamd::file_driver

STREAMD_DRIVER(streamd::file_driver::FileDriver)
