// How many requests an object costs.
#include "restore/fetch.h"

#include <boost/test/unit_test.hpp>

#include "replica_builder.h"
#include "segment/concatenate.h"

using namespace streamd;
using namespace streamd::restore;

namespace {

// Forty segments of one transaction each as one object, too large to be fetched whole.
struct Scene {
  Scene() {
    builder.begin_with(9);
    segment::ObjectHeader header;
    header.level = 1;
    segment::Concatenation merged(must(File::create_new(folder.file("merged"))), header);
    for (int i = 0; i < 40; ++i) {
      builder.commit(1);
      const Bytes bytes = builder.store->content(to_text(builder.seal()));
      const MemorySource source(bytes);
      must(merged.add(must(segment::ObjectReader::open(source))));
    }
    const segment::SealedObject sealed = must(merged.finish());
    object = {to_text(segment::key_of(sealed.header)), sealed.size};
    content = segment::contents(sealed.file);
    builder.store->set(object.key, content);
    options.whole_object = 100;
  }
  // Takes all batches; the number of reads.
  int fetch() {
    const int before = builder.store->calls(storage::Operation::kGet);
    Fetcher fetcher(*builder.store, {{object}}, options, nullptr);
    const Fetcher::Opened opened = must(fetcher.open(0));
    batches = opened.batches.size();
    for (std::size_t i = 0; i < batches; ++i) {
      const Batch& batch = opened.batches[i];
      const ByteView taken = must(fetcher.take(i));
      BOOST_TEST(
          (Bytes(taken.begin(), taken.end()) ==
           Bytes(content.begin() + static_cast<std::ptrdiff_t>(batch.offset),
                 content.begin() + static_cast<std::ptrdiff_t>(batch.offset + batch.length))));
    }
    fetcher.release();
    return builder.store->calls(storage::Operation::kGet) - before;
  }
  TempFolder folder;
  ReplicaBuilder builder{3};
  PlannedObject object;
  Bytes content;
  FetchOptions options;
  std::size_t batches = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(fetching)

BOOST_AUTO_TEST_CASE(small_batches_are_brought_by_one_request) {
  Scene scene;
  const int together = scene.fetch();
  BOOST_TEST(scene.batches >= 40u);
  BOOST_TEST(together <= 5);  // header, footer and index among them
  scene.options.portion = 0;
  BOOST_TEST(scene.fetch() == together - 1 + static_cast<int>(scene.batches));
  scene.options.portion = 1000;
  const int some = scene.fetch();
  BOOST_TEST(some > together);
  BOOST_TEST(some < static_cast<int>(scene.batches));
  scene.options.budget = 1;  // what is needed next is fetched all the same
  BOOST_TEST(scene.fetch() == some);
}

BOOST_AUTO_TEST_SUITE_END()
