#include "segment/coverage.h"

#include "history.h"

using namespace streamd;
using namespace streamd::segment;

namespace {

constexpr std::uint32_t kPage = 65536;  // its lock page is 16385

// Whether a segment of these transactions (pages written, size after) proves to be restorable.
struct Step {
  std::vector<std::uint32_t> pages;
  std::uint32_t after;
};
bool proven(std::uint32_t before, const std::vector<Step>& steps) {
  Coverage coverage(kPage, before);
  for (const Step& step : steps) {
    for (const std::uint32_t page : step.pages) must(coverage.add(PageNo(page)));
    coverage.end_transaction(step.after);
  }
  const Status status = coverage.proven();
  if (!status) BOOST_TEST((status.error().code == Code::kInternal));
  return status.has_value();
}

struct Writing {
  Writing() : writer(must(SegmentWriter::create(file(), {.page_size = 512}))) {
    header.completeness = Completeness::kAll;
    header.first = header.last = Txid(5);
  }
  File file() { return must(File::create_new(folder.file(std::to_string(++count)))); }
  void transaction() {
    must(writer.add_image(PageNo(1), Bytes(512, 3), 1));
    writer.end_transaction({1, 2, 1, 3});
  }
  bool refused() {
    const auto sealed = writer.seal(header, nullptr, none);
    return !sealed && sealed.error().code == Code::kInternal;
  }
  TempFolder folder;
  int count = 0;
  SegmentWriter writer;
  ObjectHeader header;
  NoBases none;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(coverage)

BOOST_AUTO_TEST_CASE(growth_must_bring_every_new_page) {
  BOOST_TEST(proven(0, {{{1, 2, 3}, 3}}));
  BOOST_TEST(proven(0, {{{3, 1, 2, 2}, 3}}));
  BOOST_TEST(!proven(0, {{{1, 3}, 3}}));
  BOOST_TEST(!proven(2, {{{1}, 3}}));
  BOOST_TEST(proven(2, {{{3}, 3}, {{4}, 4}}));
  BOOST_TEST(!proven(2, {{{3, 4}, 3}, {{1}, 4}}));  // 4 was cut off by the first transaction
}

BOOST_AUTO_TEST_CASE(a_page_beyond_the_end_may_be_written_before_the_cut) {
  BOOST_TEST(proven(5, {{{9, 2}, 5}}));
  BOOST_TEST(proven(5, {{{9, 2}, 3}}));
}

BOOST_AUTO_TEST_CASE(what_was_cut_off_must_come_anew) {
  BOOST_TEST(!proven(10, {{{1}, 4}, {{5}, 6}}));
  BOOST_TEST(proven(10, {{{1}, 4}, {{6, 5}, 6}}));
}

BOOST_AUTO_TEST_CASE(the_lock_page_is_not_expected) {
  const std::uint32_t lock = lock_page(kPage).value;
  BOOST_TEST(lock == 16385u);
  BOOST_TEST(proven(lock - 1, {{{lock + 1}, lock + 1}}));
  BOOST_TEST(!proven(lock - 2, {{{lock + 1}, lock + 1}}));
  BOOST_TEST(proven(lock - 1, {{{1}, lock}}));
}

BOOST_AUTO_TEST_CASE(only_the_first_failure_is_told) {
  Coverage coverage(kPage, 1);
  coverage.end_transaction(3);
  coverage.end_transaction(5);
  coverage.end_transaction(0);
  BOOST_TEST(coverage.proven().error().message.find("page 2") != std::string::npos);
  Coverage none(kPage, 1);
  none.end_transaction(0);
  BOOST_TEST(none.proven().error().message.find("no pages") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(pages_that_are_never_stored_are_refused) {
  Coverage coverage(kPage, 1);
  BOOST_TEST((coverage.add(PageNo(0)).error().code == Code::kInternal));
  BOOST_TEST((coverage.add(lock_page(kPage)).error().code == Code::kInternal));
  BOOST_TEST(!coverage.in_transaction());
  must(coverage.add(PageNo(9)));
  BOOST_TEST(coverage.in_transaction());
}

BOOST_AUTO_TEST_CASE(sets_of_pages_join_and_answer) {
  PageSet set;
  set.add_range(PageNo(5), 0);
  BOOST_TEST(!set.contains(PageNo(5)));
  for (const std::uint32_t page : {5u, 7u, 6u, 6u, 20u}) set.add(PageNo(page));
  set.add_range(PageNo(8), 3);
  BOOST_TEST(!set.first_missing(PageNo(5), PageNo(10)).has_value());
  BOOST_TEST(set.first_missing(PageNo(6), PageNo(30))->value == 11u);
  BOOST_TEST(set.first_missing(PageNo(4), PageNo(30))->value == 4u);
  set.add_range(PageNo(1), 40);
  BOOST_TEST(!set.first_missing(PageNo(1), PageNo(40)).has_value());
  set.add(PageNo(UINT32_MAX));
  BOOST_TEST(set.contains(PageNo(UINT32_MAX)));
  set.clear();
  BOOST_TEST(!set.contains(PageNo(20)));
}

BOOST_AUTO_TEST_CASE(a_segment_that_could_not_be_restored_is_not_sealed) {
  Writing grows;
  must(grows.writer.add_image(PageNo(1), Bytes(512), 0));
  grows.writer.end_transaction({0, 0, 2, 0});
  BOOST_TEST(grows.refused());
  Writing nothing;
  BOOST_TEST(nothing.refused());
  Writing open;
  open.transaction();
  must(open.writer.add_image(PageNo(1), Bytes(512), 0));
  BOOST_TEST(open.refused());
  Writing range;
  range.transaction();
  range.header.last = Txid(6);
  BOOST_TEST(range.refused());
  Writing delta;
  delta.transaction();
  delta.transaction();
  delta.header.completeness = Completeness::kDelta;
  BOOST_TEST(delta.refused());
}

BOOST_AUTO_TEST_CASE(a_delta_covers_a_range_with_one_transaction) {
  Writing delta;
  delta.transaction();
  delta.header.completeness = Completeness::kDelta;
  delta.header.last = Txid(50);
  const SealedObject sealed = must(delta.writer.seal(delta.header, nullptr, delta.none));
  const FileSource source = must(FileSource::over(sealed.file));
  const ObjectReader reader = must(ObjectReader::open(source));
  BOOST_TEST((reader.header().last == Txid(50)));
  BOOST_TEST(reader.index().transactions.size() == 1u);
  BOOST_TEST(reader.header().last_seen == 2);
}

BOOST_AUTO_TEST_CASE(images_that_are_no_pages_are_refused) {
  Writing writing;
  BOOST_TEST(!writing.writer.add_image(PageNo(1), Bytes(511), 0));
  BOOST_TEST(!writing.writer.add_image(PageNo(0), Bytes(512), 0));
  BOOST_TEST(!SegmentWriter::create(writing.file(), {.page_size = 0}));
}

BOOST_AUTO_TEST_SUITE_END()
