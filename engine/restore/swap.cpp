#include "restore/swap.h"

#include <unistd.h>

#include "base/found.h"
#include "base/json.h"

namespace streamd::restore {
namespace {

constexpr std::size_t kNoteLimit = 64 * kKiB;
// The database goes first: while it is absent nobody can open it without its log.
constexpr const char* kBesides[] = {"", "-wal", "-shm", "-journal"};

std::string note_path(const std::string& target) {
  return target + ".streamd-swap";
}

Status write_note(const SwapRequest& request) {
  const std::string text = Json::object({{"suffix", request.saved_suffix},
                                         {"state-folder", request.state_folder},
                                         {"state-prepared", request.state_prepared}})
                               .print(2);
  return replace_file(note_path(request.target), as_bytes(text + "\n"));
}

// It says what is renamed, so it must be from somebody who may rename that anyway.
Result<Bytes> read_own(const std::string& path) {
  const File file = TRY(open_found(path));
  const struct stat found = TRY(file.status());
  if (found.st_uid != 0 && found.st_uid != geteuid())
    return make_error(Code::kPermission,
                      "read " + path + ": it belongs to user " + std::to_string(found.st_uid),
                      "a restore by that user was interrupted: let that user run it again; if "
                      "there was none, remove the file");
  Bytes raw(kNoteLimit);
  raw.resize(TRY(file.read_some_at(0, raw)));
  return raw;
}

Result<SwapRequest> read_note(const std::string& target) {
  const Bytes raw = TRY(read_own(note_path(target)));
  const Json json = TRY(Json::parse(as_text(raw)));
  SwapRequest request{target, json.string("suffix"), json.string("state-folder"),
                      json.string("state-prepared")};
  if (request.saved_suffix.empty())
    return make_error(
        Code::kCorrupt, "read " + note_path(target) + ": it names no suffix",
        "an interrupted restore left it; look at the files beside it, then remove it");
  return request;
}

Status sync_folders(const SwapRequest& request) {
  TRY(sync_folder(folder_of(request.target)));
  if (!request.state_folder.empty()) TRY(sync_folder(folder_of(request.state_folder)));
  return {};
}

// The renames so far, so that they can be taken back.
class Renames {
 public:
  Status rename(const std::string& from, const std::string& to) {
    TRY(rename_file(from, to));
    done_.emplace_back(from, to);
    return {};
  }
  Status save(const std::string& path, const std::string& suffix) {
    std::string to = path + suffix;
    for (int i = 2; TRY(stat_path(to)); ++i) to = path + suffix + "." + std::to_string(i);
    TRY(rename(path, to));
    saved_.push_back(to);
    return {};
  }
  // The database comes back last, when its log is there again.
  Status undo() {
    for (; !done_.empty(); done_.pop_back())
      TRY(rename_file(done_.back().second, done_.back().first));
    return {};
  }
  std::vector<std::string> take_saved() { return std::move(saved_); }

 private:
  std::vector<std::pair<std::string, std::string>> done_;
  std::vector<std::string> saved_;
};

// Each step finds out whether it was done before.
Status move_away(const SwapRequest& request, Renames& renames) {
  for (const std::string& path : TRY(existing_files(request.target)))
    TRY(renames.save(path, request.saved_suffix));
  if (request.state_folder.empty() || !TRY(stat_path(request.state_prepared)))
    return sync_folders(request);
  if (TRY(stat_path(request.state_folder)))
    TRY(renames.save(request.state_folder, request.saved_suffix));
  TRY(renames.rename(request.state_prepared, request.state_folder));
  return sync_folders(request);
}

Status put_in_place(const SwapRequest& request) {
  TRY(rename_file(temporary_path(request.target), request.target));
  TRY(sync_folder(folder_of(request.target)));
  TRY(remove_file(note_path(request.target)));
  return sync_folder(folder_of(request.target));
}

Status take_back(const SwapRequest& request, Renames& renames) {
  TRY(renames.undo());
  TRY(sync_folders(request));
  return remove_file(note_path(request.target));
}

}  // namespace

std::string temporary_path(const std::string& target) {
  return target + ".streamd-restore";
}

Result<std::vector<std::string>> existing_files(const std::string& target) {
  std::vector<std::string> found;
  // Whatever has the name of a log is one to SQLite, or keeps it from making one.
  for (const char* suffix : kBesides)
    if (*suffix == '\0' ? TRY(stat_path(target)) : TRY(stat_link(target + suffix)))
      found.push_back(target + suffix);
  return found;
}

Result<bool> swap_pending(const std::string& target) {
  return TRY(stat_path(note_path(target))).has_value();
}

Result<std::vector<std::string>> swap_into_place(const SwapRequest& request) {
  Renames renames;
  if (Status noted = write_note(request); !noted) {  // it may be there all the same
    if (const Status gone = remove_file(note_path(request.target)); !gone)
      return std::move(noted.error()).with_hint("run the restore again to complete it");
    return noted.error();
  }
  if (Status moved = move_away(request, renames); !moved) {
    if (const Status back = take_back(request, renames); !back)
      return std::move(moved.error())
          .with_hint("the swap could neither be completed nor undone (" + back.error().message +
                     "); run the restore again to complete it");
    return moved.error();
  }
  // From here on the new database may be in place: forwards is the only way.
  if (Status put = put_in_place(request); !put) {
    if (TRY(stat_path(temporary_path(request.target))))
      if (const Status back = take_back(request, renames); back) return put.error();
    return std::move(put.error()).with_hint("run the restore again to complete the swap");
  }
  return renames.take_saved();
}

Result<bool> complete_swap(const std::string& target) {
  if (!TRY(swap_pending(target))) return false;
  const SwapRequest request = TRY(read_note(target));
  if (TRY(stat_path(temporary_path(target)))) {
    const File file = TRY(open_found(temporary_path(target)));
    if (!TRY(file.try_lock()))
      return make_error(Code::kBusy, "restore " + target + ": another restore is at work on it");
    Renames renames;
    TRY(move_away(request, renames));
    TRY(put_in_place(request));
    return true;
  }
  // The new file is in place; what lies beside it now belongs to it.
  TRY(remove_file(note_path(target)));
  TRY(sync_folder(folder_of(target)));
  return true;
}

}  // namespace streamd::restore
