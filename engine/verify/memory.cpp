#include "verify/memory.h"

#include "base/hash.h"

namespace streamd::verify {
namespace {

constexpr std::uint64_t kMagic = 0x31465256'444d5453;  // "STMDVRF1"
constexpr std::uint64_t kLimit = 1024 * kMiB;

void append_text(Bytes& out, const std::string& text) {
  append_varint(out, text.size());
  append(out, as_bytes(text));
}

std::string take_text(ByteReader& in) {
  return std::string(as_text(in.take(in.varint())));
}

void append_facts(Bytes& out, const Facts& facts) {
  append_le(out, facts.size);
  append_le(out, facts.mtime_ns);
  append_le(out, facts.tag);
  append_le(out, facts.read);
  append_text(out, facts.damage);
  append_le(out, static_cast<std::uint8_t>(facts.kind));
  append_le<std::uint8_t>(out, facts.checksum_known ? 1 : 0);
  append_le(out, facts.pages);
  append_le(out, facts.needs);
  append_le(out, facts.before);
  append_le(out, facts.after);
  append_varint(out, facts.parts.size());
  for (const segment::ManifestPart& part : facts.parts) {
    append_text(out, part.key);
    append_varint(out, part.bytes);
    append_varint(out, part.first_page.value);
    append_varint(out, part.pages);
  }
}

Facts take_facts(ByteReader& in) {
  Facts facts;
  facts.size = in.le<std::uint64_t>();
  facts.mtime_ns = in.le<std::int64_t>();
  facts.tag = in.le<std::uint64_t>();
  facts.read = in.le<Micros>();
  facts.damage = take_text(in);
  facts.kind = static_cast<segment::Kind>(in.le<std::uint8_t>());
  facts.checksum_known = in.le<std::uint8_t>() != 0;
  facts.pages = in.le<std::uint32_t>();
  facts.needs = in.le<std::uint32_t>();
  facts.before = in.le<std::uint64_t>();
  facts.after = in.le<std::uint64_t>();
  for (std::uint64_t parts = in.varint(); parts > 0 && in.ok(); --parts) {
    segment::ManifestPart part;
    part.key = take_text(in);
    part.bytes = in.varint();
    part.first_page = PageNo(static_cast<std::uint32_t>(in.varint()));
    part.pages = static_cast<std::uint32_t>(in.varint());
    facts.parts.push_back(std::move(part));
  }
  return facts;
}

}  // namespace

Result<Memory> load_memory(const std::string& path) {
  Memory memory;
  if (!TRY(stat_path(path))) return memory;
  auto read = read_file(path, kLimit);
  if (!read && read.error().code == Code::kPermission) return memory;
  const Bytes raw = TRY(std::move(read));
  constexpr std::size_t kHash = sizeof(std::uint64_t);
  if (raw.size() < 2 * kHash) return memory;
  const ByteView body = ByteView(raw).first(raw.size() - kHash);
  if (load_le<std::uint64_t>(raw.data() + body.size()) != xxh3(body)) return memory;
  ByteReader in(body);
  if (in.le<std::uint64_t>() != kMagic) return memory;
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    std::string key = take_text(in);
    memory.emplace(std::move(key), take_facts(in));
  }
  return in.ok() && in.at_end() ? memory : Memory{};
}

Status save_memory(const std::string& path, const Memory& memory) {
  Bytes raw;
  append_le(raw, kMagic);
  append_varint(raw, memory.size());
  for (const auto& [key, facts] : memory) {
    append_text(raw, key);
    append_facts(raw, facts);
  }
  append_le(raw, xxh3(raw));
  return replace_file(path, raw);
}

}  // namespace streamd::verify
