#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "base/found.h"
#include "base/hash.h"
#include "base/link.h"

namespace streamd {
namespace {

constexpr const char kTemporary[] = ".tmp-";
constexpr int kDigits = 8;  // behind it

std::function<int(FileOp, const std::string&)> fault_function;
std::atomic<bool> fault_armed{false};

int fault(FileOp op, const std::string& path) {
  if (!fault_armed.load(std::memory_order_relaxed)) [[likely]]
    return 0;
  return fault_function(op, path);
}

const char* verb(FileOp op) {
  switch (op) {
    case FileOp::kOpen:
      return "open";
    case FileOp::kRead:
      return "read";
    case FileOp::kWrite:
      return "write";
    case FileOp::kSync:
      return "sync";
    case FileOp::kRename:
      return "rename";
    case FileOp::kRemove:
      return "remove";
    case FileOp::kMakeFolder:
      return "make folder";
  }
  return "use";
}

Error failed(int error_number, FileOp op, const std::string& path) {
  return errno_error(error_number, std::string(verb(op)) + " " + path);
}

// Runs a system call that returns -1 and sets errno, after the test's fault.
template <class Call>
Status checked(FileOp op, const std::string& path, Call call) {
  if (const int injected = fault(op, path)) return failed(injected, op, path);
  while (call() < 0)
    if (errno != EINTR) return failed(errno, op, path);
  return {};
}

}  // namespace

void set_file_fault(std::function<int(FileOp, const std::string&)> function) {
  fault_armed = false;
  fault_function = std::move(function);
  fault_armed = static_cast<bool>(fault_function);
}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    path_ = std::move(other.path_);
  }
  return *this;
}

void File::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<File> File::open(const std::string& path, int flags, mode_t mode) {
  File file;
  file.path_ = path;
  Status opened = checked(FileOp::kOpen, path,
                          [&] { return file.fd_ = ::open(path.c_str(), flags | O_CLOEXEC, mode); });
  if (!opened && (flags & O_NOFOLLOW) != 0)
    if (const auto there = stat_link(path); there && *there && S_ISLNK((*there)->st_mode))
      return not_ours(path, "a symbolic link");
  TRY(std::move(opened));
  return file;
}
Result<File> File::open_read(const std::string& path) {
  return open(path, O_RDONLY, 0);
}
Result<File> File::open_write(const std::string& path, mode_t mode) {
  return open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode);
}
Result<File> File::create(const std::string& path, mode_t mode) {
  return open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
}
Result<File> File::create_new(const std::string& path, mode_t mode) {
  return open(path, O_RDWR | O_CREAT | O_EXCL, mode);
}

Result<std::size_t> File::read_some_at(std::uint64_t offset, MutableBytes out) const {
  if (const int injected = fault(FileOp::kRead, path_))
    return failed(injected, FileOp::kRead, path_);
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(errno, FileOp::kRead, path_);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Status File::read_at(std::uint64_t offset, MutableBytes out) const {
  if (TRY(read_some_at(offset, out)) == out.size()) return {};
  return make_error(Code::kCorrupt, "read " + path_ + ": the file is shorter than it should be");
}

Status File::write_at(std::uint64_t offset, ByteView bytes) {
  if (const int injected = fault(FileOp::kWrite, path_))
    return failed(injected, FileOp::kWrite, path_);
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed(errno, FileOp::kWrite, path_);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

Status File::truncate(std::uint64_t size) {
  return checked(FileOp::kWrite, path_, [&] { return ftruncate(fd_, static_cast<off_t>(size)); });
}
void File::begin_sync() {
  sync_file_range(fd_, 0, 0, SYNC_FILE_RANGE_WRITE);
}

Status File::sync() {
  return checked(FileOp::kSync, path_, [&] { return fdatasync(fd_); });
}

Result<struct stat> File::status() const {
  struct stat info {};
  if (fstat(fd_, &info) != 0) return failed(errno, FileOp::kRead, path_);
  return info;
}
Result<std::uint64_t> File::size() const {
  return static_cast<std::uint64_t>(TRY(status()).st_size);
}

Result<bool> File::try_lock() const {
  while (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return failed(errno, FileOp::kOpen, path_);
  }
  return true;
}

Result<Bytes> read_file(const std::string& path, std::uint64_t limit) {
  const File file = TRY(File::open_read(path));
  const std::uint64_t size = TRY(file.size());
  if (size > limit)
    return make_error(Code::kCorrupt, "read " + path + ": larger than such a file can be");
  Bytes bytes(size);
  bytes.resize(TRY(file.read_some_at(0, bytes)));
  return bytes;
}

Status replace_file(const std::string& path, ByteView bytes, mode_t mode) {
  const std::string temp = path + kTemporary + to_hex(random_u64(), kDigits);
  const auto write = [&]() -> Status {
    File file = TRY(File::create_new(temp, mode));
    TRY(file.write_at(0, bytes));
    TRY(file.sync());
    file.close();
    return rename_file(temp, path);
  };
  if (Status written = write(); !written) {
    ::unlink(temp.c_str());
    return written;
  }
  return sync_folder(folder_of(path));
}

void remove_leftovers(const std::string& folder, const std::string& beginning) {
  constexpr std::time_t kAnHour = 3600;
  const auto names = list_folder(folder);
  if (!names) return;
  for (const std::string& name : *names) {
    const std::size_t mark = name.rfind(kTemporary);
    if (mark == std::string::npos || !name.starts_with(beginning)) continue;
    const std::string digits = name.substr(mark + std::strlen(kTemporary));
    if (digits.size() != std::size_t{kDigits} ||
        digits.find_first_not_of("0123456789abcdef") != digits.npos)
      continue;
    const std::string path = join_path(folder, name);
    const auto info = stat_path(path);
    if (info && *info && (*info)->st_mtime < std::time(nullptr) - kAnHour) (void)remove_file(path);
  }
}

Status rename_file(const std::string& from, const std::string& to) {
  return checked(FileOp::kRename, from, [&] { return ::rename(from.c_str(), to.c_str()); });
}

Status link_file(const std::string& from, const std::string& to) {
  return checked(FileOp::kRename, from, [&] { return ::link(from.c_str(), to.c_str()); });
}

Status remove_file(const std::string& path) {
  Status removed = checked(FileOp::kRemove, path, [&] { return ::unlink(path.c_str()); });
  if (!removed && removed.error().code == Code::kNotFound) return {};
  return removed;
}

Status remove_tree(const std::string& path) {
  if (const int injected = fault(FileOp::kRemove, path))
    return failed(injected, FileOp::kRemove, path);
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return failed(error.value(), FileOp::kRemove, path);
  return {};
}

Status sync_folder(const std::string& path) {
  const File folder = TRY(File::open_read(path));
  return checked(FileOp::kSync, path, [&] { return fsync(folder.fd()); });
}

Status make_folder(const std::string& path, mode_t mode) {
  Status made = checked(FileOp::kMakeFolder, path, [&] { return mkdir(path.c_str(), mode); });
  if (!made && made.error().code == Code::kExists && std::filesystem::is_directory(path)) return {};
  return made;
}

// Each is durable in the one above it: what is synced in it later must not go with its name.
Status make_folders(const std::string& path, mode_t mode) {
  const auto there = TRY(stat_path(path));
  if (there && S_ISDIR(there->st_mode)) return {};
  const std::string parent = folder_of(path);
  if (parent != path) TRY(make_folders(parent, mode));
  TRY(make_folder(path, mode));
  Status named = sync_folder(parent);
  if (!named) ::rmdir(path.c_str());  // else the next try would take it for durable
  return named;
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  if (const int injected = fault(FileOp::kRead, path)) return failed(injected, FileOp::kRead, path);
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) return failed(errno, FileOp::kRead, path);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

Result<DiskSpace> disk_space(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return errno_error(errno, "look at the disk of " + path);
  return DiskSpace{std::uint64_t{info.f_blocks} * info.f_frsize,
                   std::uint64_t{info.f_bavail} * info.f_frsize};
}

Result<std::optional<struct stat>> stat_path(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return std::optional(info);
  if (errno == ENOENT || errno == ENOTDIR) return std::optional<struct stat>{};
  return failed(errno, FileOp::kRead, path);
}
FileIdentity identity_of(const struct stat& info) {
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
  };
  return {info.st_ino, static_cast<std::uint64_t>(info.st_size), nanoseconds(info.st_mtim),
          nanoseconds(info.st_ctim)};
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}
std::string name_of(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}
std::string join_path(const std::string& folder, const std::string& name) {
  return (std::filesystem::path(folder) / name).string();
}

Result<std::string> canonical_path(const std::string& path) {
  char resolved[PATH_MAX];
  if (realpath(path.c_str(), resolved) != nullptr) return std::string(resolved);
  const std::string last = errno == ENOENT ? TRY(end_of_links(path)) : path;
  if (realpath(folder_of(last).c_str(), resolved) == nullptr)
    return failed(errno, FileOp::kOpen, last);
  return join_path(resolved, name_of(last));
}

}  // namespace streamd
