#include "replicate/last_job.h"

#include "base/log.h"
#include "replicate/catch_up.h"

namespace streamd::replicate {
namespace {

// Pages compress to a quarter at best, as a first guess; what was made is then measured.
constexpr std::uint64_t kBestRatio = 4;

}  // namespace

std::optional<milliseconds> LastJob::due_in(const UpkeepView&) {
  const std::uint64_t bytes = range_.bytes();
  if (bytes < worth_) try_at_ = worth_;  // another range
  return bytes >= try_at_ ? std::optional(milliseconds(0)) : std::nullopt;
}

Status LastJob::run(const UpkeepContext& context) {
  const ChangedRange::View range = range_.view();
  const std::uint64_t pages = range.pages.list().size() * std::uint64_t{context.page_size};
  try_at_ = range.bytes * 2;
  const bool hopeless = pages / kBestRatio >= range.bytes / 2;
  if (range.pages.generation() != context.identity.generation || hopeless) return {};
  const Base base{range.pages.from(), range.pages.checksum_at_from(), range.seen};
  CatchUp last(context.host, context.identity, context.page_size, base, *context.call.cancel,
               {segment::Completeness::kLast, kLevel,
                [&](Txid moment) { contents_.add_border(context.identity.generation, moment); }});
  auto made = last.make(range.pages);
  if (!made && made.error().code == Code::kBusy) {  // commits outran it
    try_at_ = range.bytes + worth_ / 4;
    return {};
  }
  std::vector<segment::SealedObject> pieces = TRY(std::move(made));
  std::uint64_t bytes = 0;
  for (const segment::SealedObject& piece : pieces) bytes += piece.size;
  if (bytes < range.bytes / 2) return put(pieces, context);
  worth_ *= 2;  // a new range has begun at its moment
  return {};
}

Status LastJob::put(std::vector<segment::SealedObject>& pieces, const UpkeepContext& context) {
  std::vector<std::uint64_t> sizes;
  std::uint64_t bytes = 0;
  for (const segment::SealedObject& piece : pieces) {
    const FileSource source = TRY(FileSource::over(piece.file));
    TRY(context.store.put(catalog::to_text(segment::key_of(piece.header)), source, {},
                          context.call));
    sizes.push_back(piece.size);
    bytes += piece.size;
  }
  const segment::ObjectHeader& header = pieces.back().header;
  contents_.add(segment::key_of(header), std::move(sizes));
  log_info("last object put", {{"database", context.database},
                               {"replica", context.replica},
                               {"level", static_cast<int>(header.level)},
                               {"first", header.first.value},
                               {"txid", header.last.value},
                               {"bytes", bytes}});
  return {};
}

}  // namespace streamd::replicate
