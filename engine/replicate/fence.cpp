#include "replicate/fence.h"

#include <algorithm>

#include "catalog/key.h"
#include "segment/header.h"

namespace streamd::replicate {
namespace {

constexpr std::uint64_t kClaimLimit = 64 * kKiB;

std::string name_of_claim(std::uint32_t number) {
  return catalog::to_text(catalog::WriterKey{number});
}

Result<catalog::Writer> read_claim(storage::Store& store, std::uint32_t number,
                                   const storage::Call& call) {
  const std::string name = name_of_claim(number);
  const Bytes raw = TRY(storage::get_all(store, name, kClaimLimit, call));
  return catalog::parse_writer(as_text(raw), name);
}

// nullopt when it is damaged: somebody's all the same.
Result<std::optional<catalog::Writer>> read_if_whole(storage::Store& store, std::uint32_t number,
                                                     const storage::Call& call) {
  auto writer = read_claim(store, number, call);
  if (!writer && writer.error().code == Code::kCorrupt) return std::optional<catalog::Writer>{};
  if (!writer) return Error(writer.error());
  return std::optional(std::move(*writer));
}

}  // namespace

std::string describe(const LastClaim& claim) {
  if (!claim.writer) return "another streamd";
  return "streamd on host " + claim.writer->host + " (" + claim.writer->path + ") since " +
         format_time(claim.writer->since);
}

Result<LastClaim> last_claim(storage::Store& store, const storage::Call& call) {
  LastClaim last;
  const auto note = [&](const std::string& key, const storage::ObjectStat&) -> Status {
    const catalog::Key parsed = catalog::parse_key(key);
    if (const auto* writer = std::get_if<catalog::WriterKey>(&parsed))
      last.number = std::max(last.number, writer->number);
    return {};
  };
  TRY(store.list(catalog::writers_prefix(), "", note, call));
  if (last.number != 0) last.writer = TRY(read_if_whole(store, last.number, call));
  return last;
}

void Fence::hold(std::uint32_t number, const catalog::Writer& writer, bool if_absent) {
  const std::lock_guard lock(mutex_);
  number_ = number;
  writer_ = writer;
  if_absent_ = if_absent;
  checked_ = clock_.mono();
}

void Fence::keep(const LastClaim& claim, bool if_absent) {
  hold(claim.number, *claim.writer, if_absent);
}

Status Fence::claim(storage::Store& store, std::uint32_t number, const catalog::Writer& writer,
                    bool if_absent, const storage::Call& call) {
  const std::string text = catalog::encode_writer(writer);
  const MemorySource source(as_bytes(text));
  const auto put = store.put(name_of_claim(number), source, {if_absent}, call);
  const bool faster = !put && put.error().code == Code::kExists;
  if (!put && !faster) return Error(put.error());
  // Without an atomic put the content decides, now and at every check.
  if (faster || (!if_absent && !(TRY(read_claim(store, number, call)).claim == writer.claim)))
    return make_error(Code::kBusy,
                      "replica " + replica_ + ": another streamd claims it at this moment");
  hold(number, writer, if_absent);
  return {};
}

Status Fence::check(storage::Store& store, const storage::Call& call) {
  const std::lock_guard lock(mutex_);
  if (lost_) return *lost_;
  if (number_ == 0)
    return make_error(Code::kInternal, "replica " + replica_ + " was not claimed before an upload");
  if (clock_.mono() - checked_ < interval_) return {};
  const MonoTime asked = clock_.mono();
  const Status looked = look(store, call);
  if (looked) checked_ = asked;
  if (!looked && looked.error().code == Code::kFenced) lost_ = looked.error();
  return looked;
}

// With the lock held.
Status Fence::look(storage::Store& store, const storage::Call& call) {
  std::uint32_t number = number_ + 1;
  const auto next = store.stat(name_of_claim(number), call);
  if (!next && next.error().code != Code::kNotFound) return Error(next.error());
  if (!next) {
    if (if_absent_) return {};
    number = number_;
    const auto ours = read_claim(store, number_, call);
    if (ours ? ours->claim == writer_.claim : ours.error().code == Code::kNotFound) return {};
    if (!ours && ours.error().code != Code::kCorrupt) return Error(ours.error());
  }
  LastClaim taken{number, {}};
  if (auto last = last_claim(store, call); last && last->number != 0) taken = std::move(*last);
  return make_error(Code::kFenced, "replica " + replica_ + " was taken over by " + describe(taken),
                    "one database has one writer: end this streamd, or end the other one and take "
                    "the replica back with `streamctl adopt DB local`");
}

bool Fence::if_absent() const {
  const std::lock_guard lock(mutex_);
  return if_absent_;
}

Result<storage::Capabilities> FencedStore::probe(const storage::Call& call) {
  return inner_.probe(call);
}

Result<storage::ObjectStat> FencedStore::put(const std::string& key, const ByteSource& source,
                                             const storage::PutOptions& options,
                                             const storage::Call& call) {
  TRY(fence_.check(inner_, call));
  storage::PutOptions careful = options;
  careful.if_absent = fence_.if_absent();  // else the store has no such put
  auto stored = inner_.put(key, source, careful, call);
  if (stored || options.if_absent || stored.error().code != Code::kExists) return stored;
  if (!TRY(may_replace(key, source, call))) return inner_.stat(key, call);
  return inner_.put(key, source, options, call);
}

// An earlier attempt of ours (or what a disk has made of it) lies there and is put again; a part of
// another writer with this name holds the same pages and stays.
Result<bool> FencedStore::may_replace(const std::string& key, const ByteSource& source,
                                      const storage::Call& call) {
  segment::HeaderBytes ours{}, there{};
  TRY(source.read_at(0, ours));
  const std::uint64_t size = TRY(inner_.stat(key, call)).size;
  const auto object = storage::object_source(inner_, key, size, call);
  const Status read = object->read_at(0, there);
  if (!read && read.error().code != Code::kCorrupt) return Error(read.error());
  const auto header = segment::decode_header(there);
  if (!header || header->instance == TRY(segment::decode_header(ours)).instance) return true;
  const bool part = std::holds_alternative<catalog::PartKey>(catalog::parse_key(key));
  if (part && size == source.size()) return false;
  return make_error(Code::kDiverged, "put " + key + ": another streamd has put an object there",
                    "end the other one; then keep this database with `streamctl adopt DB local`");
}

Result<storage::ObjectStat> FencedStore::get(const std::string& key, std::uint64_t offset,
                                             std::uint64_t length, const storage::Sink& sink,
                                             const storage::Call& call) {
  return inner_.get(key, offset, length, sink, call);
}

Result<storage::ObjectStat> FencedStore::stat(const std::string& key, const storage::Call& call) {
  return inner_.stat(key, call);
}

Status FencedStore::list(const std::string& prefix, const std::string& start_after,
                         const storage::ListSink& sink, const storage::Call& call) {
  return inner_.list(prefix, start_after, sink, call);
}

Status FencedStore::remove(std::span<const std::string> keys, const storage::Call& call) {
  TRY(fence_.check(inner_, call));
  return inner_.remove(keys, call);
}

}  // namespace streamd::replicate
