#include "segment/concatenate.h"

#include <deque>
#include <functional>

#include "history.h"

using namespace streamd;
using namespace streamd::segment;

namespace {

// Segments in a row, with what they were made of.
struct Row {
  explicit Row(unsigned seed) : maker(1024, seed), capture(folder, {}, 1024, 1024 * 6) {}
  void add_segment() {
    for (std::uint32_t left = 1 + maker.pick(9); left > 0; --left) {
      capture.add(maker.next(capture.now));
      moments.push_back(capture.now);
    }
    wal::Position position;
    position.frame = static_cast<std::uint32_t>(capture.txid);
    sealed.push_back(capture.seal(&position));
    sources.push_back(std::make_unique<FileSource>(must(FileSource::over(sealed.back().file))));
    readers.push_back(std::make_unique<ObjectReader>(must(ObjectReader::open(*sources.back()))));
  }
  std::vector<const ObjectReader*> all() const {
    std::vector<const ObjectReader*> list;
    for (const auto& reader : readers) list.push_back(reader.get());
    return list;
  }
  // Rewrites the header of the i-th segment and opens it again.
  void change(std::size_t i, const std::function<void(ObjectHeader&)>& edit) {
    ObjectHeader header = sealed[i].header;
    edit(header);
    must(rewrite_header(sealed[i].file, header));
    *readers[i] = must(ObjectReader::open(*sources[i]));
  }
  TempFolder folder;
  HistoryMaker maker;
  Capture capture;
  std::deque<SealedObject> sealed;
  std::vector<std::unique_ptr<FileSource>> sources;
  std::vector<std::unique_ptr<ObjectReader>> readers;
  std::vector<Database> moments;
};

Result<SealedObject> concatenate(const std::vector<const ObjectReader*>& inputs, File out,
                                 const ObjectHeader& header) {
  Concatenation merged(std::move(out), header);
  for (const ObjectReader* input : inputs) TRY(merged.add(*input));
  return merged.finish();
}

bool refused(Row& row) {
  const auto all = row.all();
  const auto result = concatenate(all, row.capture.file(), ObjectHeader{});
  return !result && result.error().code == Code::kInternal;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(concatenation)

BOOST_AUTO_TEST_CASE(it_equals_its_inputs_applied_one_after_the_other) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Row row(seed);
    for (int i = 0; i < 4; ++i) row.add_segment();
    ObjectHeader header;
    header.level = 3;
    header.instance.bytes[0] = 9;
    const auto all = row.all();
    const SealedObject merged = must(concatenate(all, row.capture.file(), header));
    const FileSource source = must(FileSource::over(merged.file));
    must(verify_object(source, Depth::kStored));
    const ObjectReader reader = must(ObjectReader::open(source));
    BOOST_TEST(reader.header().level == 3);
    BOOST_TEST((reader.header().instance == header.instance));
    BOOST_TEST((reader.header().first == Txid(1)));
    BOOST_TEST((reader.header().last == Txid(row.capture.txid)));
    BOOST_TEST(reader.header().first_seen == all.front()->header().first_seen);
    BOOST_TEST(reader.header().last_seen == all.back()->header().last_seen);
    BOOST_TEST(reader.header().checksum_after == row.capture.now.checksum());
    BOOST_TEST(reader.header().pages_after == row.capture.now.size);
    BOOST_TEST(reader.index().position->frame == row.capture.txid);
    for (std::uint32_t cut = 0; cut < row.moments.size(); ++cut) {
      Database restored;
      apply(restored, reader, cut);
      BOOST_REQUIRE(restored == row.moments[cut]);
    }
    for (const PageHash& page : reader.index().page_hashes)
      if (page.page.value <= row.capture.now.size)
        BOOST_REQUIRE(page.hash == page_hash(row.capture.now.pages.at(page.page), page.page, kKey));
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_belong_together_is_refused) {
  Row row(7);
  for (int i = 0; i < 3; ++i) row.add_segment();
  BOOST_TEST(!refused(row));
  const auto with = [&](const std::function<void(ObjectHeader&)>& edit) {
    row.change(1, edit);
    const bool answer = refused(row);
    row.change(1, [](ObjectHeader&) {});
    return answer;
  };
  BOOST_TEST(with([](ObjectHeader& header) { header.generation = GenerationId(5); }));
  BOOST_TEST(with([](ObjectHeader& header) { header.database.bytes[0] ^= 1; }));
  BOOST_TEST(with([](ObjectHeader& header) { header.flags = kChecksumUnknown; }));
  BOOST_TEST(with([](ObjectHeader& header) { header.checksum_before ^= 1; }));
  BOOST_TEST(with([](ObjectHeader& header) { header.piece = {2, 2}; }));
  BOOST_TEST(!refused(row));
  row.readers.erase(row.readers.begin() + 1);
  BOOST_TEST(refused(row));  // a gap
  row.readers.clear();
  BOOST_TEST(refused(row));
}

BOOST_AUTO_TEST_CASE(a_damaged_input_is_noticed_while_copying) {
  Row row(3);
  row.add_segment();
  Bytes bytes = contents(row.sealed[0].file);
  bytes[kHeaderSize] ^= 1;
  const MemorySource source(bytes);
  const ObjectReader reader = must(ObjectReader::open(source));
  BOOST_TEST(
      (concatenate({&reader}, row.capture.file(), ObjectHeader{}).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_SUITE_END()
