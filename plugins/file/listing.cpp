#include "listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "beneath.h"
#include "errors.h"
#include "key_path.h"
#include "upload.h"

namespace streamd::file_driver {
namespace {

struct Found {
  std::string name;  // as in the key; a folder's ends in '/', which makes the order that of keys
  std::string path;  // below the root
  bool is_folder;
};

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

class Walk {
 public:
  Walk(const sdk::Call& call, const Descriptor& root, const std::string& root_path,
       const streamd_list& request, const streamd_list_sink& sink)
      : call_(call),
        root_(root.get()),
        root_path_(root_path),
        prefix_(request.prefix),
        start_after_(request.start_after),
        sink_(sink) {}

  streamd_code run() {
    const std::size_t slash = prefix_.rfind('/');
    const std::string base = slash == std::string::npos ? "" : prefix_.substr(0, slash + 1);
    const std::string path = folder_path(base);
    if (const streamd_code code = sync_above(path); code != STREAMD_OK) return code;
    return walk(path, base);
  }

 private:
  // `base`: how the keys of everything in the folder begin.
  streamd_code walk(const std::string& path, const std::string& base) {
    std::vector<Found> entries;
    if (const streamd_code code = collect(path, "", entries); code != STREAMD_OK) return code;
    std::sort(entries.begin(), entries.end(),
              [](const Found& a, const Found& b) { return a.name < b.name; });
    for (const Found& entry : entries) {
      const std::string key = base + entry.name;
      if (!wanted(key, entry.is_folder)) continue;
      const streamd_code code = entry.is_folder ? walk(entry.path, key) : deliver(entry.path, key);
      if (code != STREAMD_OK) return code;
    }
    return STREAMD_OK;
  }

  bool wanted(const std::string& key, bool is_folder) const {
    if (!is_folder) return key.starts_with(prefix_) && key > start_after_;
    if (!key.starts_with(prefix_) && !prefix_.starts_with(key)) return false;
    return start_after_.starts_with(key) || key > start_after_;
  }

  // Pieces of long names are opened here, so that their names are sorted among the others.
  streamd_code collect(const std::string& path, const std::string& name_so_far,
                       std::vector<Found>& entries) {
    Descriptor opened = open_folder(root_, path, O_RDONLY);
    if (!opened.valid() && (errno == ENOENT || errno == ENOTDIR)) return STREAMD_OK;
    const Folder folder(opened.valid() ? ::fdopendir(opened.get()) : nullptr);
    if (!folder) return fail_errno(call_, errno, "list", root_path_ + "/" + path);
    opened.release();
    while (true) {
      if (const streamd_code code = call_.check(); code != STREAMD_OK) return code;
      errno = 0;
      const dirent* entry = ::readdir(folder.get());
      if (entry == nullptr) break;
      if (entry->d_name[0] == '.') continue;
      const std::string entry_path = path == "." ? entry->d_name : path + "/" + entry->d_name;
      unsigned char type = entry->d_type;
      if (const int failed = type == DT_UNKNOWN ? look_at(entry_path, type) : 0; failed != 0)
        return fail_errno(call_, failed, "look at", root_path_ + "/" + entry_path);
      if (type != DT_REG && type != DT_DIR) continue;
      const auto decoded = decode_entry(entry->d_name, type == DT_DIR);
      if (!decoded) continue;
      const std::string name = name_so_far + decoded->name;
      if (decoded->kind != EntryKind::kPiece) {
        entries.push_back({type == DT_DIR ? name + "/" : name, entry_path, type == DT_DIR});
      } else if (const streamd_code code = collect(entry_path, name, entries); code != STREAMD_OK) {
        return code;
      }
    }
    if (errno != 0) return fail_errno(call_, errno, "list", root_path_ + "/" + path);
    return sync(::dirfd(folder.get()), path);
  }

  // Whoever put an object may have been killed before its name was durable. What is told here is
  // built upon: it is acknowledged, and others are removed for it.
  streamd_code sync(int folder, const std::string& path) {
    const int failed = sync_names(folder);
    if (failed == 0) return STREAMD_OK;
    return fail_errno(call_, failed, "make durable", root_path_ + "/" + path);
  }

  // The folders that lead to `path`, from the root on.
  streamd_code sync_above(const std::string& path) {
    if (path == ".") return STREAMD_OK;
    for (std::size_t end = 0; end != std::string::npos; end = path.find('/', end + 1)) {
      const std::string above = end == 0 ? "." : path.substr(0, end);
      const Descriptor folder = open_folder(root_, above, O_RDONLY);
      if (!folder.valid()) return STREAMD_OK;  // the walk says what there is to say
      if (const streamd_code code = sync(folder.get(), above); code != STREAMD_OK) return code;
    }
    return STREAMD_OK;
  }

  // Not every file system tells types with the names. 0 or errno; what was removed meanwhile has
  // none. Anything else that fails may be an object: it is not left out.
  int look_at(const std::string& path, unsigned char& type) const {
    struct stat found {};
    if (::fstatat(root_, path.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0)
      return errno == ENOENT ? 0 : errno;
    type = static_cast<unsigned char>(IFTODT(found.st_mode));
    return 0;
  }

  streamd_code deliver(const std::string& path, const std::string& key) {
    struct stat found {};
    if (::fstatat(root_, path.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return STREAMD_OK;  // removed meanwhile
      return fail_errno(call_, errno, "look at", root_path_ + "/" + path);
    }
    const streamd_object object = object_of(found);
    const streamd_code code = sink_.item(sink_.ctx, key.c_str(), &object);
    call_.progress();
    return code == STREAMD_OK ? call_.check() : code;
  }

  const sdk::Call& call_;
  const int root_;
  const std::string& root_path_;
  const std::string prefix_;
  const std::string start_after_;
  const streamd_list_sink& sink_;
};

}  // namespace

streamd_code list_objects(const sdk::Call& call, const Descriptor& root,
                          const std::string& root_path, const streamd_list& request,
                          const streamd_list_sink& sink) {
  return Walk(call, root, root_path, request, sink).run();
}

}  // namespace streamd::file_driver
