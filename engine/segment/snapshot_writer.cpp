#include "segment/snapshot_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "segment/page_set.h"
#include "segment/page_stream.h"

namespace streamd::segment {
namespace {

ObjectHeader of_kind(Kind kind, ObjectHeader header) {
  header.kind = kind;
  header.completeness = Completeness::kNone;
  header.piece = {};
  return header;
}

}  // namespace

struct PartWriter::State {
  PageStream stream;
  PartHasher hasher;
};

PartWriter::PartWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
PartWriter::~PartWriter() = default;
PartWriter::PartWriter(PartWriter&&) noexcept = default;
PartWriter& PartWriter::operator=(PartWriter&&) noexcept = default;

Result<PartWriter> PartWriter::create(File file, const SnapshotOptions& options) {
  PageStream stream = TRY(PageStream::create(std::move(file), options.page_size, options.level));
  return PartWriter(std::make_unique<State>(State{std::move(stream), PartHasher()}));
}

Status PartWriter::add_page(PageNo page, ByteView image, std::uint64_t hash) {
  TRY(state_->stream.add(page, image, hash));
  state_->hasher.update(hash);
  return {};
}

std::uint64_t PartWriter::raw_bytes() const {
  return state_->stream.raw_bytes();
}

Result<PartWriter::Sealed> PartWriter::seal(const ObjectHeader& header) {
  if (state_->stream.pages().empty())
    return make_error(Code::kInternal, "seal a part: it holds no page");
  SealedObject object = TRY(state_->stream.seal(of_kind(Kind::kPart, header), {}));
  return Sealed{std::move(object), state_->hasher.finish()};
}

struct ManifestWriter::State {
  PageStream stream;
  std::uint32_t page_size;
};

ManifestWriter::ManifestWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ManifestWriter::~ManifestWriter() = default;
ManifestWriter::ManifestWriter(ManifestWriter&&) noexcept = default;
ManifestWriter& ManifestWriter::operator=(ManifestWriter&&) noexcept = default;

Result<ManifestWriter> ManifestWriter::create(File file, const SnapshotOptions& options) {
  PageStream stream = TRY(PageStream::create(std::move(file), options.page_size, options.level));
  return ManifestWriter(std::make_unique<State>(State{std::move(stream), options.page_size}));
}

Status ManifestWriter::add_page(PageNo page, ByteView image, std::uint64_t hash) {
  return state_->stream.add(page, image, hash);
}

std::uint64_t ManifestWriter::raw_bytes() const {
  return state_->stream.raw_bytes();
}

namespace {

// Sorted parts in `parts`; marks what they hold in `held`.
Status check_parts(const std::vector<ManifestPart>& parts, PageSet& held) {
  std::uint64_t next_page = 1;
  for (const ManifestPart& part : parts) {
    const catalog::Key parsed = catalog::parse_key(part.key);
    const auto* key = std::get_if<catalog::PartKey>(&parsed);
    if (key == nullptr || key->first_page != part.first_page || part.pages == 0)
      return make_error(Code::kInternal, "seal a manifest: " + part.key + " is no such part");
    if (part.first_page.value < next_page)
      return make_error(Code::kInternal,
                        "seal a manifest: " + part.key + " overlaps the part before it");
    next_page = std::uint64_t{part.first_page.value} + part.pages;
    held.add_range(part.first_page, part.pages);
  }
  return {};
}

}  // namespace

Result<SealedObject> ManifestWriter::seal(const ObjectHeader& header, Manifest manifest,
                                          const wal::Position* position) {
  std::sort(
      manifest.parts.begin(), manifest.parts.end(),
      [](const ManifestPart& a, const ManifestPart& b) { return a.first_page < b.first_page; });
  PageSet held;
  TRY(check_parts(manifest.parts, held));
  held.add(lock_page(state_->page_size));
  for (const PageHash& page : state_->stream.pages()) held.add(page.page);
  if (const auto missing = held.first_missing(PageNo(1), PageNo(header.pages_after)))
    return make_error(Code::kInternal,
                      fmt::format("seal a manifest: page {} of {} is in no part and not among its "
                                  "own pages",
                                  missing->value, header.pages_after));
  Index rest;
  rest.manifest = std::move(manifest);
  if (position != nullptr) rest.position = *position;
  return state_->stream.seal(of_kind(Kind::kManifest, header), std::move(rest));
}

}  // namespace streamd::segment
