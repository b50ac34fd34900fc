// Who a database without a local state is, and whether a backup that its replicas hold is its own.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "replicate/pipeline.h"
#include "segment/checksum.h"

namespace streamd::replicate {
namespace {

constexpr std::uint64_t kProofLimit = kGiB;  // a larger database is not read to find out

}  // namespace

Status Pipeline::decide_identity() {
  const bool adopting = settings_.adopt_local && !decided_;
  if (identity_ && identity_->generation.value != 0 && !adopting) {
    if (!recipients_changed()) return {};
    log_info(
        "a new generation begins: the recipients of the configuration are not those of the last",
        {{"database", path()}, {"generation", to_text(identity_->generation)}});
    ended_ = std::exchange(identity_->generation, {});
    return {};
  }
  TRY(learn_identity());
  if (adopting) ended_ = std::exchange(identity_->generation, {});  // a new one begins
  decided_ = true;
  return {};
}

// A generation is encrypted to the same recipients, or to none, from its first object to its last.
bool Pipeline::recipients_changed() const {
  return std::any_of(settings_.replicas.begin(), settings_.replicas.end(),
                     [&](const ReplicaSetup& replica) {
                       return replica.keys && !replica.keys->fits(identity_->generation);
                     });
}

// Without a local state the replicas know who this database is: a marker of theirs gives it its
// uuid back. Not before all of them have answered: one that is silent may hold the newest backup.
Status Pipeline::learn_identity() {
  state::Identity identity = identity_.value_or(state::Identity{});
  bool marked = false;
  for (const auto& replica : replicas_) {
    const auto discovery = replica->discovery();
    if (!discovery)
      return make_error(Code::kBusy, "waiting for replica " + replica->name() +
                                         " to say whether a backup exists");
    if (!discovery->marker) continue;
    if (identity.database != Uuid{} && identity.database != discovery->marker->database) {
      if (identity_ && identity_->generation.value != 0) continue;  // that replica refuses it
      return make_error(Code::kDiverged,
                        "replica " + replica->name() + " holds another database than the others",
                        "give every database a path of its own in each storage");
    }
    identity.database = discovery->marker->database;
    identity.checksum_key.value = discovery->marker->checksum_key;
    marked = true;
  }
  if (identity.database == Uuid{}) {
    identity.database = Uuid::make();
    identity.checksum_key.value = random_u64();
  }
  if (identity.instance == Uuid{}) identity.instance = Uuid::make();
  unproven_ = unproven_ || (!identity_ && marked && !settings_.take_over &&
                            !settings_.adopt_local && !backup_is_from_here());
  identity_ = identity;
  return {};
}

// The last writer of a replica was a daemon of this very file, whose lock we hold now; or nobody
// has written to it yet.
bool Pipeline::backup_is_from_here() const {
  catalog::Writer here;
  here.host = home_.host;
  here.path = layout_.database;
  return std::any_of(replicas_.begin(), replicas_.end(), [&](const auto& replica) {
    const auto discovery = replica->discovery();
    if (!discovery->marker) return false;
    if (discovery->last.number == 0) return discovery->newest == GenerationId{};
    return discovery->last.writer && discovery->last.writer->same_place(here);
  });
}

// It is the database that was backed up there if it is, page by page, the newest backup.
Status Pipeline::prove_same_database() {
  const wal::Position& now = capture_->position();
  std::string from;
  bool known = false;
  const bool unreadable = std::any_of(replicas_.begin(), replicas_.end(), [](const auto& replica) {
    return replica->discovery()->unreadable;
  });
  if (std::uint64_t{now.pages} * now.page_size <= kProofLimit) {
    const std::uint64_t checksum = TRY(checksum_of_database());
    known = std::any_of(replicas_.begin(), replicas_.end(), [&](const auto& replica) {
      return replica->discovery()->checksum == checksum;
    });
  }
  if (known) {
    unproven_ = false;
    return {};
  }
  for (const auto& replica : replicas_)
    if (const auto discovery = replica->discovery(); discovery->marker && from.empty())
      from = "replica " + replica->name() + " holds a backup made by " + describe(discovery->last);
  foreign_ = make_error(
      Code::kDiverged,
      from + ", and nothing says that it is this database's" +
          (unreadable ? " (it is encrypted, and with an `identity` it could be compared)" : ""),
      "another database needs another path in the storage; if it is this one's: `streamctl adopt "
      "DB local` keeps it and begins a new generation there, `streamctl adopt DB replica` restores "
      "what the replica holds");
  return *foreign_;
}

Result<std::uint64_t> Pipeline::checksum_of_database() {
  const wal::Position& now = capture_->position();
  segment::DatabaseChecksum checksum;
  Bytes image(now.page_size);
  for (std::uint32_t number = 1; number <= now.pages; ++number) {
    const PageNo page(number);
    if (page == lock_page(now.page_size)) continue;
    TRY(capture_->read_page(page, image));
    checksum.toggle(segment::page_hash(image, page, identity_->checksum_key));
  }
  return checksum.value();
}

}  // namespace streamd::replicate
