#include "store_root.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "errors.h"
#include "mount.h"
#include "owner.h"

namespace streamd::file_driver {
namespace {

constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

std::string random_id() {
  unsigned char bytes[16];
  if (::getentropy(bytes, sizeof bytes) != 0) return "no-entropy";
  std::string text;
  char pair[3];
  for (const unsigned char byte : bytes) {
    std::snprintf(pair, sizeof pair, "%02x", byte);
    text += pair;
  }
  return text;
}

// 0 or errno.
int make_folder(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/') + 1;
  const std::string above = path.substr(0, path.rfind('/', end - 1) + 1);
  struct stat found {};
  ::stat(above.c_str(), &found);
  const auto make = [&] { return ::mkdir(path.c_str(), 0750); };
  return made_as_owner_of(found, make) == 0 || errno == EEXIST ? 0 : errno;
}

// Makes the folder and those above it. 0 or errno: ENOENT where the one above is there and takes
// none, as /proc does.
int make_folders(const std::string& path) {
  const int failed = make_folder(path);
  if (failed != ENOENT || path.rfind('/') == 0) return failed;
  if (const int above = make_folders(path.substr(0, path.rfind('/'))); above != 0) return above;
  return make_folder(path);
}

// The symbolic link in the path that leads to nothing; "" when the path just ends.
std::string dangling_link(std::string path) {
  struct stat found {};
  while (path.rfind('/') != 0 && ::lstat(path.c_str(), &found) != 0 && errno == ENOENT)
    path.resize(path.rfind('/'));
  return ::lstat(path.c_str(), &found) == 0 && S_ISLNK(found.st_mode) &&
                 ::stat(path.c_str(), &found) != 0
             ? path
             : "";
}

// Makes the names of the folder and of those above it durable, whoever made them: the marker comes
// after that. One that we may not read is left out. 0 or errno.
int sync_above(const std::string& path) {
  for (std::size_t end = path.rfind('/'); end != std::string::npos;
       end = end == 0 ? std::string::npos : path.rfind('/', end - 1)) {
    const Descriptor folder(::open(end == 0 ? "/" : path.substr(0, end).c_str(), kOpenFolder));
    if (!folder.valid() && errno == EACCES) continue;
    if (!folder.valid()) return errno;
    if (const int failed = sync_names(folder.get()); failed != 0) return failed;
  }
  return 0;
}

// Does anything lie in the folder, besides what a fresh file system brings along?
bool holds_anything(const Descriptor& folder) {
  DIR* listing = ::fdopendir(Descriptor(::openat(folder.get(), ".", kOpenFolder)).release());
  if (listing == nullptr) return true;
  bool found = false;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    found = found || (name != "." && name != ".." && name != "lost+found");
  }
  ::closedir(listing);
  return found;
}

std::string read_id(int root) {
  const Descriptor file(
      ::openat(root, kMarkerName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  char text[64] = {};
  const ssize_t n = file.valid() ? ::read(file.get(), text, sizeof text - 1) : 0;
  return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : std::string();
}

}  // namespace

streamd_code StoreRoot::away(const sdk::Call& call, const std::string& why) const {
  return call.error(STREAMD_TRANSIENT)
      .provider("NOT_MOUNTED")
      .message("cannot use %s: the drive is not mounted (%s)", options_.path.c_str(), why.c_str());
}

// Nothing is known of this store and there is none: is that so, or is a drive missing?
streamd_code StoreRoot::refuse_if_away(const sdk::Call& call) const {
  if (known_) return away(call, "the marker .streamd-store, seen before, is gone");
  if (!options_.create) return away(call, "no marker .streamd-store, and create is false");
  const std::string link = dangling_link(options_.path);
  if (!link.empty()) return away(call, "the symbolic link " + link + " leads to nothing");
  const std::string missing = missing_mount(options_.fstab, options_.path);
  if (!missing.empty()) return away(call, options_.fstab + " has " + missing);
  return STREAMD_OK;
}

streamd_code StoreRoot::recognise(const sdk::Call& call, const Descriptor& root, bool& has_marker) {
  struct stat found {};
  has_marker = ::fstatat(root.get(), kMarkerName, &found, AT_SYMLINK_NOFOLLOW) == 0;
  if (!has_marker && errno != ENOENT)
    return fail_errno(call, errno, "look at", options_.path + "/" + kMarkerName);
  if (!has_marker) return refuse_if_away(call);
  if (known_ && known_->device == found.st_dev && known_->inode == found.st_ino) return STREAMD_OK;
  std::string id = read_id(root.get());
  if (known_ && known_->id != id) return away(call, "another store lies there");
  known_ = Marker{found.st_dev, found.st_ino, std::move(id)};
  return STREAMD_OK;
}

streamd_code StoreRoot::look(const sdk::Call& call, Descriptor& root, bool& has_marker) {
  has_marker = false;
  if (!options_.mount.empty() && !is_mount_point(options_.mount))
    return away(call, options_.mount + " is no mount point now");
  root = Descriptor(::open(options_.path.c_str(), kOpenFolder));
  if (root.valid()) return recognise(call, root, has_marker);
  if (errno == ENOENT) return refuse_if_away(call);
  return fail_errno(call, errno, "open the folder", options_.path);
}

streamd_code StoreRoot::open_to_read(const sdk::Call& call, Descriptor& root) {
  const std::lock_guard lock(mutex_);
  bool has_marker = false;
  return look(call, root, has_marker);
}

streamd_code StoreRoot::open_to_write(const sdk::Call& call, Descriptor& root) {
  const std::lock_guard lock(mutex_);
  bool has_marker = false;
  if (const streamd_code code = look(call, root, has_marker); code != STREAMD_OK) return code;
  if (has_marker) return STREAMD_OK;
  if (!root.valid()) {
    const int failed = make_folders(options_.path);
    if (failed == ENOENT)  // what is missing may appear: not the answer "no such object"
      return call.error(STREAMD_TRANSIENT)
          .provider("ENOENT")
          .message("cannot make the folder %s: %s", options_.path.c_str(), strerrordesc_np(failed));
    if (failed != 0) return fail_errno(call, failed, "make the folder", options_.path);
    root = Descriptor(::open(options_.path.c_str(), kOpenFolder));
    if (!root.valid()) return fail_errno(call, errno, "open the folder", options_.path);
  }
  return make_marker(call, root);
}

streamd_code StoreRoot::make_marker(const sdk::Call& call, const Descriptor& root) {
  const std::string path = options_.path + "/" + kMarkerName;
  if (holds_anything(root)) {
    bool has_marker = false;  // another process may have been faster
    if (const streamd_code code = recognise(call, root, has_marker); has_marker) return code;
    return call.fail(STREAMD_INVALID_CONFIG,
                     "cannot store in %s: it holds files but no marker; if it is a store, touch %s",
                     options_.path.c_str(), path.c_str());
  }
  if (const int failed = sync_above(options_.path); failed != 0)
    return fail_errno(call, failed, "make durable", options_.path);
  struct stat found {};
  if (::fstat(root.get(), &found) != 0) return fail_errno(call, errno, "look at", options_.path);
  const auto make = [&] {
    return ::openat(root.get(), kMarkerName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  };
  const Descriptor file(made_as_owner_of(found, make));
  if (!file.valid()) {
    bool has_marker = false;
    if (errno == EEXIST) return recognise(call, root, has_marker);
    return fail_errno(call, errno, "make the marker", path);
  }
  const std::string id = random_id();
  if (::write(file.get(), id.data(), id.size()) != static_cast<ssize_t>(id.size()) ||
      ::fsync(file.get()) != 0 || ::fsync(root.get()) != 0 || ::fstat(file.get(), &found) != 0) {
    const int failed = errno;
    ::unlinkat(root.get(), kMarkerName, 0);
    return fail_errno(call, failed, "write the marker", path);
  }
  known_ = Marker{found.st_dev, found.st_ino, id};
  return STREAMD_OK;
}

}  // namespace streamd::file_driver
