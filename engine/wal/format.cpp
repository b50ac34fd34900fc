#include "wal/format.h"

namespace streamd::wal {
namespace {

constexpr std::uint32_t kMagicLittle =
    0x377f0682;  // checksums of little-endian words; +1 = big-endian
constexpr std::size_t kBackfillWord = 96 / 4;
constexpr std::size_t kReadMarkWord = 100 / 4;

template <bool kSwap>
Checksum run(Checksum sum, ByteView bytes) {
  std::uint32_t s0 = sum.s0, s1 = sum.s1;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    auto first = load_le<std::uint32_t>(bytes.data() + at);
    auto second = load_le<std::uint32_t>(bytes.data() + at + 4);
    if constexpr (kSwap) {
      first = __builtin_bswap32(first);
      second = __builtin_bswap32(second);
    }
    s0 += first + s1;
    s1 += second + s0;
  }
  return {s0, s1};
}

std::uint32_t load_word(const volatile void* mapping, std::size_t word) {
  return __atomic_load_n(static_cast<const volatile std::uint32_t*>(mapping) + word,
                         __ATOMIC_SEQ_CST);
}

}  // namespace

Checksum checksum(Checksum from, ByteView bytes, bool big_endian) {
  return big_endian ? run<true>(from, bytes) : run<false>(from, bytes);
}

std::optional<LogHeader> parse_log_header(ByteView bytes) {
  if (bytes.size() < kLogHeaderSize) return std::nullopt;
  const std::uint8_t* at = bytes.data();
  const std::uint32_t magic = load_be32(at);
  if ((magic & ~1u) != kMagicLittle) return std::nullopt;
  LogHeader header;
  header.big_endian = (magic & 1) != 0;
  header.page_size = load_be32(at + 8);
  header.checkpoint_seq = load_be32(at + 12);
  std::copy(at + 16, at + 24, header.salts.bytes.begin());
  header.chain = checksum({}, bytes.first(24), header.big_endian);
  const bool intact = header.chain == Checksum{load_be32(at + 24), load_be32(at + 28)};
  if (!intact || !valid_page_size(header.page_size)) return std::nullopt;
  return header;
}

FrameHeader parse_frame_header(const std::uint8_t* bytes) {
  FrameHeader header;
  header.page = PageNo(load_be32(bytes));
  header.pages_after = load_be32(bytes + 4);
  std::copy(bytes + 8, bytes + 16, header.salts.bytes.begin());
  header.chain = {load_be32(bytes + 16), load_be32(bytes + 20)};
  return header;
}

std::optional<IndexHeader> read_index_header(const volatile void* mapping) {
  constexpr std::size_t kWords = sizeof(IndexHeader) / 4;
  // Sequentially consistent loads: the second copy is read after the first, as it was written
  // before.
  std::array<std::uint32_t, kWords> first, second;
  for (std::size_t i = 0; i < kWords; ++i) first[i] = load_word(mapping, i);
  for (std::size_t i = 0; i < kWords; ++i) second[i] = load_word(mapping, kWords + i);
  if (first != second) return std::nullopt;
  const auto header = std::bit_cast<IndexHeader>(first);
  if (header.initialised == 0) return std::nullopt;
  const ByteView raw(reinterpret_cast<const std::uint8_t*>(first.data()), sizeof first - 8);
  if (checksum({}, raw, /*big_endian=*/false) != header.own)
    return std::nullopt;  // the index is in host order
  return header;
}

std::uint32_t read_backfilled(const volatile void* mapping) {
  return load_word(mapping, kBackfillWord);
}
std::uint32_t read_mark(const volatile void* mapping, int slot) {
  return load_word(mapping, kReadMarkWord + static_cast<std::size_t>(slot));
}

}  // namespace streamd::wal
