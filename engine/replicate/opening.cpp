// Where a database's replication begins, or goes on after a restart.
#include <algorithm>

#include "base/log.h"
#include "replicate/pipeline.h"
#include "segment/reader.h"
#include "state/folder.h"

namespace streamd::replicate {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kReadAtOnce =
    64 * kMiB;  // a database up to this size is read when it is met
constexpr std::size_t kChunk = 4 * kMiB;
constexpr seconds kGarbageInterval{10};
constexpr std::uint64_t kGarbageBytes = 16 * kMiB;  // in the spool: do not wait for the interval
constexpr seconds kGarbageCheck{1};

// The page hashes of one sealed object, onto the ledger. Doing it twice changes nothing.
Status replay(const state::SpoolObject& object, state::Ledger& ledger, state::Tip& tip) {
  for (const std::string& path : object.paths) {
    const File file = TRY(File::open_read(path));
    const FileSource source = TRY(FileSource::over(file));
    const segment::ObjectReader reader = TRY(segment::ObjectReader::open(source));
    const segment::Index& index = reader.index();
    std::uint32_t shortest = object.header.pages_after;
    for (const segment::TransactionInfo& transaction : index.transactions)
      shortest = std::min(shortest, transaction.pages);
    if (!index.transactions.empty()) TRY(ledger.truncate(shortest));
    for (const segment::PageHash& entry : index.page_hashes)
      if (entry.page.value <= object.header.pages_after)
        TRY(ledger.set_durable(entry.page, {entry.hash}));
    if (index.position) tip = state::tip_of(reader.header(), *index.position);
  }
  return {};
}

}  // namespace

Status Pipeline::load_state() {
  TRY(state::provide_folder(layout_));
  remove_leftovers(layout_.folder, "");
  for (const ReplicaSetup& replica : settings_.replicas)
    remove_leftovers(layout_.replica(replica.name), "");
  identity_ = TRY(load_identity());
  auto saved = state::load_tip(layout_.tip());
  if (!saved)
    log_error_event(LogLevel::kWarn, "the position is rebuilt", saved.error(),
                    {{"database", path()}});
  tip_ = saved && *saved ? **saved : state::Tip{};
  if (identity_ && tip_.generation != identity_->generation) tip_ = {};
  ledger_ = TRY(state::Ledger::open(layout_.ledger()));
  if (!spool_) {
    spool_ = TRY(state::Spool::open(layout_.spool()));
    leave_room_for_the_application();
  }
  TRY(replay_spool());
  if (tip_.checksum_known && !TRY(ledger_is_right())) {
    log_warn("the ledger of page hashes does not match the position: a new generation begins",
             {{"database", path()}, {"txid", tip_.txid.value}});
    const Txid newest = tip_.txid;
    tip_ = {};
    tip_.txid = newest;
  }
  loaded_ = true;
  return {};
}

// One that is damaged is as good as lost: the replicas know who this database is.
Result<std::optional<state::Identity>> Pipeline::load_identity() {
  auto identity = state::load_identity(layout_.identity());
  if (identity || identity.error().code != Code::kCorrupt) return identity;
  const std::string aside = layout_.identity() + ".damaged";
  log_error_event(LogLevel::kError, "the identity is damaged and set aside; the replicas are asked",
                  identity.error(), {{"database", path()}, {"as", aside}});
  TRY(rename_file(layout_.identity(), aside));
  return std::optional<state::Identity>{};
}

Status Pipeline::replay_spool() {
  for (const state::SpoolObjectPtr& object : spool_->objects()) {
    if (!identity_ || object->header.generation != identity_->generation) continue;
    state::Tip after = tip_;
    TRY(replay(*object, *ledger_, after));
    if (after.txid > tip_.txid) tip_ = after;  // a tip as new may have given up its position
  }
  return {};
}

Result<bool> Pipeline::ledger_is_right() {
  TRY(ledger_->truncate(tip_.pages));
  const auto sum = TRY(ledger_->checksum(tip_.pages, lock_page(tip_.page_size)));
  return sum && *sum == tip_.checksum;
}

// Is there something that the pages can be compared with?
bool Pipeline::has_history() const {
  return identity_->generation.value != 0 && tip_.generation == identity_->generation &&
         tip_.page_size == capture_->position().page_size;
}

// A batch of pages between two steps, so that the capture serves whoever waits for the log, and
// other databases have their turns.
Status Pipeline::compare(bool woken, bool& moved) {
  TRY(capture(woken, moved));
  if (!TRY(recorder_->compare_some(*capture_))) return {};
  TRY(recorder_->finish_comparison(*capture_));
  TRY(recorder_->save_tip(layout_.tip()));
  ++comparisons_;
  followed("compared");
  return {};
}

void Pipeline::followed(const char* how) {
  tip_ = recorder_->tip();
  log_info("database attached", {{"database", path()},
                                 {"generation", to_text(identity_->generation)},
                                 {"txid", recorder_->captured_txid().value},
                                 {"pages", capture_->position().pages},
                                 {"continuity", how}});
  join_replicas();
  phase_ = Phase::kLive;
  attach_delay_ = {};
  let_go_.reset();
  watch_log();
  database_watch_ = loop_.load()->watch(layout_.database, Loop::Event::kReplaced, *this);
  last_check_ = {};  // both by name: the next turn looks whether they are the files that we follow
}

Status Pipeline::begin_generation() {
  if (unproven_) TRY(prove_same_database());
  std::uint32_t epoch = std::max(identity_->generation.epoch(), ended_.epoch());
  Txid highest = tip_.txid;
  for (const auto& replica : replicas_)
    if (const auto discovery = replica->discovery()) {
      epoch = std::max(epoch, discovery->newest.epoch());
      highest = std::max(highest, discovery->highest);
    }
  for (const state::SpoolObjectPtr& object : spool_->objects()) {
    epoch = std::max(epoch, object->header.generation.epoch());
    highest = std::max(highest, object->header.last);
  }
  state::Identity next = *identity_;
  next.generation = GenerationId::make(epoch + 1);
  for (const ReplicaSetup& replica : settings_.replicas)
    if (replica.keys) TRY(replica.keys->begin(next.generation, next.database));
  TRY(state::save_identity(layout_.identity(), next));
  identity_ = next;
  ++generations_begun_;
  TRY(recorder_->begin_generation(*capture_, highest.next()));
  const wal::Position& now = capture_->position();
  if (std::uint64_t{now.pages} * now.page_size > kReadAtOnce)
    return {};  // the first snapshot reads it
  const auto at_once = static_cast<std::uint32_t>(kChunk / now.page_size);
  Bytes images;
  for (std::uint32_t first = 1; first <= now.pages; first += at_once) {
    images.resize(std::uint64_t{std::min(at_once, now.pages - first + 1)} * now.page_size);
    TRY(recorder_->read_pages(*capture_, PageNo(first), images));
  }
  return recorder_->establish_checksum(*capture_);
}

void Pipeline::join_replicas() {
  if (joined_ == identity_->generation) return;
  joined_ = identity_->generation;
  joined_time_ = clock_.wall_micros();
  for (const auto& replica : replicas_)
    replica->join(*identity_, recorder_->tip(), capture_->position().page_size, decided_);
}

// An object leaves the spool when every replica has it, after the ledger and the position that
// follow from it are durable. Not at once: other databases may be waiting to be read.
Status Pipeline::collect_garbage(MonoTime now) {
  const bool at_rest = capture_ && capture_->resting() && spool_->bytes() != 0;
  if (at_rest || now - last_garbage_check_ >= kGarbageCheck) {
    last_garbage_check_ = now;
    Status tidied = tidy_up(now);
    untidy_.reset();
    if (!tidied) untidy_ = std::move(tidied.error());
  }
  return untidy_ ? Status(*untidy_) : Status{};  // between two tries nothing has become better
}

std::vector<state::SpoolObjectPtr> Pipeline::garbage() const {
  std::vector<state::SpoolObjectPtr> objects = spool_->objects();
  std::erase_if(objects, [&](const state::SpoolObjectPtr& object) {
    return std::any_of(replicas_.begin(), replicas_.end(),
                       [&](const auto& replica) { return replica->needs(*object); });
  });
  return objects;
}

Status Pipeline::tidy_up(MonoTime now) {
  const std::vector<state::SpoolObjectPtr> garbage = this->garbage();
  if (garbage.empty())
    garbage_since_.reset();
  else if (!garbage_since_)
    garbage_since_ = now;
  const bool at_once = failing_ || !capture_ || capture_->resting();
  const bool due = at_once || spool_->bytes() >= kGarbageBytes ||
                   (garbage_since_ && now - *garbage_since_ >= kGarbageInterval);
  if (due && !garbage.empty()) {
    TRY(remove_objects(garbage));
    note_file();
    garbage_since_.reset();
  }
  const bool full = settings_.spool_max_bytes != 0 && spool_->bytes() > settings_.spool_max_bytes;
  return full ? shrink_spool() : Status{};
}

Status Pipeline::remove_objects(const std::vector<state::SpoolObjectPtr>& objects) {
  TRY(ledger_->sync());
  TRY(state::save_tip(layout_.tip(), recorder_ ? recorder_->tip() : tip_));
  return spool_->remove(objects);
}

// The oldest objects go, more than just enough so that it pays.
Status Pipeline::shrink_spool() {
  const std::uint64_t keep = settings_.spool_max_bytes - settings_.spool_max_bytes / 8;
  std::uint64_t bytes = spool_->bytes();
  std::vector<state::SpoolObjectPtr> oldest;
  for (const state::SpoolObjectPtr& object : spool_->objects()) {
    if (bytes <= keep) break;
    bytes -= object->size;
    oldest.push_back(object);
  }
  for (const auto& replica : replicas_) TRY(replica->note_dropped(oldest));
  return remove_objects(oldest);
}

}  // namespace streamd::replicate
