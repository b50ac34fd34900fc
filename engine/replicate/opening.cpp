// Where a database's replication begins, or goes on after a restart.
#include <algorithm>

#include "base/log.h"
#include "replicate/pipeline.h"
#include "segment/reader.h"

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
  TRY(make_folders(layout_.folder));
  identity_ = TRY(state::load_identity(layout_.identity()));
  auto saved = state::load_tip(layout_.tip());
  if (!saved)
    log_error_event(LogLevel::kWarn, "the position is rebuilt", saved.error(),
                    {{"database", path()}});
  tip_ = saved && *saved ? **saved : state::Tip{};
  if (identity_ && tip_.generation != identity_->generation) tip_ = {};
  ledger_ = TRY(state::Ledger::open(layout_.ledger()));
  spool_ = TRY(state::Spool::open(layout_.spool()));
  TRY(replay_spool());
  if (tip_.checksum_known && !TRY(ledger_is_right())) {
    log_warn("the ledger of page hashes does not match the position: a new generation begins",
             {{"database", path()}, {"txid", tip_.txid.value}});
    const Txid newest = tip_.txid;
    tip_ = {};
    tip_.txid = newest;
  }
  return {};
}

Status Pipeline::replay_spool() {
  for (const state::SpoolObjectPtr& object : spool_->objects()) {
    if (!identity_ || object->header.generation != identity_->generation) continue;
    state::Tip after = tip_;
    TRY(replay(*object, *ledger_, after));
    if (after.txid > tip_.txid || !tip_.position.known()) tip_ = after;
  }
  return {};
}

Result<bool> Pipeline::ledger_is_right() {
  TRY(ledger_->truncate(tip_.pages));
  const auto sum = TRY(ledger_->checksum(tip_.pages, lock_page(tip_.page_size)));
  return sum && *sum == tip_.checksum;
}

// Without a local state the replicas know who this database is: a marker of theirs gives it its
// uuid back. Not before all of them have answered: one that is silent may hold the newest backup.
Status Pipeline::decide_identity() {
  if (identity_ && identity_->generation.value != 0) return {};
  state::Identity identity = identity_.value_or(state::Identity{});
  for (const auto& replica : replicas_) {
    const auto discovery = replica->discovery();
    if (!discovery)
      return make_error(Code::kBusy, "waiting for replica " + replica->name() +
                                         " to say whether a backup exists");
    if (!discovery->marker) continue;
    if (identity.database != Uuid{} && identity.database != discovery->marker->database)
      return make_error(Code::kDiverged,
                        "replica " + replica->name() + " holds another database than the others",
                        "give every database a path of its own in each storage");
    identity.database = discovery->marker->database;
    identity.checksum_key.value = discovery->marker->checksum_key;
  }
  if (identity.database == Uuid{}) {
    identity.database = Uuid::make();
    identity.checksum_key.value = random_u64();
  }
  if (identity.instance == Uuid{}) identity.instance = Uuid::make();
  identity_ = identity;
  return {};
}

Status Pipeline::continue_or_compare() {
  const char* how = "same log";
  if (capture_->continuity() == sqlite::Continuity::kOneRestart) how = "one restart";
  if (capture_->continuity() == sqlite::Continuity::kBroken) {
    const bool history = identity_->generation.value != 0 &&
                         tip_.generation == identity_->generation &&
                         tip_.page_size == capture_->position().page_size;
    how = history ? "compared" : "new generation";
    if (!history)
      TRY(begin_generation());
    else
      TRY(tip_.checksum_known ? recorder_->record_delta(*capture_)
                              : recorder_->compare_known(*capture_));
    TRY(recorder_->save_tip(layout_.tip()));
  }
  tip_ = recorder_->tip();
  log_info("database attached", {{"database", path()},
                                 {"generation", to_text(identity_->generation)},
                                 {"txid", recorder_->captured_txid().value},
                                 {"pages", capture_->position().pages},
                                 {"continuity", how}});
  join_replicas();
  return {};
}

Status Pipeline::begin_generation() {
  std::uint32_t epoch = identity_->generation.epoch();
  Txid highest = tip_.txid;
  for (const auto& replica : replicas_)
    if (const auto discovery = replica->discovery()) {
      epoch = std::max(epoch, discovery->newest.epoch());
      highest = std::max(highest, discovery->highest);
    }
  identity_->generation = GenerationId::make(epoch + 1);
  TRY(state::save_identity(layout_.identity(), *identity_));
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
  for (const auto& replica : replicas_)
    replica->join(*identity_, recorder_->tip(), capture_->position().page_size);
}

// An object leaves the spool when every replica has it, after the ledger and the position that
// follow from it are durable.
Status Pipeline::collect_garbage(MonoTime now) {
  if (now - last_garbage_check_ < kGarbageCheck) return {};
  last_garbage_check_ = now;
  Txid needless(UINT64_MAX);
  for (const auto& replica : replicas_) needless = std::min(needless, replica->needless_up_to());
  std::vector<state::SpoolObjectPtr> garbage = spool_->objects();
  std::erase_if(
      garbage, [&](const state::SpoolObjectPtr& object) { return object->header.last > needless; });
  if (garbage.empty()) return {};
  if (now - last_garbage_ < kGarbageInterval && spool_->bytes() < kGarbageBytes) return {};
  last_garbage_ = now;
  TRY(ledger_->sync());
  TRY(recorder_->save_tip(layout_.tip()));
  return spool_->remove(garbage);
}

}  // namespace streamd::replicate
