// An outage longer than the spool: its oldest objects go, and what they changed is remembered for
// each replica that has not taken them.
#include "base/log.h"
#include "replicate/catch_up.h"
#include "replicate/replica.h"
#include "segment/header.h"

namespace streamd::replicate {

std::string Replica::dropped_path() const {
  return join_path(settings_.state_folder, "changed");
}

// With the lock held. A damaged file is as good as none: the gap is bridged by a snapshot then.
Status Replica::load_dropped() {
  if (dropped_loaded_) return {};
  auto loaded = state::ChangedPages::load(dropped_path());
  if (!loaded && loaded.error().code != Code::kCorrupt) return Error(loaded.error());
  if (loaded) dropped_ = std::move(*loaded);
  dropped_loaded_ = true;
  return {};
}

Status Replica::note_dropped(const std::vector<state::SpoolObjectPtr>& objects) {
  std::optional<state::ChangedPages> known;
  {
    const std::lock_guard lock(mutex_);
    TRY(load_dropped());
    known = dropped_;
  }
  state::ChangedPages dropped = known.value_or(state::ChangedPages{});
  bool any = false;
  for (const state::SpoolObjectPtr& object : objects) {
    if (!needs(*object)) continue;
    Status added = dropped.add(*object);
    if (!added && state::is_lost(added.error())) {  // a gap: no delta leads over it
      TRY(host_.spool().set_aside(object, added.error()));
      continue;
    }
    TRY(std::move(added));
    any = true;
  }
  if (!any) return {};
  TRY(make_folders(settings_.state_folder));
  TRY(dropped.save(dropped_path()));
  if (!known)
    log_warn("the spool is full: a replica that is behind gets one delta when it is back",
             {{"database", host_.database_path()},
              {"replica", settings_.name},
              {"dropped", dropped.to().value}});
  const std::lock_guard lock(mutex_);
  if (known && !dropped_)
    TRY(dropped.save(dropped_path()));  // it caught up meanwhile: file removed
  dropped_ = std::move(dropped);
  wake();  // it may have got them meanwhile
  return {};
}

// With the lock held: what was dropped is there by now, or belongs to a generation that is over.
Status Replica::forget_dropped() {
  if (!dropped_) return {};
  const bool ours = joined_ && dropped_->generation() == joined_->identity.generation;
  if (ours && status_.acknowledged < dropped_->to()) return {};
  dropped_.reset();
  return remove_file(dropped_path());
}

// Not when a snapshot has brought it meanwhile, nor when a new generation has begun: the next round
// sees to that. With the lock held.
bool Replica::lacks_dropped() const {
  return joined_ && dropped_ && status_.acknowledged < dropped_->to();
}

// Are all changes since the moment that the replica has known? Those that were dropped are, and
// those of the objects behind them, unless one is missing there. With the lock held.
bool Replica::changes_are_known() const {
  const Txid known = std::max(status_.acknowledged, dropped_->to());
  const auto rest = host_.spool().objects_after(dropped_->generation(), known);
  return status_.acknowledged >= dropped_->from() && gapless(rest, known).size() == rest.size();
}

// The moment that a delta begins after, in base_. It stays unknown when no header tells it.
Status Replica::learn_base() {
  std::string key;
  Base base;
  segment::ObjectHeader expected;
  {
    const std::lock_guard lock(mutex_);
    if (base_ && base_->txid == status_.acknowledged) return {};
    base_.reset();
    base = {status_.acknowledged, dropped_->checksum_at_from(), status_.acknowledged_time};
    if (base.txid == dropped_->from()) base_ = base;
    if (base_ || !joined_) return {};
    key = reached_object_;
    expected.database = joined_->identity.database;
    expected.generation = joined_->identity.generation;
  }
  if (key.empty()) return {};
  Bytes raw(segment::kHeaderSize);
  Status read = storage::object_source(*store_, key, raw.size(), call())->read_at(0, raw);
  if (!read && !state::is_lost(read.error())) return read;
  const auto header = segment::decode_header(raw);
  if (!read || !header || header->last != base.txid || header->database != expected.database ||
      header->generation != expected.generation || (header->flags & segment::kChecksumUnknown) != 0)
    return {};
  const std::lock_guard lock(mutex_);
  base_ = Base{base.txid, header->checksum_after, header->last_seen};
  return {};
}

Status Replica::catch_up() {
  {
    std::unique_lock lock(mutex_);
    if (!lacks_dropped()) return {};
    if (!changes_are_known()) return lock.unlock(), bridge_gap();
  }
  TRY(store_->stat(catalog::to_text(catalog::MarkerKey{}), call()));  // is it back at all?
  TRY(learn_base());
  Joined joined;
  std::optional<Base> base;
  state::ChangedPages dropped;
  {
    const std::lock_guard lock(mutex_);
    if (!lacks_dropped()) return {};
    joined = *joined_;
    dropped = *dropped_;
    if (changes_are_known() && base_ && base_->txid == status_.acknowledged) base = base_;
  }
  if (!base) return bridge_gap();
  CatchUp delta(host_, joined.identity, joined.page_size, *base, cancel_);
  auto made = delta.make(dropped);
  if (!made && made.error().code == Code::kBusy) {
    std::unique_lock lock(mutex_);
    // Not because more was dropped: an object is lost, the newest perhaps, and no delta leads over
    // it.
    const bool lost = lacks_dropped() && dropped_->to() == dropped.to();
    if (lost) return lock.unlock(), bridge_gap();
    failures_ = 0;  // not the store's fault: try again soon
  }
  const std::vector<segment::SealedObject> pieces = TRY(std::move(made));
  std::uint64_t bytes = 0;
  std::vector<std::uint64_t> sizes;
  for (const segment::SealedObject& piece : pieces) {
    TRY(put_file(catalog::to_text(segment::key_of(piece.header)), piece.file));
    bytes += piece.size;
    sizes.push_back(piece.size);
  }
  contents_.add(segment::key_of(pieces.back().header), std::move(sizes));
  const segment::ObjectHeader& last = pieces.back().header;
  acknowledge({last.last, last.checksum_after, last.last_seen}, last.last);
  log_info("caught up after an outage", {{"database", host_.database_path()},
                                         {"replica", settings_.name},
                                         {"generation", to_text(last.generation)},
                                         {"first", last.first.value},
                                         {"txid", last.last.value},
                                         {"bytes", bytes}});
  const std::lock_guard lock(mutex_);
  ++status_.catch_ups;
  return forget_dropped();
}

}  // namespace streamd::replicate
