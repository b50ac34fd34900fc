#include "replicate/catch_up.h"

#include "segment/checksum.h"
#include "segment/limits.h"

namespace streamd::replicate {
namespace {

constexpr std::size_t kBatchBytes = kMiB;  // of pages read between two steps of the capture
constexpr std::uint64_t kRunBytes = kMiB;  // without a past nothing is gained by more

void mark(std::vector<bool>& pages, PageNo page) {
  if (page.value >= pages.size()) pages.resize(std::size_t{page.value} + 1);
  pages[page.value] = true;
}

}  // namespace

Result<std::vector<segment::SealedObject>> CatchUp::make(const state::ChangedPages& changed) {
  Pages wanted;
  for (const PageNo page : changed.list()) mark(wanted, page);
  learned_ = std::max(changed.to(), base_.txid);
  TRY(learn_queued(wanted));
  TRY(host_.visit(
      identity_.generation, [&](Moment& moment) { return learn_all(moment, wanted); }, cancel_));
  TRY(open());
  std::vector<PageNo> batch;
  for (std::size_t number = 1; number < wanted.size(); ++number) {
    if (wanted[number]) batch.emplace_back(static_cast<std::uint32_t>(number));
    if (batch.size() * page_size_ < kBatchBytes && number + 1 < wanted.size()) continue;
    TRY(read_batch(batch));
    TRY(learn_queued(changed_since_));
    batch.clear();
  }
  TRY(host_.visit(
      identity_.generation, [this](Moment& moment) { return finish(moment); }, cancel_));
  return std::move(pieces_);
}

// What objects still in the spool touched lies inside the range as well.
Status CatchUp::learn_queued(Pages& pages) {
  const auto objects = host_.spool().objects_after(identity_.generation, learned_);
  for (const state::SpoolObjectPtr& object : objects) {
    if (object->header.first > learned_.next())
      return make_error(Code::kBusy, "catch up: the spool moved on too fast");
    Status read = state::for_each_page(*object, [&](PageNo page) { mark(pages, page); });
    if (!read && state::is_lost(read.error())) {
      TRY(host_.spool().set_aside(object, read.error()));
      return make_error(Code::kBusy, "catch up: an object of the spool is lost");
    }
    TRY(std::move(read));
    learned_ = object->header.last;
  }
  return {};
}

// When the newest objects have left the spool, no object behind them shows the gap.
Status CatchUp::learn_all(const Moment& moment, Pages& pages) {
  TRY(learn_queued(pages));
  if (learned_ >= moment.recorder.tip().txid) return {};
  return make_error(Code::kBusy, "catch up: the newest objects have left the spool");
}

Status CatchUp::read_batch(const std::vector<PageNo>& pages) {
  Bytes images(pages.size() * page_size_);
  std::uint32_t end = 0;
  const auto image_of = [&](std::size_t i) {
    return MutableBytes(images).subspan(i * page_size_, page_size_);
  };
  TRY(host_.visit(
      identity_.generation,
      [&](Moment& moment) -> Status {
        end = moment.capture.position().pages;
        for (std::size_t i = 0; i < pages.size(); ++i)
          if (pages[i].value <= end) TRY(moment.capture.read_page(pages[i], image_of(i)));
        return {};
      },
      cancel_));
  for (std::size_t i = 0; i < pages.size(); ++i)
    if (pages[i].value <= end)
      TRY(add(pages[i], image_of(i),
              segment::page_hash(image_of(i), pages[i], identity_.checksum_key)));
  return {};
}

// Nothing moves meanwhile. Images beyond the end of the database, read before it shrank, are
// harmless: the transaction's size cuts them off.
Status CatchUp::finish(Moment& moment) {
  TRY(moment.capture.make_durable());
  TRY(learn_all(moment, changed_since_));
  const state::Tip& tip = moment.recorder.tip();
  if (kind_.moment_fixed) kind_.moment_fixed(tip.txid);
  Bytes image(page_size_);
  for (std::size_t number = 1; number < changed_since_.size() && number <= tip.pages; ++number) {
    if (!changed_since_[number]) continue;
    const PageNo page(static_cast<std::uint32_t>(number));
    TRY(moment.capture.read_page(page, image));
    TRY(add(page, image, segment::page_hash(image, page, identity_.checksum_key)));
  }
  segment::NoBases bases;
  writer_->end_transaction({base_.seen, tip.seen, tip.pages, tip.checksum});
  pieces_.push_back(TRY(writer_->seal(header(tip), nullptr, bases)));
  return segment::complete_pieces(pieces_);
}

Status CatchUp::open() {
  segment::SegmentOptions options;
  options.page_size = page_size_;
  options.run_bytes = kRunBytes;
  options.pages_before = UINT32_MAX;  // which pages are new since the base is not known here
  writer_.emplace(TRY(segment::SegmentWriter::create(TRY(new_file()), options)));
  return {};
}

Status CatchUp::add(PageNo page, ByteView image, std::uint64_t hash) {
  if (page == lock_page(page_size_)) return {};
  segment::NoBases bases;
  TRY(writer_->add_image(page, image, hash));
  if (writer_->raw_bytes() >= segment::kPieceBytes) {
    pieces_.push_back(TRY(writer_->next_piece(TRY(new_file()), header({}), bases)));
    return {};
  }
  return writer_->run_full() ? writer_->flush_run(bases) : Status{};
}

Result<File> CatchUp::new_file() {
  File file = TRY(host_.spool().new_file());
  TRY(remove_file(file.path()));  // it goes with its descriptor
  return file;
}

segment::ObjectHeader CatchUp::header(const state::Tip& tip) const {
  segment::ObjectHeader header;
  header.completeness = kind_.completeness;
  header.level = kind_.level;
  header.generation = identity_.generation;
  header.database = identity_.database;
  header.instance = identity_.instance;
  header.first = base_.txid.next();
  header.last = tip.txid;
  header.checksum_before = base_.checksum;
  return header;
}

}  // namespace streamd::replicate
