// Walks a file replica from its first snapshot to its newest transaction and describes every commit
// on the way (image_hash.h). Uses the engine's reader of objects, and nothing of its restore.
//   replica_walk FOLDER
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "base/source.h"
#include "catalog/marker.h"
#include "catalog/timeline.h"
#include "image_hash.h"
#include "segment/checksum.h"
#include "segment/reader.h"

namespace {

using namespace streamd;

template <class T>
T must(Result<T> result, const std::string& what) {
  if (!result) throw std::runtime_error(what + ": " + result.error().message);
  return std::move(result).take();
}
void must(Status status, const std::string& what) {
  if (!status) throw std::runtime_error(what + ": " + status.error().message);
}

struct Image {
  std::uint32_t page_size = 0;
  Bytes bytes;
  MutableBytes page(PageNo page) {
    const std::size_t end = std::size_t{page.value} * page_size;
    if (bytes.size() < end) bytes.resize(end);
    return MutableBytes(bytes).subspan(end - page_size, page_size);
  }
  void cut(std::uint32_t pages) { bytes.resize(std::size_t{pages} * page_size); }
};

class OpenObject {
 public:
  explicit OpenObject(const std::string& path)
      : path_(path),
        file_(must(File::open_read(path), path)),
        source_(must(FileSource::over(file_), path)),
        reader_(must(segment::ObjectReader::open(source_), path)) {}
  const segment::ObjectReader& operator*() const { return reader_; }
  const segment::ObjectReader* operator->() const { return &reader_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  File file_;
  FileSource source_;
  segment::ObjectReader reader_;
};

class Walk {
 public:
  explicit Walk(std::string folder) : folder_(std::move(folder)) {}

  void all() {
    std::vector<catalog::Listed> listing;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_))
      if (entry.is_regular_file())
        listing.push_back(
            {std::filesystem::relative(entry.path(), folder_).string(), entry.file_size(), 0});
    const catalog::Timeline timeline = catalog::read_timeline(listing);
    const auto marker = must(read_file(folder_ + "/streamd.json"), "marker");
    key_ =
        segment::ChecksumKey(must(catalog::parse_marker(as_text(marker)), "marker").checksum_key);
    for (const catalog::GenerationTimeline& generation : timeline.generations) walk(generation);
  }

 private:
  void walk(const catalog::GenerationTimeline& generation) {
    if (generation.snapshots.empty()) return;
    image_ = load_snapshot(generation.snapshots.front());
    Txid at = generation.snapshots.front().key.txid;
    print(at, "snapshot");
    std::size_t next_snapshot = 1;
    for (;;) {
      const auto candidates = generation.continuing(at);
      if (candidates.empty()) break;
      const auto nearest = *std::min_element(
          candidates.begin(), candidates.end(),
          [](const auto* a, const auto* b) { return a->key.level < b->key.level; });
      apply(*nearest);
      at = nearest->key.last;
      for (; next_snapshot < generation.snapshots.size() &&
             generation.snapshots[next_snapshot].key.txid <= at;
           ++next_snapshot)
        if (generation.snapshots[next_snapshot].key.txid == at)
          compare(generation.snapshots[next_snapshot]);
    }
    if (at != generation.tip())
      throw std::runtime_error("the chain ends at " + to_text(at) + " before " +
                               to_text(generation.tip()));
  }

  Image load_snapshot(const catalog::Snapshot& snapshot) {
    const OpenObject manifest(folder_ + "/" + catalog::to_text(snapshot.key));
    Image image;
    image.page_size = manifest->header().page_size;
    for (const segment::ManifestPart& part : manifest->index().manifest->parts)
      decode_into(*OpenObject(folder_ + "/" + part.key), image);
    decode_into(*manifest, image);
    image.cut(manifest->header().pages_after);
    check(image, manifest->header().checksum_after, manifest.path());
    return image;
  }

  // A later snapshot must show what the walk arrived at.
  void compare(const catalog::Snapshot& snapshot) {
    if (load_snapshot(snapshot).bytes != image_.bytes)
      throw std::runtime_error("snapshot " + catalog::to_text(snapshot.key) +
                               " differs from the transactions");
  }

  void decode_into(const segment::ObjectReader& reader, Image& image) {
    for (std::size_t block = 0; block < reader.blocks(); ++block) {
      Bytes raw(reader.block(block).raw);
      must(reader.decode_block(block, must(reader.read_block(block), "block"), {}, raw), "block");
      std::size_t at = 0;
      for (const segment::ImageRef& ref : reader.images(block)) {
        const auto from = ByteView(raw).subspan(at, image.page_size);
        std::copy(from.begin(), from.end(), image.page(ref.page).begin());
        at += image.page_size;
      }
    }
  }

  // Decodes run after run against a scratch image, then replays the transactions one by one.
  void apply(const catalog::Segment& segment) {
    std::map<std::uint32_t, std::vector<std::pair<PageNo, Bytes>>> transactions;
    Image scratch = image_;
    std::vector<segment::TransactionInfo> infos;
    std::uint64_t checksum_after = 0;
    bool checksum_known = false;
    for (std::uint32_t piece = 1; piece <= segment.key.piece.count; ++piece) {
      const OpenObject object(folder_ + "/" + catalog::to_text(segment.piece(piece)));
      for (std::size_t first = 0; first < object->blocks();)
        first = decode_run(*object, first, scratch, transactions);
      infos = object->index().transactions;
      checksum_after = object->header().checksum_after;
      checksum_known = (object->header().flags & segment::kChecksumUnknown) == 0;
    }
    Txid txid = segment.key.first;
    for (std::uint32_t ordinal = 0; ordinal < infos.size(); ++ordinal, txid = txid.next()) {
      for (const auto& [page, bytes] : transactions[ordinal])
        std::copy(bytes.begin(), bytes.end(), image_.page(page).begin());
      image_.cut(infos[ordinal].pages);
      const bool delta = segment.key.completeness != catalog::Completeness::kAll;
      print(delta ? segment.key.last : txid, delta ? "delta" : "commit");
    }
    if (checksum_known) check(image_, checksum_after, catalog::to_text(segment.key));
  }

  std::size_t decode_run(
      const segment::ObjectReader& reader, std::size_t first, Image& scratch,
      std::map<std::uint32_t, std::vector<std::pair<PageNo, Bytes>>>& transactions) {
    std::size_t end = first;
    std::vector<std::pair<segment::ImageRef, Bytes>> images;
    for (; end < reader.blocks() && reader.block(end).run == reader.block(first).run; ++end) {
      Bytes bases, raw(reader.block(end).raw);
      for (const PageNo page : reader.base_pages(end)) append(bases, scratch.page(page));
      must(reader.decode_block(end, must(reader.read_block(end), "block"), bases, raw), "block");
      std::size_t at = 0;
      for (const segment::ImageRef& ref : reader.images(end)) {
        images.emplace_back(
            ref, Bytes(raw.begin() + static_cast<std::ptrdiff_t>(at),
                       raw.begin() + static_cast<std::ptrdiff_t>(at + scratch.page_size)));
        at += scratch.page_size;
      }
    }
    for (auto& [ref, bytes] : images) {
      std::copy(bytes.begin(), bytes.end(), scratch.page(ref.page).begin());
      transactions[ref.transaction].emplace_back(ref.page, std::move(bytes));
    }
    return end;
  }

  void check(Image& image, std::uint64_t wanted, const std::string& what) {
    segment::DatabaseChecksum sum;
    const auto pages = static_cast<std::uint32_t>(image.bytes.size() / image.page_size);
    for (std::uint32_t page = 1; page <= pages; ++page)
      if (PageNo(page) != lock_page(image.page_size))
        sum.toggle(segment::page_hash(image.page(PageNo(page)), PageNo(page), key_));
    if (sum.value() != wanted) throw std::runtime_error(what + ": the database's checksum differs");
  }

  void print(Txid txid, const char* kind) {
    stress::ImageHash hash;
    hash.update(image_.bytes.data(), image_.bytes.size());
    const std::uint32_t version =
        image_.bytes.empty() ? 0 : stress::image_user_version(image_.bytes.data());
    const std::uint64_t pages = image_.page_size == 0 ? 0 : image_.bytes.size() / image_.page_size;
    std::puts(stress::commit_line(txid.value, version, pages, hash.hex(), kind).c_str());
  }

  const std::string folder_;
  segment::ChecksumKey key_;
  Image image_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: replica_walk FOLDER\n"), 2;
  try {
    Walk(argv[1]).all();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "replica_walk: %s\n", error.what());
    return 1;
  }
}
