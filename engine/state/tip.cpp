#include "state/tip.h"

#include <algorithm>

#include "base/file.h"
#include "base/hash.h"

namespace streamd::state {
namespace {

constexpr std::uint64_t kMagic = 0x32504954'444d5453;       // "STMDTIP2"
constexpr std::uint64_t kUnnumbered = 0x31504954'444d5453;  // "STMDTIP1": the file is one record
constexpr std::size_t kSlot = 512;                          // bytes; a disk writes so many at once

// What a slot holds; of two the one with the higher number is newer.
struct Saved {
  std::uint64_t number = 0;
  Tip tip;
};

Bytes encode(const Saved& saved) {
  const Tip& tip = saved.tip;
  Bytes raw;
  append_le(raw, kMagic);
  append_le(raw, saved.number);
  append_le(raw, tip.generation.value);
  append_le(raw, tip.txid.value);
  append_le<std::uint32_t>(raw, tip.checksum_known ? 1 : 0);
  append_le(raw, tip.checksum);
  append_le(raw, tip.page_size);
  append_le(raw, tip.pages);
  append_le(raw, tip.seen);
  wal::append_position(raw, tip.position);
  append_le(raw, xxh3(raw));
  raw.resize(kSlot);
  return raw;
}

// nullopt: empty, or damaged.
std::optional<Saved> decode(ByteView raw) {
  ByteReader in(raw);
  Saved saved;
  const auto magic = in.le<std::uint64_t>();
  if (magic == kMagic) saved.number = in.le<std::uint64_t>();
  Tip& tip = saved.tip;
  tip.generation.value = in.le<std::uint64_t>();
  tip.txid.value = in.le<std::uint64_t>();
  tip.checksum_known = in.le<std::uint32_t>() != 0;
  tip.checksum = in.le<std::uint64_t>();
  tip.page_size = in.le<std::uint32_t>();
  tip.pages = in.le<std::uint32_t>();
  tip.seen = in.le<Micros>();
  tip.position = wal::read_position(in);
  const std::size_t hashed = raw.size() - in.remaining();
  const auto hash = in.le<std::uint64_t>();
  const bool whole =
      (magic == kMagic || magic == kUnnumbered) && in.ok() && hash == xxh3(raw.first(hashed));
  return whole ? std::optional(saved) : std::nullopt;
}

struct Slots {
  std::optional<Saved> at[2];
  bool both = false;  // the file has room for both
  // 0 or 1; of none the first.
  int newest() const { return at[1] && (!at[0] || at[0]->number < at[1]->number) ? 1 : 0; }
};

Result<Slots> read_slots(const std::string& path) {
  const Bytes raw = TRY(read_file(path, kMiB));
  Slots slots;
  slots.both = raw.size() == 2 * kSlot;
  slots.at[0] = decode(ByteView(raw).first(std::min(raw.size(), kSlot)));
  if (slots.both) slots.at[1] = decode(ByteView(raw).subspan(kSlot));
  return slots;
}

}  // namespace

Tip tip_of(const segment::ObjectHeader& header, const wal::Position& position) {
  Tip tip;
  tip.generation = header.generation;
  tip.txid = header.last;
  tip.checksum_known = (header.flags & segment::kChecksumUnknown) == 0;
  tip.checksum = header.checksum_after;
  tip.page_size = header.page_size;
  tip.pages = header.pages_after;
  tip.seen = header.last_seen;
  tip.position = position;
  return tip;
}

Result<std::optional<Tip>> load_tip(const std::string& path) {
  if (!TRY(stat_path(path))) return std::optional<Tip>{};
  const Slots slots = TRY(read_slots(path));
  const auto& newest = slots.at[slots.newest()];
  if (!newest) return make_error(Code::kCorrupt, "read " + path + ": damaged");
  return std::optional(newest->tip);
}

Status save_tip(const std::string& path, const Tip& tip) {
  Slots slots;
  if (TRY(stat_path(path))) slots = TRY(read_slots(path));
  const int newest = slots.newest();
  if (!slots.both || !slots.at[newest]) {
    Bytes whole = encode({1, tip});
    whole.resize(2 * kSlot);
    return replace_file(path, whole);
  }
  File file = TRY(File::open_write(path));
  const int older = 1 - newest;
  TRY(file.write_at(static_cast<std::uint64_t>(older) * kSlot,
                    encode({slots.at[newest]->number + 1, tip})));
  return file.sync();
}

}  // namespace streamd::state
