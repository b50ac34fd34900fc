#include "history.h"
#include "segment/snapshot_writer.h"

using namespace streamd;
using namespace streamd::segment;

namespace {

constexpr std::uint32_t kPage = 1024;

Bytes image(std::uint32_t page) {
  Bytes bytes(kPage);
  std::mt19937 random(page);
  for (std::size_t i = 0; i < bytes.size(); i += 3) bytes[i] = static_cast<std::uint8_t>(random());
  return bytes;
}
template <class Writer>
Status add(Writer& writer, std::uint32_t page) {
  return writer.add_page(PageNo(page), image(page), page_hash(image(page), PageNo(page), kKey));
}
ObjectHeader at(std::uint64_t txid, std::uint32_t pages) {
  ObjectHeader header;
  header.generation = GenerationId(0x200000001);
  header.first = header.last = Txid(txid);
  header.pages_after = pages;
  return header;
}

struct Folder {
  File file() { return must(File::create_new(folder.file(std::to_string(++count)))); }
  PartWriter part() { return must(PartWriter::create(file(), {.page_size = kPage})); }
  ManifestWriter manifest() { return must(ManifestWriter::create(file(), {.page_size = kPage})); }
  TempFolder folder;
  int count = 0;
};

ManifestPart named(std::uint32_t first, std::uint32_t pages) {
  const catalog::PartKey key{
      .generation = GenerationId(7), .first_page = PageNo(first), .txid = Txid(3)};
  return {.key = to_text(key), .bytes = 99, .first_page = PageNo(first), .pages = pages};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(snapshots)

BOOST_AUTO_TEST_CASE(a_part_stands_alone) {
  Folder folder;
  PartWriter writer = folder.part();
  for (std::uint32_t page = 1; page <= 1000; ++page)
    if (page % 7 != 0) must(add(writer, page));
  BOOST_TEST(writer.raw_bytes() == (1000 - 142) * std::uint64_t{kPage});
  const PartWriter::Sealed sealed = must(writer.seal(at(12, 1000)));
  const FileSource source = must(FileSource::over(sealed.object.file));
  must(verify_object(source, Depth::kStored));
  const ObjectReader reader = must(ObjectReader::open(source));
  BOOST_TEST((reader.header().kind == Kind::kPart));
  BOOST_TEST(reader.blocks() > 5u);
  Database restored;
  apply_images(restored, reader, 0);
  BOOST_TEST(restored.pages.size() == 858u);
  for (const auto& [page, bytes] : restored.pages) BOOST_REQUIRE(bytes == image(page.value));
  BOOST_TEST(reader.index().page_hashes.size() == 858u);
  for (const PageHash& page : reader.index().page_hashes)
    BOOST_REQUIRE(page.hash == page_hash(image(page.page.value), page.page, kKey));
}

BOOST_AUTO_TEST_CASE(a_part_is_named_by_its_content) {
  Folder folder;
  const auto hash_of = [&](std::vector<std::uint32_t> pages, std::uint64_t txid) {
    PartWriter writer = folder.part();
    for (const std::uint32_t page : pages) must(add(writer, page));
    return must(writer.seal(at(txid, 9))).hash;
  };
  BOOST_TEST(to_hex(hash_of({1, 2}, 5)) == to_hex(hash_of({1, 2}, 6)));
  BOOST_TEST(to_hex(hash_of({1, 2}, 5)) != to_hex(hash_of({1, 3}, 5)));
  PartHasher hasher;  // of the hashes 1 and 2
  hasher.update(1);
  hasher.update(2);
  BOOST_TEST(to_hex(hasher.finish()) == "f59df9f51bfcb52f7ae49756810ec78b");
}

BOOST_AUTO_TEST_CASE(a_part_takes_pages_in_order_only) {
  Folder folder;
  PartWriter writer = folder.part();
  BOOST_TEST((writer.seal(at(1, 1)).error().code == Code::kInternal));
  must(add(writer, 5));
  BOOST_TEST(!add(writer, 5));
  BOOST_TEST(!add(writer, 4));
  BOOST_TEST(!add(writer, lock_page(kPage).value));
  BOOST_TEST(!writer.add_page(PageNo(6), Bytes(512), 0));
  BOOST_TEST(!PartWriter::create(folder.file(), {.page_size = 1000}));
  File used = folder.file();
  must(used.write_at(0, Bytes(1)));
  BOOST_TEST(!PartWriter::create(std::move(used), {.page_size = 1024}));
}

BOOST_AUTO_TEST_CASE(a_manifest_names_parts_and_brings_the_rest) {
  Folder folder;
  ManifestWriter writer = folder.manifest();
  must(add(writer, 3));   // changed after its part was read
  must(add(writer, 21));  // in no part
  BOOST_TEST(writer.raw_bytes() == 2 * kPage);
  const Manifest manifest{
      .uid = 1000, .gid = 100, .mode = 0640, .parts = {named(11, 10), named(1, 10)}};
  wal::Position position;
  position.frame = 5;
  position.page_size = kPage;
  const SealedObject sealed = must(writer.seal(at(40, 21), manifest, &position));
  const FileSource source = must(FileSource::over(sealed.file));
  const ObjectReader reader = must(ObjectReader::open(source));
  BOOST_TEST((reader.header().kind == Kind::kManifest));
  BOOST_TEST(reader.index().manifest->uid == 1000u);
  BOOST_TEST(reader.index().manifest->gid == 100u);
  BOOST_TEST(reader.index().manifest->mode == 0640u);
  BOOST_TEST((reader.index().manifest->parts == std::vector{named(1, 10), named(11, 10)}));
  BOOST_TEST((reader.index().position == position));
  Database fixes;
  apply_images(fixes, reader, 0);
  BOOST_TEST(fixes.pages.size() == 2u);
  BOOST_TEST((fixes.pages.at(PageNo(21)) == image(21)));
}

BOOST_AUTO_TEST_CASE(a_small_database_lies_in_its_manifest) {
  Folder folder;
  ManifestWriter writer = folder.manifest();
  for (std::uint32_t page = 1; page <= 4; ++page) must(add(writer, page));
  const SealedObject sealed = must(writer.seal(at(1, 4), {}, nullptr));
  const FileSource source = must(FileSource::over(sealed.file));
  BOOST_TEST(must(ObjectReader::open(source)).index().manifest->parts.empty());
}

BOOST_AUTO_TEST_CASE(a_manifest_that_could_not_be_restored_is_refused) {
  Folder folder;
  const auto refused = [&](std::vector<std::uint32_t> pages, std::vector<ManifestPart> parts) {
    ManifestWriter writer = folder.manifest();
    for (const std::uint32_t page : pages) must(add(writer, page));
    const auto sealed = writer.seal(at(1, 20), Manifest{0, 0, 0, std::move(parts)}, nullptr);
    return !sealed && sealed.error().code == Code::kInternal;
  };
  BOOST_TEST(!refused({}, {named(1, 20)}));
  BOOST_TEST(!refused({10, 11}, {named(1, 9), named(12, 9)}));
  BOOST_TEST(refused({10}, {named(1, 9), named(12, 9)}));
  BOOST_TEST(refused({}, {named(1, 19)}));
  BOOST_TEST(refused({}, {named(1, 12), named(12, 9)}));
  BOOST_TEST(refused({1, 2}, {named(1, 0), named(1, 20)}));
  auto stranger = named(1, 20);
  stranger.key = "../../etc/passwd";
  BOOST_TEST(refused({}, {stranger}));
}

BOOST_AUTO_TEST_SUITE_END()
