#include "scene.h"

#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "base/file.h"
#include "folder_store.h"
#include "replicate/pipeline.h"
#include "restore/restore.h"

namespace fs = std::filesystem;
using namespace streamd;

namespace {

constexpr int kFaultMet = 1, kKilled = 9, kNotSynced = 3, kNotStarted = 4, kNotStopped = 5;
constexpr milliseconds kPatience{60'000};  // a slow machine is no failure

// The content in place: the database keeps its inode.
void copy_into(const fs::path& from, const fs::path& to) {
  std::ifstream in(from, std::ios::binary);
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  if (fs::file_size(from) > 0) out << in.rdbuf();
}

void copy_tree(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  if (fs::exists(from)) fs::copy(from, to, fs::copy_options::recursive);
}

bool changes_files(FileOp operation) {
  return operation != FileOp::kOpen && operation != FileOp::kRead;
}

std::uint32_t user_version(const Bytes& image) {
  return image.size() < 100 ? 0 : load_be32(image.data() + 60);
}

}  // namespace

Scene::Scene()
    : database(folder_.file("app.db")),
      replica(folder_.file("replica")),
      state_(folder_.file("state")) {
  fs::create_directories(state_);
  fs::create_directories(replica);
}

void Scene::remember() {
  for (const char* end : {"", "-wal"})
    if (fs::exists(database + end))
      copy_into(database + end, folder_.file(std::string("kept") + end));
  copy_tree(state_, folder_.file("kept-state"));
  copy_tree(replica, folder_.file("kept-replica"));
}

void Scene::bring_back() {
  copy_into(folder_.file("kept"), database);
  fs::remove(database + "-shm");
  fs::remove(database + "-wal");
  if (fs::exists(folder_.file("kept-wal"))) copy_into(folder_.file("kept-wal"), database + "-wal");
  copy_tree(folder_.file("kept-state"), state_);
  copy_tree(folder_.file("kept-replica"), replica);
}

// In the child. No destructor of the parent's may run there.
int Scene::live(Fault fault, int at) const {
  std::atomic<int> changes{0};
  const auto change = [&](const std::string& path) -> int {
    if (fault == Fault::kNone || ++changes != at) return 0;
    std::fprintf(stderr, "fault %d at %s\n", at, path.c_str());
    if (fault == Fault::kKill) _exit(kKilled);
    return EIO;
  };
  const auto store = std::make_shared<FolderStore>(replica);
  store->changing = [&] {
    if (fault == Fault::kKill) change("the replica");
  };
  set_file_fault([&](FileOp operation, const std::string& path) {
    return changes_files(operation) ? change(path) : 0;
  });
  replicate::DatabaseSettings settings;
  settings.path = database;
  settings.name = "app";
  settings.state_dir = state_;
  settings.capture.idle = settings.capture.alone = settings.capture.quiet = milliseconds(20);
  settings.replicas.push_back({"replica", "a folder", milliseconds(5), std::chrono::hours(24),
                               std::static_pointer_cast<storage::Store>(store)});
  auto loop = replicate::Loop::start();
  if (!loop) return kNotStarted;
  auto pipeline = replicate::Pipeline::create(settings, system_clock());
  for (int i = 0; i < 3 && !pipeline; ++i)
    pipeline = replicate::Pipeline::create(settings, system_clock());
  if (!pipeline) return kNotStarted;
  (*pipeline)->start(**loop);
  const Cancel never;
  const MonoTime deadline = std::chrono::steady_clock::now() + kPatience;
  Result<Txid> txid = make_error(Code::kBusy, "not yet");
  while (!txid && std::chrono::steady_clock::now() < deadline)
    txid = (*pipeline)->sync(deadline, never);  // one that met the fault is tried again
  if (!txid || !(*pipeline)->wait_for(*txid, "", deadline, never)) return kNotSynced;
  if (!(*pipeline)->stop(deadline) && fault == Fault::kNone) return kNotStopped;
  return fault != Fault::kNone && changes >= at ? kFaultMet : 0;
}

Scene::Life Scene::daemon_life(Fault fault, int at) {
  const pid_t child = fork();
  if (child == 0) _exit(live(fault, at));
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status))
    throw std::runtime_error("the daemon crashed: signal " + std::to_string(WTERMSIG(status)));
  const int code = WEXITSTATUS(status);
  if (code == kNotSynced) throw std::runtime_error("the daemon could not send everything");
  if (code == kNotStopped) throw std::runtime_error("the daemon's final sync failed");
  if (code == kNotStarted) throw std::runtime_error("the daemon did not start");
  return {code == kKilled, code == kKilled || code == kFaultMet};
}

Bytes Scene::image() const {
  sqlite3* db = nullptr;
  sqlite3_int64 size = 0;
  sqlite3_open(database.c_str(), &db);
  unsigned char* raw = sqlite3_serialize(db, "main", &size, 0);
  const Bytes bytes(raw, raw == nullptr ? raw : raw + size);
  sqlite3_free(raw);
  sqlite3_close(db);
  return bytes;
}

std::string Scene::check_replica(const Bytes& newest) const {
  FolderStore store(replica);
  const restore::Replica source{&store, "replica"};
  std::vector<catalog::Listed> listing;
  const auto note = [&](const std::string& key, const storage::ObjectStat& stat) -> Status {
    listing.push_back({key, stat.size, 0});
    return {};
  };
  if (!store.list("", "", note, {})) return "no listing";
  const catalog::Timeline timeline = catalog::read_timeline(listing);
  const catalog::GenerationTimeline* generation = timeline.newest_restorable();
  if (generation == nullptr) return newest.empty() ? "" : "nothing can be restored";
  std::set<Txid> jumps;  // a delta says that commits are missing before it
  for (const auto& [level, segments] : generation->segments)
    for (const catalog::Segment& segment : segments)
      if (segment.key.completeness == catalog::Completeness::kDelta) jumps.insert(segment.key.last);
  Bytes image;
  for (const catalog::Span& span : generation->spans) {
    jumps.insert(span.first);  // after a hole, which is reported
    for (Txid txid = span.first; txid <= span.last; txid = txid.next()) {
      restore::RestoreOptions options;
      options.out = folder_.file("restored.db");
      options.target.moment = restore::ByTxid{txid};
      const auto restored = restore::restore({&source, 1}, options);
      if (!restored) return "transaction " + to_text(txid) + ": " + restored.error().message;
      const std::uint32_t before = user_version(image);
      image = read_file(options.out, kGiB).value();
      fs::remove(options.out);
      if (user_version(image) != before + 1 && !jumps.contains(txid))
        return "transaction " + to_text(txid) + " goes from " + std::to_string(before) + " to " +
               std::to_string(user_version(image));
    }
  }
  if (!generation->holes.empty()) return "the timeline has a hole";
  if (newest.empty() || image == newest) return "";
  return "the newest restored image (commit " + std::to_string(user_version(image)) +
         ") is not the database (commit " + std::to_string(user_version(newest)) + ")";
}
