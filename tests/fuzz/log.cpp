// SQLite's write-ahead log and the header of its index.
#include <algorithm>

#include "target.h"
#include "wal/chain.h"

namespace streamd::fuzz {
namespace {

// A log whose checksums are put right: the salts are the header's, every frame continues it.
void mend(Bytes& log) {
  if (log.size() < wal::kLogHeaderSize) return;
  const bool big_endian = (log[3] & 1) != 0;
  wal::Checksum chain = wal::checksum({}, ByteView(log).first(24), big_endian);
  const auto store = [&](std::size_t at) {
    store_be32(&log[at], chain.s0);
    store_be32(&log[at + 4], chain.s1);
  };
  store(24);
  const auto header = wal::parse_log_header(log);
  if (!header) return;
  const std::size_t frame_size = wal::kFrameHeaderSize + header->page_size;
  for (std::size_t at = wal::kLogHeaderSize; at + frame_size <= log.size(); at += frame_size) {
    std::copy_n(&log[16], 8, &log[at + 8]);
    chain = wal::checksum(chain, ByteView(log).subspan(at, 8), big_endian);
    chain = wal::checksum(chain, ByteView(log).subspan(at + 24, header->page_size), big_endian);
    store(at + 16);
  }
}

void follow(ByteView log) {
  const auto header = wal::parse_log_header(log);
  if (!header) return;
  wal::Position position;
  position.page_size = header->page_size;
  wal::start_log(position, *header);
  const std::size_t frame_size = wal::kFrameHeaderSize + header->page_size;
  while (wal::frame_offset(position.frame + 1, header->page_size) + frame_size <= log.size()) {
    const std::uint8_t* frame =
        log.data() + wal::frame_offset(position.frame + 1, header->page_size);
    const wal::Position before = position;
    if (wal::accept_frame(position, frame)) continue;
    require(position == before, "a refused frame leaves the position as it was");
    if (!wal::accept_broken_frame(position, frame)) return;
  }
  Bytes raw;
  wal::append_position(raw, position);
  ByteReader in(raw);
  require(wal::read_position(in) == position && in.at_end(),
          "a position is read as it was written");
}

void log_bytes(ByteView bytes) {
  follow(bytes);
}

void mended_log(ByteView bytes) {
  Bytes log(bytes.begin(), bytes.end());
  mend(log);
  follow(log);
}

// The mapping is aligned and has the index's first page.
void index_header(ByteView bytes) {
  alignas(8) std::uint8_t mapping[512]{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof mapping), mapping);
  const auto read = [&] {
    if (const auto header = wal::read_index_header(mapping))
      require(header->initialised != 0, "a header that counts was initialised");
    static_cast<void>(wal::read_backfilled(mapping));
    for (int slot = 0; slot < 5; ++slot) static_cast<void>(wal::read_mark(mapping, slot));
  };
  read();
  // As a writer that is hostile leaves it: whole, whatever it says.
  const wal::Checksum own = wal::checksum({}, ByteView(mapping).first(40), /*big_endian=*/false);
  store_le(mapping + 40, own.s0);
  store_le(mapping + 44, own.s1);
  std::copy_n(mapping, 48, mapping + 48);
  read();
}

constexpr Target kTargets[] = {
    {"log", log_bytes}, {"mended-log", mended_log}, {"log-index", index_header}};

}  // namespace

std::span<const Target> log_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
