#include "state/replica_place.h"

#include "base/file.h"

namespace streamd::state {
namespace {

std::string path_in(const std::string& folder) {
  return join_path(folder, "place");
}

}  // namespace

Result<bool> was_replicated_to(const std::string& folder, const std::string& place) {
  const std::string path = path_in(folder);
  return TRY(stat_path(path)) && as_text(TRY(read_file(path))) == place;
}

Status remember_place(const std::string& folder, const std::string& place) {
  if (TRY(was_replicated_to(folder, place))) return {};
  TRY(make_folders(folder));
  return replace_file(path_in(folder), as_bytes(place));
}

Status refuse_if_emptied(const std::string& folder, const std::string& place) {
  if (place.empty() || !TRY(was_replicated_to(folder, place))) return {};
  return make_error(
      Code::kTransient, "it is empty, but this database was replicated there before",
      "is its drive mounted, its bucket the right one? If it was emptied on purpose: rm '" +
          path_in(folder) + "'");
}

}  // namespace streamd::state
