#include "state/left.h"

#include <sstream>

#include "base/hash.h"

namespace streamd::state {
namespace {

std::string as_line(const Left& left) {
  std::string line = to_text(left.generation);
  for (const std::uint64_t number :
       {left.txid.value, left.file.inode, left.file.size, left.file.mtime_ns, left.file.ctime_ns})
    line += " " + std::to_string(number);
  return line;
}

std::string with_checksum(const std::string& line) {
  return line + " " + to_hex(xxh3(as_bytes(line)), 16) + "\n";
}

}  // namespace

std::optional<Left> load_left(const std::string& path) {
  const auto raw = read_file(path, kKiB);
  if (!raw) return {};
  std::istringstream words{std::string(as_text(*raw))};
  std::string generation, checksum;
  Left left;
  words >> generation >> left.txid.value >> left.file.inode >> left.file.size >>
      left.file.mtime_ns >> left.file.ctime_ns >> checksum;
  if (!words || !parse_generation(generation, left.generation)) return {};
  if (checksum != to_hex(xxh3(as_bytes(as_line(left))), 16)) return {};
  return left;
}

Status save_left(const std::string& path, const Left& left) {
  return replace_file(path, as_bytes(with_checksum(as_line(left))));
}

Status note_left(const std::string& path, const Left& left) {
  File file = TRY(File::open_write(path));
  const std::string line = with_checksum(as_line(left));
  TRY(file.write_at(0, as_bytes(line)));
  return file.truncate(line.size());
}

}  // namespace streamd::state
