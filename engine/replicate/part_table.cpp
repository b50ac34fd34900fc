#include "replicate/part_table.h"

#include "base/hash.h"

namespace streamd::replicate {
namespace {

// File: header (64 bytes), then per part a record (72 bytes) and the hashes of its pages.
constexpr std::uint64_t kMagic = 0x31545250'444d5453;  // "STMDPRT1"
constexpr std::size_t kHeaderSize = 64, kRecordSize = 72;
const std::optional<PartRecord> kAbsent;

Bytes encode_header(const Uuid& database, std::uint32_t page_size, std::uint32_t pages_per_part) {
  Bytes raw;
  append_le(raw, kMagic);
  append(raw, database.bytes);
  append_le(raw, page_size);
  append_le(raw, pages_per_part);
  raw.resize(kHeaderSize - 8);
  append_le(raw, xxh3(raw));
  return raw;
}

Bytes encode_record(const PartRecord& record, const std::vector<std::uint64_t>& hashes) {
  Bytes raw;
  append_le(raw, record.key.generation.value);
  append_le(raw, record.key.first_page.value);
  append_le(raw, record.pages);
  append_le(raw, record.key.txid.value);
  append(raw, record.key.hash);
  append_le(raw, record.bytes);
  raw.resize(kRecordSize - 16);
  append_le(raw, xxh3({reinterpret_cast<const std::uint8_t*>(hashes.data()), hashes.size() * 8}));
  append_le(raw, xxh3(raw));
  return raw;
}

// nullopt unless the record is whole and the hashes are those it was written with.
std::optional<PartRecord> decode_record(ByteView raw, const std::vector<std::uint64_t>& hashes) {
  ByteReader in(raw);
  PartRecord record;
  record.key.generation.value = in.le<std::uint64_t>();
  record.key.first_page.value = in.le<std::uint32_t>();
  record.pages = in.le<std::uint32_t>();
  record.key.txid.value = in.le<std::uint64_t>();
  const ByteView hash = in.take(record.key.hash.size());
  record.bytes = in.le<std::uint64_t>();
  if (!in.ok()) return std::nullopt;
  std::copy(hash.begin(), hash.end(), record.key.hash.begin());
  if (encode_record(record, hashes) != Bytes(raw.begin(), raw.end())) return std::nullopt;
  return record;
}

}  // namespace

PartTable::PartTable(File file, std::uint32_t page_size, std::uint32_t pages_per_part)
    : file_(std::move(file)), page_size_(page_size), pages_per_part_(pages_per_part) {}

Result<PartTable> PartTable::open(const std::string& path, const Uuid& database,
                                  std::uint32_t page_size, std::uint32_t pages_per_part) {
  PartTable table(TRY(File::open_write(path)), page_size, pages_per_part);
  table.database_ = database;
  const Bytes wanted = encode_header(database, page_size, pages_per_part);
  Bytes found(kHeaderSize);
  found.resize(TRY(table.file_.read_some_at(0, found)));
  if (found != wanted) TRY(table.clear());
  TRY(table.load());
  return table;
}

std::uint64_t PartTable::slot_offset(std::uint32_t number) const {
  return kHeaderSize + std::uint64_t{number} * (kRecordSize + std::uint64_t{pages_per_part_} * 8);
}

Status PartTable::load() {
  const std::uint64_t size = TRY(file_.size());
  Bytes raw(kRecordSize);
  for (std::uint32_t number = 0; slot_offset(number) + kRecordSize <= size; ++number) {
    TRY(file_.read_at(slot_offset(number), raw));
    parts_.emplace_back(decode_record(raw, TRY(hashes(number))));
  }
  return {};
}

const std::optional<PartRecord>& PartTable::part(std::uint32_t number) const {
  return number < parts_.size() ? parts_[number] : kAbsent;
}

Result<std::vector<std::uint64_t>> PartTable::hashes(std::uint32_t number) const {
  std::vector<std::uint64_t> hashes(pages_per_part_);
  const MutableBytes raw(reinterpret_cast<std::uint8_t*>(hashes.data()), hashes.size() * 8);
  TRY(file_.read_some_at(slot_offset(number) + kRecordSize, raw));  // zeros beyond the end
  return hashes;
}

Status PartTable::put(std::uint32_t number, const PartRecord& record,
                      const std::vector<std::uint64_t>& hashes) {
  std::vector<std::uint64_t> all = hashes;
  all.resize(pages_per_part_);
  Bytes raw = encode_record(record, all);
  append(raw, {reinterpret_cast<const std::uint8_t*>(all.data()), all.size() * 8});
  TRY(file_.write_at(slot_offset(number), raw));
  if (parts_.size() <= number) parts_.resize(number + 1);
  parts_[number] = record;
  return {};
}

Status PartTable::forget(std::uint32_t number) {
  TRY(file_.write_at(slot_offset(number), Bytes(kRecordSize)));
  parts_[number].reset();
  return {};
}

Status PartTable::forget_from(std::uint32_t number) {
  if (number >= parts_.size()) return {};
  parts_.resize(number);
  return file_.truncate(slot_offset(number));
}

Status PartTable::clear() {
  parts_.clear();
  TRY(file_.truncate(0));
  return file_.write_at(0, encode_header(database_, page_size_, pages_per_part_));
}

}  // namespace streamd::replicate
