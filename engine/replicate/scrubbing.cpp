// Is the database file still what was captured? A position in the log says nothing of the pages
// that are not in it: `cp backup.db app.db` keeps the inode, and the log beside it. So the file is
// noted as it was when its pages were known, and read again when it was written to while nobody
// watched, or when it was and no checkpoint shows that it was SQLite.
#include "base/log.h"
#include "replicate/pipeline.h"
#include "state/left.h"

namespace streamd::replicate {

void Pipeline::begin_scrub() {
  log_debug("the pages are compared with those that were captured", {{"database", path()}});
  scrub_.emplace(*ledger_, identity_->checksum_key);
}

Status Pipeline::scrub_some() {
  switch (TRY(scrub_->some(*capture_))) {
    case Scrub::Found::kMore:
      break;
    case Scrub::Found::kAsKnown:
      scrub_.reset();
      note_file();
      break;
    case Scrub::Found::kOther:
      TRY(capture_->contradicted());
      scrub_.reset();
      break;
  }
  return {};
}

Status Pipeline::look_at_file() {
  TRY(capture_->require_untouched());
  if (TRY(capture_->may_be_overwritten()) && !capture_->trouble()) begin_scrub();
  return {};
}

// Without it the next life reads all pages.
void Pipeline::note_file() {
  if (phase_ != Phase::kLive || scrub_ || !look_at_file() || scrub_) return;
  const auto file = capture_->file_identity();
  if (!file || checked_ == *file) return;
  const state::Tip& tip = recorder_->tip();
  if (state::note_left(layout_.checked(), {tip.generation, tip.txid, *file})) checked_ = *file;
}

}  // namespace streamd::replicate
