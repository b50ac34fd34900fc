#include "state/tip.h"

#include "base/file.h"
#include "base/hash.h"

namespace streamd::state {
namespace {

constexpr std::uint64_t kMagic = 0x31504954'444d5453;  // "STMDTIP1"

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
  const Bytes raw = TRY(read_file(path, kMiB));
  ByteReader in(raw);
  Tip tip;
  const bool ours = in.le<std::uint64_t>() == kMagic;
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
  if (!ours || !in.ok() || !in.at_end() || hash != xxh3(ByteView(raw).first(hashed)))
    return make_error(Code::kCorrupt, "read " + path + ": damaged");
  return std::optional(tip);
}

Status save_tip(const std::string& path, const Tip& tip) {
  Bytes raw;
  append_le(raw, kMagic);
  append_le(raw, tip.generation.value);
  append_le(raw, tip.txid.value);
  append_le<std::uint32_t>(raw, tip.checksum_known ? 1 : 0);
  append_le(raw, tip.checksum);
  append_le(raw, tip.page_size);
  append_le(raw, tip.pages);
  append_le(raw, tip.seen);
  wal::append_position(raw, tip.position);
  append_le(raw, xxh3(raw));
  return replace_file(path, raw);
}

}  // namespace streamd::state
