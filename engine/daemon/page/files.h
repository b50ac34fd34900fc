// The status page's files, as they lie in this folder, inside of the program.
#pragma once
#include <span>
#include <string_view>

namespace streamd::daemon {

struct PageFile {
  const char* path;  // under which it is asked for
  const char* content_type;
  std::string_view content;
};
std::span<const PageFile> page_files();

}  // namespace streamd::daemon
