#include "wal/encode.h"

#include <algorithm>

namespace streamd::wal {
namespace {

constexpr std::uint32_t kMagicHostOrder = 0x377f0682;  // little-endian checksums
constexpr std::uint32_t kLogVersion = 3007000;
constexpr std::uint32_t kFramesPerBlock = 4096;
constexpr std::uint32_t kIndexHeaderWords = 136 / 4;  // in block 0, where frames have less room
constexpr std::uint32_t kFramesInFirst = kFramesPerBlock - kIndexHeaderWords;
constexpr std::uint32_t kSlots = 8192;
constexpr std::uint32_t kHashFactor = 383;

void store_chain(std::uint8_t* at, const Checksum& chain) {
  store_be32(at, chain.s0);
  store_be32(at + 4, chain.s1);
}

template <class Number>
void store(volatile Number& to, Number value) {
  __atomic_store_n(&to, value, __ATOMIC_SEQ_CST);
}

}  // namespace

std::array<std::uint8_t, kLogHeaderSize> begin_log(Position& position, Salts salts) {
  std::array<std::uint8_t, kLogHeaderSize> raw{};
  store_be32(raw.data(), kMagicHostOrder);
  store_be32(raw.data() + 4, kLogVersion);
  store_be32(raw.data() + 8, position.page_size);
  std::copy(salts.bytes.begin(), salts.bytes.end(), raw.begin() + 16);
  position.salts = salts;
  position.frame = 0;
  position.big_endian = false;
  position.chain = checksum({}, ByteView(raw).first(24), position.big_endian);
  store_chain(raw.data() + 24, position.chain);
  return raw;
}

std::array<std::uint8_t, kFrameHeaderSize> append_frame(Position& position, PageNo page,
                                                        ByteView image, std::uint32_t pages_after) {
  std::array<std::uint8_t, kFrameHeaderSize> raw{};
  store_be32(raw.data(), page.value);
  store_be32(raw.data() + 4, pages_after);
  std::copy(position.salts.bytes.begin(), position.salts.bytes.end(), raw.begin() + 8);
  position.chain = checksum(position.chain, ByteView(raw).first(8), position.big_endian);
  position.chain = checksum(position.chain, image, position.big_endian);
  store_chain(raw.data() + 16, position.chain);
  ++position.frame;
  if (pages_after == 0) return raw;
  position.pages = pages_after;
  ++position.change;
  return raw;
}

std::uint32_t index_block_of(std::uint32_t frame) {
  return (frame + kIndexHeaderWords - 1) / kFramesPerBlock;
}

IndexBlock::IndexBlock(volatile void* mapping, std::uint32_t number)
    : pages_(static_cast<volatile std::uint32_t*>(mapping) + (number == 0 ? kIndexHeaderWords : 0)),
      slots_(static_cast<volatile std::uint16_t*>(mapping) + kFramesPerBlock * 2),
      before_(number == 0 ? 0 : kFramesInFirst + (number - 1) * kFramesPerBlock),
      room_(number == 0 ? kFramesInFirst : kFramesPerBlock) {}

void IndexBlock::cut(std::uint32_t last) {
  const std::uint32_t kept = std::min(last > before_ ? last - before_ : 0, room_);
  for (std::uint32_t i = 0; i < kSlots; ++i)
    if (slots_[i] > kept) store(slots_[i], std::uint16_t{0});
  for (std::uint32_t i = kept; i < room_; ++i) store(pages_[i], std::uint32_t{0});
}

// The page first: a slot leads to it.
void IndexBlock::add(std::uint32_t frame, PageNo page) {
  const std::uint32_t entry = frame - before_;
  store(pages_[entry - 1], page.value);
  std::uint32_t slot = page.value * kHashFactor % kSlots;
  while (slots_[slot] != 0) slot = (slot + 1) % kSlots;
  store(slots_[slot], static_cast<std::uint16_t>(entry));
}

// The second copy first: a reader takes the first and finds the second equal, or waits.
void write_index_header(volatile void* mapping, IndexHeader header) {
  constexpr std::size_t kWords = sizeof(IndexHeader) / 4;
  auto words = std::bit_cast<std::array<std::uint32_t, kWords>>(header);
  const ByteView raw(reinterpret_cast<const std::uint8_t*>(words.data()), sizeof words - 8);
  header.own = checksum({}, raw, /*big_endian=*/false);
  words = std::bit_cast<std::array<std::uint32_t, kWords>>(header);
  auto* to = static_cast<volatile std::uint32_t*>(mapping);
  for (std::size_t i = 0; i < kWords; ++i) store(to[kWords + i], words[i]);
  for (std::size_t i = 0; i < kWords; ++i) store(to[i], words[i]);
}

}  // namespace streamd::wal
