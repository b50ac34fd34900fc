#include "restore/advance.h"

#include <algorithm>

namespace streamd::restore {
namespace {

using segment::Kind;
using segment::ObjectHeader;

class Advance {
 public:
  Advance(const catalog::Marker& marker, const Plan& plan, Applier& applier, Reached& reached,
          const AdvanceOptions& options)
      : marker_(marker), plan_(plan), applier_(applier), reached_(reached), options_(options) {}

  Status run(Fetcher& fetcher);

 private:
  Status segment(Fetcher& fetcher, std::size_t& object, const PlannedSegment& planned);
  Status check_piece(const ObjectHeader& header, const PlannedSegment& planned,
                     std::uint32_t index) const;
  Status check_entry(const segment::ObjectReader& reader, const PlannedSegment& planned) const;

  const catalog::Marker& marker_;
  const Plan& plan_;
  Applier& applier_;
  Reached& reached_;
  const AdvanceOptions& options_;
};

Status Advance::check_piece(const ObjectHeader& header, const PlannedSegment& planned,
                            std::uint32_t index) const {
  const std::string& key = planned.pieces[index - 1].key;
  TRY(check_object(header, Kind::kSegment, marker_, reached_.page_size, key));
  const catalog::SegmentKey& name = planned.key;
  if (header.generation != name.generation || header.first != name.first ||
      header.last != name.last || header.completeness != name.completeness ||
      header.piece != catalog::Piece{index, name.piece.count})
    return wrong_object(key, "it is another segment than its name says");
  return {};
}

// The segment continues what the file holds: from its beginning, or from where it is entered.
Status Advance::check_entry(const segment::ObjectReader& reader,
                            const PlannedSegment& planned) const {
  const ObjectHeader& header = reader.header();
  if ((header.flags & segment::kChecksumUnknown) != 0) return {};
  std::uint64_t before = header.checksum_before;
  if (planned.skip > 0) {
    if (!header.last_piece()) return {};  // only the last piece tells
    before = reader.index().transactions.at(planned.skip - 1).checksum;
  }
  if (before == reached_.checksum) return {};
  return wrong_object(to_text(planned.key), "it does not continue the database as restored so far");
}

Status Advance::segment(Fetcher& fetcher, std::size_t& object, const PlannedSegment& planned) {
  const std::uint32_t cut = plan_.cut(planned);
  segment::TransactionInfo after;
  for (std::uint32_t index = 1; index <= planned.pieces.size(); ++index, ++object) {
    const PlannedObject& what = planned.pieces[index - 1];
    const auto opened = TRY(fetcher.open(object));
    TRY(check_piece(opened.reader->header(), planned, index));
    TRY(check_entry(*opened.reader, planned));
    reached_.whole = false;
    if (Status applied = applier_.apply_images(fetcher, opened, cut); !applied) {
      if (applied.error().code == Code::kNotFound) return applied;
      return in_object(std::move(applied.error()), what.key);
    }
    if (index == planned.pieces.size()) after = opened.reader->index().transactions.at(cut);
    fetcher.release();
    if (options_.fetched) options_.fetched(what);
  }
  if (Status proven = applier_.commit(after.pages, after.checksum); !proven)
    return in_object(std::move(proven.error()), planned.pieces.back().key);
  reached_.pages = after.pages;
  reached_.checksum = after.checksum;
  reached_.seen = after.seen;
  reached_.txid = std::min(planned.key.last, plan_.moment.txid);
  reached_.whole = true;
  return options_.committed ? options_.committed(reached_) : Status();
}

Status Advance::run(Fetcher& fetcher) {
  std::size_t object = 0;
  for (const PlannedSegment& planned : plan_.segments) TRY(segment(fetcher, object, planned));
  return {};
}

}  // namespace

Error in_object(Error error, const std::string& key) {
  return std::move(error).with_context("restore from object " + key);
}
Error wrong_object(const std::string& key, const char* why) {
  return in_object(make_error(Code::kCorrupt, why), key);
}

Status check_object(const ObjectHeader& header, Kind kind, const catalog::Marker& marker,
                    std::uint32_t page_size, const std::string& key) {
  if (header.kind != kind) return wrong_object(key, "it is of another kind than its name says");
  if (header.database != marker.database)
    return wrong_object(key, "it belongs to another database than the replica");
  if (page_size != 0 && header.page_size != page_size)
    return wrong_object(key, "its page size is not that of the snapshot");
  return {};
}

Status apply_segments(storage::Store& store, const catalog::Marker& marker, const Plan& plan,
                      Applier& applier, Reached& reached, const AdvanceOptions& options) {
  std::vector<FetchObject> objects;
  for (const PlannedSegment& planned : plan.segments)
    for (const PlannedObject& piece : planned.pieces)
      objects.push_back({piece, {planned.skip, plan.cut(planned)}});
  Fetcher fetcher(store, std::move(objects), options.fetch, options.cancel);
  return Advance(marker, plan, applier, reached, options).run(fetcher);
}

}  // namespace streamd::restore
