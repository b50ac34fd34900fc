#include "upload.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "beneath.h"
#include "errors.h"
#include "owner.h"

namespace streamd::file_driver {
namespace {

constexpr std::int64_t kOldAfterSeconds = 3600;  // no upload is silent for so long
constexpr std::size_t kCopyBytes = 256 * 1024;

// Makes the folders above `path` below the root, each durable in its parent. 0 or errno.
int make_parents(int root, const std::string& path) {
  Descriptor at = open_folder(root, ".", O_RDONLY);
  for (std::size_t begin = 0, end = 0; (end = path.find('/', begin)) != std::string::npos;
       begin = end + 1) {
    const std::string name = path.substr(begin, end - begin);
    if (::mkdirat(at.get(), name.c_str(), 0750) == 0) {
      if (::fsync(at.get()) != 0) {
        const int failed = errno;
        ::unlinkat(at.get(), name.c_str(), AT_REMOVEDIR);  // else the next try takes it for durable
        return failed;
      }
    } else if (errno != EEXIST) {
      return errno;
    }
    at = open_folder(at.get(), name, O_RDONLY);
    if (!at.valid()) return errno;
  }
  return 0;
}

// As mkdir().
int make_temporary_folder(int root) {
  struct stat found {};
  if (::fstat(root, &found) != 0) return -1;
  return made_as_owner_of(found, [&] { return ::mkdirat(root, kTemporaryFolder, 0750); });
}

// 0 or errno; EOPNOTSUPP when the file system knows no way.
int rename_if_absent(int from_folder, const std::string& from, int to_folder,
                     const std::string& to) {
  if (::renameat2(from_folder, from.c_str(), to_folder, to.c_str(), RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::linkat(from_folder, from.c_str(), to_folder, to.c_str(), 0) != 0)
    return errno == EPERM || errno == ENOSYS ? EOPNOTSUPP : errno;  // as it says "no hard links"
  ::unlinkat(from_folder, from.c_str(), 0);
  return 0;
}

std::uint32_t random_number() {
  std::uint32_t number = 0;
  if (::getentropy(&number, sizeof number) != 0) number = static_cast<std::uint32_t>(::getpid());
  return number;
}

}  // namespace

// Goes away unless it was published.
struct Uploader::Temporary {
  Temporary() = default;
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (file.valid() && !published) ::unlinkat(folder.get(), name.c_str(), 0);
  }
  std::string path() const { return std::string(kTemporaryFolder) + "/" + name; }
  Descriptor folder;
  std::string name;
  Descriptor file;
  bool published = false;
};

streamd_code Uploader::make_temporary(const sdk::Call& call, int root, Temporary& made) {
  for (int attempt = 0; !made.file.valid(); ++attempt) {
    char name[64];
    std::snprintf(name, sizeof name, "%08x-%llx", random_number(),
                  static_cast<unsigned long long>(counter_++));
    made.name = name;
    made.folder = open_folder(root, kTemporaryFolder, O_PATH);
    if (made.folder.valid())
      made.file = Descriptor(
          ::openat(made.folder.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (made.file.valid()) break;
    const bool again =
        attempt < 8 && (errno == EEXIST ||
                        (errno == ENOENT && (make_temporary_folder(root) == 0 || errno == EEXIST)));
    if (!again)
      return fail_errno(call, errno, "make a file in", root_path_ + "/" + kTemporaryFolder);
  }
  return STREAMD_OK;
}

streamd_code Uploader::copy(const sdk::Call& call, const streamd_source& source,
                            const Temporary& to) const {
  std::vector<char> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(source.size, kCopyBytes)));
  for (std::uint64_t offset = 0; offset < source.size;) {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>(source.size - offset, buffer.size()));
    const std::int64_t got = source.read_at(source.ctx, offset, buffer.data(), want);
    if (got < 0) return call.fail(static_cast<streamd_code>(-got), "the source failed");
    if (got == 0) return call.fail(STREAMD_INTERNAL, "the source ended early");
    for (std::int64_t done = 0; done < got;) {
      const ssize_t n =
          ::write(to.file.get(), buffer.data() + done, static_cast<std::size_t>(got - done));
      if (n < 0 && errno != EINTR)
        return fail_errno(call, errno, "write", root_path_ + "/" + to.path());
      if (n > 0) done += n;
    }
    offset += static_cast<std::uint64_t>(got);
    call.progress();
  }
  return call.check();
}

// The folder may be pruned by a removal at any time until our file is in it.
streamd_code Uploader::publish(const sdk::Call& call, int root, Temporary& from,
                               const std::string& path, bool if_absent) const {
  const std::string folder = folder_part(path), name = path.substr(path.rfind('/') + 1);
  const std::string shown = root_path_ + "/" + path;
  for (int attempt = 0;; ++attempt) {
    const Descriptor target = open_folder(root, folder, O_RDONLY);
    int failed = target.valid() ? 0 : errno;
    if (target.valid() && if_absent)
      failed = rename_if_absent(from.folder.get(), from.name, target.get(), name);
    else if (target.valid())
      failed = ::renameat(from.folder.get(), from.name.c_str(), target.get(), name.c_str()) == 0
                   ? 0
                   : errno;
    if (failed == 0) {
      from.published = true;
      if (::fsync(target.get()) == 0) return STREAMD_OK;
      failed = errno;
      // Who asks whether it came through all the same would take it for durable.
      if (if_absent) ::unlinkat(target.get(), name.c_str(), 0);
      return fail_errno(call, failed, "make durable", root_path_ + "/" + folder);
    }
    if (failed == EOPNOTSUPP)
      return call.fail(STREAMD_UNSUPPORTED, "cannot store %s if absent on this file system",
                       shown.c_str());
    if (failed != ENOENT || attempt == 8) return fail_errno(call, failed, "store", shown);
    if (const int made = make_parents(root, path); made != 0 && made != ENOENT)
      return fail_errno(call, made, "make the folder of", shown);
  }
}

streamd_code Uploader::store(const sdk::Call& call, const Descriptor& root, const std::string& path,
                             bool if_absent, const streamd_source& source, streamd_object& out) {
  Temporary temporary;
  if (const auto code = make_temporary(call, root.get(), temporary); code != STREAMD_OK)
    return code;
  if (const auto code = copy(call, source, temporary); code != STREAMD_OK) return code;
  struct stat written {};
  if (::fsync(temporary.file.get()) != 0 || ::fstat(temporary.file.get(), &written) != 0)
    return fail_errno(call, errno, "make durable", root_path_ + "/" + temporary.path());
  const auto code = publish(call, root.get(), temporary, path, if_absent);
  if (code != STREAMD_OK) return code;
  out = object_of(written);
  clear_old(root.get(), written);
  return STREAMD_OK;
}

void Uploader::clear_old(int root, const struct stat& newest) {
  std::int64_t due = next_clearing_s_;
  if (newest.st_mtim.tv_sec < due ||
      !next_clearing_s_.compare_exchange_strong(due, newest.st_mtim.tv_sec + kOldAfterSeconds))
    return;
  DIR* folder = ::fdopendir(open_folder(root, kTemporaryFolder, O_RDONLY).release());
  if (folder == nullptr) return;
  while (const dirent* entry = ::readdir(folder)) {
    struct stat found {};
    if (::fstatat(::dirfd(folder), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(found.st_mode) && found.st_mtim.tv_sec + kOldAfterSeconds < newest.st_mtim.tv_sec)
      ::unlinkat(::dirfd(folder), entry->d_name, 0);
  }
  ::closedir(folder);
}

bool Uploader::can_rename_if_absent(const Descriptor& root) {
  streamd_error ignored{};
  streamd_call silent{};
  silent.error = &ignored;
  Temporary temporary;
  if (make_temporary(sdk::Call(&silent), root.get(), temporary) != STREAMD_OK) return true;
  const std::string other = temporary.name + "-renamed";
  const int failed =
      rename_if_absent(temporary.folder.get(), temporary.name, temporary.folder.get(), other);
  if (failed == 0) temporary.name = other;
  return failed != EOPNOTSUPP;
}

}  // namespace streamd::file_driver
