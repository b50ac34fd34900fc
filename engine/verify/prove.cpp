#include "verify/prove.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/hash.h"
#include "restore/choose.h"
#include "restore/scratch.h"
#include "restore/swap.h"
#include "segment/reader.h"
#include "sqlite/check.h"
#include "sqlite/connection.h"
#include "verify/memory.h"

namespace streamd::verify {
namespace {

// How large the restored file will be, by the last object of the plan; where that is damaged, and
// the restore goes around it, about as much as is fetched.
Result<std::uint64_t> size_of(storage::Store& store, const restore::Plan& plan,
                              const storage::Call& call) {
  const restore::PlannedObject& last =
      plan.segments.empty() ? *plan.manifest : plan.segments.back().pieces.back();
  const auto source = storage::object_source(store, last.key, last.size, call);
  auto header = segment::read_header(*source);
  if (!header && header.error().code == Code::kCorrupt) return plan.bytes();
  if (!header) return std::move(header.error()).with_context("read object " + last.key);
  return std::uint64_t{header->pages_after} * header->page_size;
}

Status must_fit(const std::string& scratch, std::uint64_t bytes, std::uint64_t leave_free) {
  const DiskSpace disk = TRY(disk_space(folder_of(scratch)));
  if (disk.available >= bytes && disk.available - bytes >= leave_free) return {};
  const auto mib = [](std::uint64_t size) { return (size + kMiB - 1) / kMiB; };
  return make_error(
      Code::kNoSpace,
      fmt::format("prove a restore: it needs {} MiB in {}, of whose {} MiB at least {} must stay "
                  "free",
                  mib(bytes), folder_of(scratch), disk.available / kMiB, mib(leave_free)),
      "make room there, or let state-dir (for a URL: TMPDIR) lie on a larger disk");
}

Status agrees_with(const std::optional<state::Tip>& tip, const restore::Rebuilt& rebuilt) {
  const restore::Moment& moment = rebuilt.plan.moment;
  if (!tip || !tip->checksum_known || tip->generation != moment.generation ||
      tip->txid != moment.txid || tip->checksum == rebuilt.checksum)
    return {};
  return make_error(Code::kCorrupt,
                    fmt::format("the replica's transaction {} is another database than the one "
                                "that is followed here",
                                moment.txid.value),
                    "another daemon may write there; `streamctl status` tells");
}

}  // namespace

Result<Proven> prove_newest(const restore::Replica& replica, const ProveOptions& options) {
  storage::Call call;
  call.cancel = options.cancel;
  const auto probed = replica.store->probe(call);
  if (!probed && probed.error().code == Code::kCancelled) return probed.error();
  const auto choice = restore::choose_replica({&replica, 1}, {}, false, call);
  if (!choice) return choice.error();
  const std::uint64_t bytes = TRY(size_of(*replica.store, choice->plan, call));
  TRY(must_fit(options.scratch, bytes, options.leave_free));
  sqlite::initialise();
  restore::Scratch scratch = TRY(restore::Scratch::create(options.scratch));
  restore::RebuildOptions how;
  how.fetch = options.fetch;
  how.threads = options.threads;
  how.cancel = options.cancel;
  how.progress = options.progress;
  auto rebuilt =
      restore::rebuild(*replica.store, choice->inventory, choice->plan, scratch.file(), how);
  if (!rebuilt) return std::move(rebuilt.error()).with_context("replica " + replica.name);
  TRY(agrees_with(options.tip, *rebuilt));
  if (options.progress) options.progress({"checking", rebuilt->fetched, rebuilt->fetched});
  TRY(sqlite::check_file(scratch.file().path(), sqlite::Check::kFull, options.cancel));
  return Proven{rebuilt->plan.moment.generation,
                rebuilt->plan.moment.txid,
                rebuilt->seen,
                rebuilt->page_size,
                rebuilt->pages,
                rebuilt->fetched,
                std::move(rebuilt->damaged)};
}

Status doubt(const std::string& path, const std::set<std::string>& keys) {
  if (path.empty() || keys.empty()) return {};
  Memory memory = TRY(load_memory(path));
  if (std::erase_if(memory, [&](const auto& known) { return keys.contains(known.first); }) == 0)
    return {};
  return save_memory(path, memory);
}

Result<state::Proof> prove_and_keep(const restore::Replica& replica, const ProveOptions& options,
                                    const std::string& path, const Clock& clock, Proven* proven) {
  const state::Proof before = state::load_proof(path);
  const auto done = prove_newest(replica, options);
  const bool no_attempt =
      !done && (done.error().code == Code::kCancelled || done.error().code == Code::kNoBackup ||
                done.error().code == Code::kNotRestorable);
  if (no_attempt) return done.error();
  state::Proof proof{before.generation, before.txid,         before.seen,
                     before.proven,     clock.wall_micros(), std::nullopt};
  if (done) {
    proof.generation = done->generation;
    proof.txid = done->txid;
    proof.seen = done->seen;
    proof.proven = proof.tried;
    if (proven != nullptr) *proven = *done;
  } else {
    proof.failure.emplace(done.error());
  }
  if (path.empty()) return proof;
  TRY(make_folders(folder_of(path)));
  TRY(state::save_proof(path, proof));
  return proof;
}

Status remove_leftover(const std::string& scratch) {
  if (!TRY(stat_path(restore::temporary_path(scratch)))) return {};
  const auto taken = restore::Scratch::create(scratch);  // and removed with it
  if (!taken && taken.error().code != Code::kBusy) return taken.error();
  return {};
}

Result<std::string> scratch_for(const std::string& what) {
  const char* chosen = std::getenv("TMPDIR");
  const std::string base = chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen;
  const std::string folder = join_path(base, "streamd-verify-" + std::to_string(geteuid()));
  TRY(make_folder(folder, 0700));
  struct stat found {};
  if (lstat(folder.c_str(), &found) != 0) return errno_error(errno, "look at " + folder);
  if (!S_ISDIR(found.st_mode) || found.st_uid != geteuid() || (found.st_mode & 077) != 0)
    return make_error(Code::kPermission, folder + " is not a folder of this user alone",
                      "remove it, or choose another place with TMPDIR");
  return join_path(folder, to_hex(xxh3(as_bytes(what)), 16));
}

}  // namespace streamd::verify
