// Walks a file replica from its first snapshot to its newest transaction and describes every commit
// on the way (image_hash.h). Uses the engine's reader of objects, and nothing of its restore.
//   replica_walk FOLDER
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "base/file.h"
#include "catalog/marker.h"
#include "chain_image.h"
#include "image_hash.h"

namespace {

using namespace streamd;
using stress::must;

void print(Txid txid, const stress::Image& image, const char* kind) {
  stress::ImageHash hash;
  hash.update(image.bytes.data(), image.bytes.size());
  const std::uint32_t version =
      image.bytes.empty() ? 0 : stress::image_user_version(image.bytes.data());
  const std::uint64_t pages = image.page_size == 0 ? 0 : image.bytes.size() / image.page_size;
  std::puts(stress::commit_line(txid.value, version, pages, hash.hex(), kind).c_str());
}

void walk(const catalog::GenerationTimeline& generation, stress::ChainImage chain) {
  if (generation.snapshots.empty()) return;
  chain.load(generation.snapshots.front());
  Txid at = generation.snapshots.front().key.txid;
  print(at, chain.image(), "snapshot");
  std::size_t next_snapshot = 1;
  for (;;) {
    const auto candidates = generation.continuing(at);
    if (candidates.empty()) break;
    const auto nearest =
        *std::min_element(candidates.begin(), candidates.end(),
                          [](const auto* a, const auto* b) { return a->key.level < b->key.level; });
    const bool delta = nearest->key.completeness != catalog::Completeness::kAll;
    chain.apply(*nearest,
                [&](Txid txid) { print(txid, chain.image(), delta ? "delta" : "commit"); });
    at = nearest->key.last;
    for (; next_snapshot < generation.snapshots.size() &&
           generation.snapshots[next_snapshot].key.txid <= at;
         ++next_snapshot)
      if (generation.snapshots[next_snapshot].key.txid == at)
        chain.compare(generation.snapshots[next_snapshot]);
  }
  if (at != generation.tip())
    throw std::runtime_error("the chain ends at " + to_text(at) + " before " +
                             to_text(generation.tip()));
}

void walk_all(const std::string& folder) {
  std::vector<catalog::Listed> listing;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      listing.push_back(
          {std::filesystem::relative(entry.path(), folder).string(), entry.file_size(), 0});
  const catalog::Timeline timeline = catalog::read_timeline(listing);
  const auto read = [&](const std::string& key) {
    return must(read_file(folder + "/" + key, kGiB), key);
  };
  const Bytes marker = read("streamd.json");
  const segment::ChecksumKey key(
      must(catalog::parse_marker(as_text(marker)), "marker").checksum_key);
  for (const catalog::GenerationTimeline& generation : timeline.generations)
    walk(generation, stress::ChainImage(read, key));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: replica_walk FOLDER\n"), 2;
  try {
    walk_all(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "replica_walk: %s\n", error.what());
    return 1;
  }
}
