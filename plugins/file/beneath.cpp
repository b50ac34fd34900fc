#include "beneath.h"

#include <fcntl.h>

namespace streamd::file_driver {
namespace {

constexpr int kFolder = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

}  // namespace

std::string folder_part(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

Descriptor open_folder(int root, std::string_view path, int flags) {
  Descriptor at;
  for (;;) {
    const std::size_t slash = path.find('/');
    const bool last = slash == std::string_view::npos;
    const std::string name(path.substr(0, slash));
    const int from = at.valid() ? at.get() : root;
    at = Descriptor(::openat(from, name.c_str(), kFolder | (last ? flags : O_PATH)));
    if (last || !at.valid()) return at;
    path.remove_prefix(slash + 1);
  }
}

Place place_of(int root, const std::string& path) {
  return {open_folder(root, folder_part(path), O_PATH), path.substr(path.rfind('/') + 1)};
}

}  // namespace streamd::file_driver
