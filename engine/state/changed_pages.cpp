#include "state/changed_pages.h"

#include "base/hash.h"
#include "base/source.h"
#include "segment/reader.h"

namespace streamd::state {
namespace {

constexpr std::uint64_t kMagic = 0x31474843'444d5453;  // "STMDCHG1"
constexpr std::uint64_t kLargest = 1 * kGiB;           // bits of every page there can be, and more

}  // namespace

Status for_each_page(const SpoolObject& object, const std::function<void(PageNo)>& visit) {
  for (const std::string& path : object.paths) {
    const File file = TRY(File::open_read(path));
    const FileSource source = TRY(FileSource::over(file));
    const segment::ObjectReader reader = TRY(segment::ObjectReader::open(source));
    for (const segment::PageHash& entry : reader.index().page_hashes) visit(entry.page);
  }
  return {};
}

bool is_lost(const Error& error) {
  return error.code == Code::kCorrupt || error.code == Code::kNotFound;
}

Result<std::optional<ChangedPages>> ChangedPages::load(const std::string& path) {
  if (!TRY(stat_path(path))) return std::optional<ChangedPages>{};
  const Bytes raw = TRY(read_file(path, kLargest));
  ByteReader in(raw);
  ChangedPages changed;
  const bool ours = in.le<std::uint64_t>() == kMagic;
  changed.generation_.value = in.le<std::uint64_t>();
  changed.from_.value = in.le<std::uint64_t>();
  changed.to_.value = in.le<std::uint64_t>();
  changed.checksum_ = in.le<std::uint64_t>();
  const ByteView bits = in.take(in.le<std::uint32_t>());
  changed.bits_.assign(bits.begin(), bits.end());
  const std::size_t hashed = raw.size() - in.remaining();
  const auto hash = in.le<std::uint64_t>();
  if (!ours || !in.ok() || !in.at_end() || hash != xxh3(ByteView(raw).first(hashed)))
    return make_error(Code::kCorrupt, "read " + path + ": damaged");
  return std::optional(std::move(changed));
}

Status ChangedPages::save(const std::string& path) const {
  Bytes raw;
  append_le(raw, kMagic);
  append_le(raw, generation_.value);
  append_le(raw, from_.value);
  append_le(raw, to_.value);
  append_le(raw, checksum_);
  append_le(raw, static_cast<std::uint32_t>(bits_.size()));
  append(raw, bits_);
  append_le(raw, xxh3(raw));
  return replace_file(path, raw);
}

Status ChangedPages::add(const SpoolObject& object) {
  const segment::ObjectHeader& header = object.header;
  std::vector<PageNo> touched;
  TRY(for_each_page(object, [&](PageNo page) { touched.push_back(page); }));
  if (to_.value == 0 || generation_ != header.generation || header.first > to_.next()) {
    *this = {};
    generation_ = header.generation;
    from_ = Txid(header.first.value - 1);
    checksum_ = header.checksum_before;
  }
  for (const PageNo page : touched) set(page);
  to_ = std::max(to_, header.last);
  return {};
}

void ChangedPages::set(PageNo page) {
  const std::size_t byte = (page.value - 1) / 8;
  if (byte >= bits_.size()) bits_.resize(byte + 1);
  bits_[byte] = static_cast<std::uint8_t>(bits_[byte] | 1u << ((page.value - 1) % 8));
}

std::vector<PageNo> ChangedPages::list() const {
  std::vector<PageNo> pages;
  for (std::size_t byte = 0; byte < bits_.size(); ++byte)
    for (std::uint32_t bit = 0; bit < 8; ++bit)
      if ((bits_[byte] >> bit & 1) != 0)
        pages.emplace_back(static_cast<std::uint32_t>(byte) * 8 + bit + 1);
  return pages;
}

}  // namespace streamd::state
