// Before a replica gets its first object in a life: is what it holds our past, and may we write?
#include <algorithm>

#include "base/log.h"
#include "replicate/replica.h"
#include "segment/reader.h"

namespace streamd::replicate {
namespace {

// A writer that has put nothing for so long is not in the middle of something.
constexpr Micros kQuiet = 5 * 60 * Micros{1'000'000};
constexpr const char* kChoose =
    "`streamctl adopt DB local` keeps this database and begins a new generation there; `streamctl "
    "adopt DB replica` restores what the replica holds";

// Of the database after an object; nullopt when it does not say, or is damaged.
Result<std::optional<std::uint64_t>> checksum_of(storage::Store& store, const std::string& key,
                                                 std::uint64_t size, const storage::Call& call) {
  std::optional<std::uint64_t> unknown;
  segment::HeaderBytes raw{};
  const Status read = storage::object_source(store, key, size, call)->read_at(0, raw);
  if (!read && read.error().code == Code::kCorrupt) return unknown;
  if (!read) return Error(read.error()).with_context("read " + key);
  const auto header = segment::decode_header(raw);
  if (!header || (header->flags & segment::kChecksumUnknown) != 0) return unknown;
  return std::optional(header->checksum_after);
}

// Objects that show the database as of `txid`, and their sizes.
std::vector<std::pair<std::string, std::uint64_t>> objects_at(
    const catalog::GenerationTimeline& generation, Txid txid) {
  std::vector<std::pair<std::string, std::uint64_t>> found;
  for (const catalog::Snapshot& snapshot : generation.snapshots)
    if (snapshot.key.txid == txid)
      found.emplace_back(catalog::to_text(snapshot.key), snapshot.size);
  for (const auto& [level, segments] : generation.segments)
    for (const catalog::Segment& segment : segments)
      if (segment.complete && segment.key.last == txid)
        found.emplace_back(catalog::to_text(segment.key), segment.sizes.back());
  return found;
}

Result<std::uint64_t> checksum_inside(const state::SpoolObject& object, Txid txid) {
  const File file = TRY(File::open_read(object.paths.back()));
  const FileSource source = TRY(FileSource::over(file));
  const auto reader = TRY(segment::ObjectReader::open(source));
  const std::uint64_t ordinal = txid.value - object.header.first.value;
  if (ordinal >= reader.index().transactions.size())
    return make_error(Code::kCorrupt, "transactions are missing");
  return reader.index().transactions[ordinal].checksum;
}

// The database's checksum as of `txid` by what lies in the spool; nullopt when it does not tell.
std::optional<std::uint64_t> checksum_in(const std::vector<state::SpoolObjectPtr>& objects,
                                         GenerationId generation, Txid txid) {
  for (const state::SpoolObjectPtr& object : objects) {
    const segment::ObjectHeader& header = object->header;
    if (header.generation != generation || (header.flags & segment::kChecksumUnknown) != 0)
      continue;
    if (header.last == txid) return header.checksum_after;
    if (header.first == txid.next()) return header.checksum_before;
    if (header.completeness != segment::Completeness::kAll || txid < header.first ||
        txid > header.last)
      continue;
    if (const auto checksum = checksum_inside(*object, txid)) return *checksum;
  }
  return std::nullopt;
}

// Of anything that the listing shows.
Micros newest_put(const catalog::Timeline& timeline) {
  std::int64_t newest = 0;
  for (const catalog::GenerationTimeline& generation : timeline.generations) {
    for (const auto& part : generation.parts) newest = std::max(newest, part.mtime_ns);
    for (const auto& snapshot : generation.snapshots) newest = std::max(newest, snapshot.mtime_ns);
    for (const auto& [level, segments] : generation.segments)
      for (const auto& segment : segments) newest = std::max(newest, segment.mtime_ns);
  }
  return newest / 1000;
}

}  // namespace

// Its objects must be our past: never more than we know, and what we know must be what they say.
Status Replica::must_be_our_past(const catalog::Timeline& timeline, const Joined& joined) {
  const GenerationId ours = joined.identity.generation;
  if (!timeline.generations.empty() && timeline.generations.back().id > ours)
    return make_error(Code::kDiverged,
                      "replica " + name() + " holds a newer generation " +
                          to_text(timeline.generations.back().id) + " than this database's " +
                          to_text(ours) + ": another streamd wrote there",
                      kChoose);
  const catalog::GenerationTimeline* generation = timeline.find(ours);
  const catalog::Span* newest = generation == nullptr ? nullptr : generation->newest();
  if (newest == nullptr) return {};
  if (newest->last > joined.tip.txid)
    return make_error(Code::kDiverged,
                      "replica " + name() + " holds transactions up to " + to_text(newest->last) +
                          " that this database never had (it is at " + to_text(joined.tip.txid) +
                          "): an older disk came back, or another streamd wrote there",
                      kChoose);
  std::optional<std::uint64_t> known;
  if (joined.tip.txid == newest->last && joined.tip.checksum_known) known = joined.tip.checksum;
  if (TRY(agrees(*generation, newest->last, known))) return {};
  return make_error(Code::kDiverged,
                    "replica " + name() + " holds another transaction " + to_text(newest->last) +
                        " than this database: an older disk came back, or another streamd wrote "
                        "there",
                    kChoose);
}

// What the replica shows as of `txid` is what this database was then: by `known`, its checksum, or
// by what lies in the spool. True too when neither tells.
Result<bool> Replica::agrees(const catalog::GenerationTimeline& generation, Txid txid,
                             std::optional<std::uint64_t> known) {
  if (!known) known = checksum_in(host_.spool().objects(), generation.id, txid);
  if (!known) return true;
  for (const auto& [key, size] : objects_at(generation, txid)) {
    const auto checksum = TRY(checksum_of(*store_, key, size, call()));
    if (checksum && *checksum != *known) return false;
  }
  return true;
}

catalog::Writer Replica::as_writer(const state::Identity& identity) const {
  catalog::Writer writer;
  writer.claim = Uuid::make();
  writer.instance = identity.instance;
  writer.host = settings_.home.host;
  writer.path = host_.database_path();
  writer.boot = settings_.home.boot;
  writer.lock = settings_.home.lock;
  writer.generation = identity.generation;
  writer.since = clock_.wall_micros() / 1000 * 1000;
  return writer;
}

// Makes us the writer. Restarts of the same local state go on under the claim that is there.
// True: somebody else may have been writing until now, so look again at what is there.
Result<bool> Replica::claim_place(const Joined& joined, const catalog::Timeline& timeline) {
  const LastClaim last = TRY(last_claim(*store_, call()));
  const catalog::Writer us = as_writer(joined.identity);
  const bool ours = last.writer && last.writer->instance == us.instance;
  const bool same_file = last.writer && last.writer->same_place(us) && last.writer->lock == us.lock;
  if (last.number != 0 && !ours && !same_file && !joined.may_take_over && !settings_.take_over &&
      TRY(was_here()))
    return make_error(Code::kFenced, "replica " + name() + " was taken over by " + describe(last),
                      "one database has one writer: end this streamd, or end the other one and "
                      "take the replica back with `streamctl adopt DB local`");
  TRY(must_be_our_past(timeline, joined));
  if (ours && same_file && last.writer->boot == us.boot && !us.boot.empty()) {
    fence_.keep(last, if_absent_);
    return false;
  }
  TRY(fence_.claim(*store_, last.number + 1, us, if_absent_, call()));
  if (last.number == 0) return false;
  if (!ours)
    log_warn("replica taken over", {{"database", host_.database_path()},
                                    {"replica", settings_.name},
                                    {"from", describe(last)}});
  const bool shared = timeline.find(joined.identity.generation) != nullptr;
  if (same_file || !shared || clock_.wall_micros() - newest_put(timeline) > kQuiet) return false;
  // Longer than the other one may go on by an answer that it has.
  if (cancel_.wait_for(settings_.writer_check + settings_.writer_check / 2))
    return make_error(Code::kCancelled, "stopped");
  return true;
}

// The checksum of the newest moment that can be restored.
Result<std::optional<std::uint64_t>> Replica::newest_checksum(const catalog::Timeline& timeline) {
  const catalog::GenerationTimeline* generation = timeline.newest_restorable();
  std::optional<std::uint64_t> unknown;
  if (generation == nullptr || generation != &timeline.generations.back()) return unknown;
  for (const auto& [key, size] : objects_at(*generation, generation->newest()->last)) {
    const auto checksum = TRY(checksum_of(*store_, key, size, call()));
    if (checksum) return checksum;
  }
  return unknown;
}

}  // namespace streamd::replicate
