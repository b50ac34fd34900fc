#include "state/paused.h"

#include "base/file.h"

namespace streamd::state {

// The mark counts, whatever is in it: the time is for people.
Result<std::optional<Micros>> paused_since(const std::string& path) {
  const auto there = TRY(stat_path(path));
  if (!there) return std::optional<Micros>{};
  const auto bytes = read_file(path);
  Micros since = 0;
  if (!bytes || !parse_time(as_text(*bytes).substr(0, as_text(*bytes).find('\n')), since))
    since = Micros{there->st_mtime} * 1'000'000;
  return std::optional(since);
}

Status save_paused(const std::string& path, Micros since) {
  TRY(make_folders(folder_of(path)));
  const std::string line = format_time(since) + "\n";
  return replace_file(path, as_bytes(line));
}

}  // namespace streamd::state
