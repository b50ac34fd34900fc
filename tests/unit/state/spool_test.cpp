#include "state/spool.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "segment/checksum.h"
#include "state/identity.h"
#include "state/layout.h"
#include "state/tip.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::state;

namespace {

template <class T>
T require(Result<T> result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
  return std::move(result).take();
}

// A segment of the transactions [txid, last] and one page, cut into pieces.
std::vector<segment::SealedObject> seal(Spool& spool, std::uint64_t txid, int pieces = 1,
                                        std::uint64_t last = 0) {
  last = std::max(last, txid);
  segment::SegmentOptions options;
  options.page_size = 512;
  options.pages_before = 1;
  segment::NoBases bases;
  auto writer = require(segment::SegmentWriter::create(require(spool.new_file()), options));
  segment::ObjectHeader header;
  header.completeness = segment::Completeness::kAll;
  header.generation = GenerationId(7);
  header.first = Txid(txid);
  header.last = Txid(last);
  std::vector<segment::SealedObject> sealed;
  const Bytes image(512, static_cast<std::uint8_t>(txid));
  for (int i = 1; i < pieces; ++i) {
    require(writer.add_image(PageNo(1), image, 1));
    sealed.push_back(require(writer.next_piece(require(spool.new_file()), header, bases)));
  }
  for (std::uint64_t each = txid; each <= last; ++each) {
    require(writer.add_image(PageNo(1), image, 1));
    writer.end_transaction({1000, 2000, 1, 0});
  }
  wal::Position position;
  position.page_size = 512;
  position.pages = 1;
  sealed.push_back(require(writer.seal(header, &position, bases)));
  for (std::size_t i = 0; i + 1 < sealed.size(); ++i) {
    sealed[i].header = sealed.back().header;
    sealed[i].header.piece.index = static_cast<std::uint32_t>(i + 1);
    require(segment::rewrite_header(sealed[i].file, sealed[i].header));
  }
  return sealed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool)

BOOST_AUTO_TEST_CASE(committed_objects_come_back_in_order_and_leftovers_go) {
  const TempFolder folder;
  {
    const auto spool = require(Spool::open(folder.file("spool")));
    require(spool->commit(seal(*spool, 1)));
    require(spool->commit(seal(*spool, 2, 3)));
    seal(*spool, 3);  // sealed, never committed
    BOOST_TEST(spool->objects().size() == 2u);
  }
  const auto spool = require(Spool::open(folder.file("spool")));
  const auto objects = spool->objects();
  BOOST_REQUIRE(objects.size() == 2u);
  BOOST_TEST((objects[0]->header.last == Txid(1)));
  BOOST_TEST(objects[1]->paths.size() == 3u);
  BOOST_TEST(spool->objects_after(GenerationId(7), Txid(1)).size() == 1u);
  BOOST_TEST(list_folder(folder.file("spool"))->size() == 4u);
  BOOST_TEST(spool->bytes() == objects[0]->size + objects[1]->size);
  require(spool->remove(objects));
  BOOST_TEST(spool->bytes() == 0u);
  BOOST_TEST(list_folder(folder.file("spool"))->empty());
}

BOOST_AUTO_TEST_CASE(a_segment_whose_last_piece_is_missing_was_never_committed) {
  const TempFolder folder;
  const auto spool = require(Spool::open(folder.file("spool")));
  const auto object = require(spool->commit(seal(*spool, 1, 3)));
  BOOST_REQUIRE(remove_file(object->paths.back()));
  const auto again = require(Spool::open(folder.file("spool")));
  BOOST_TEST(again->objects().empty());
  BOOST_TEST(list_folder(folder.file("spool"))->empty());
}

BOOST_AUTO_TEST_CASE(a_commit_is_whole_or_nothing_at_every_fault) {
  for (int nth = 1;; ++nth) {
    const TempFolder folder;
    const auto spool = require(Spool::open(folder.file("spool")));
    auto pieces = seal(*spool, 1, 2);
    int left = nth;
    set_file_fault([&](FileOp, const std::string&) { return --left == 0 ? EIO : 0; });
    const auto committed = spool->commit(std::move(pieces));
    set_file_fault({});
    BOOST_TEST(spool->objects().size() == (committed ? 1u : 0u));
    const auto again = require(Spool::open(folder.file("spool")));
    if (committed)
      BOOST_TEST(again->objects().size() == 1u);
    else
      BOOST_TEST(again->objects().size() <= 1u);  // renamed, but the folder's sync failed
    if (left > 0) {
      BOOST_TEST(committed.has_value());
      break;
    }
  }
}

BOOST_AUTO_TEST_CASE(a_failed_commit_never_costs_a_later_one) {
  for (int nth = 1;; ++nth) {
    const TempFolder folder;
    const auto spool = require(Spool::open(folder.file("spool")));
    require(spool->commit(seal(*spool, 1)));
    auto first = seal(*spool, 2, 2);
    int left = nth;
    // From the n-th operation on everything fails: what was renamed cannot be removed again either.
    set_file_fault([&](FileOp, const std::string&) { return --left <= 0 ? EIO : 0; });
    const auto committed = spool->commit(std::move(first));
    set_file_fault({});
    if (committed) break;
    // The same transactions, captured again, in other objects.
    require(spool->commit(seal(*spool, 2, 1, 3)));
    require(spool->commit(seal(*spool, 4)));
    const auto again = require(Spool::open(folder.file("spool")));
    const auto objects = again->objects();
    BOOST_REQUIRE_MESSAGE(objects.size() == 3u, "fault " << nth << ": " << objects.size());
    BOOST_TEST((objects[1]->header.first == Txid(2) && objects[1]->header.last == Txid(3)));
    BOOST_TEST(list_folder(folder.file("spool"))->size() == 3u);
    BOOST_TEST(again->bytes() == spool->bytes());
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_object_is_set_aside) {
  const TempFolder folder;
  const auto spool = require(Spool::open(folder.file("spool")));
  const auto object = require(spool->commit(seal(*spool, 1)));
  Bytes raw = require(read_file(object->paths.front()));
  raw[raw.size() - 60] ^= 1;
  require(replace_file(object->paths.front(), raw));
  require(spool->commit(seal(*spool, 2)));
  for (int life = 0; life < 2; ++life) {
    const auto again = require(Spool::open(folder.file("spool")));
    BOOST_REQUIRE(again->objects().size() == 1u);
    BOOST_TEST((again->objects().front()->header.first == Txid(2)));
    const auto names = *list_folder(folder.file("spool"));
    BOOST_TEST(names.size() == 2u);
    BOOST_TEST(names.back() == "damaged-" + name_of(object->paths.front()));
  }
}

// Whoever renamed them there may have been killed before the folder was synced: what is told from
// now on must outlive a power cut.
BOOST_AUTO_TEST_CASE(what_another_life_has_put_there_is_durable_when_it_is_found) {
  const TempFolder folder;
  require(Spool::open(folder.file("spool")));
  std::vector<FileOp> done;
  set_file_fault([&](FileOp operation, const std::string& path) {
    if (path == folder.file("spool")) done.push_back(operation);
    return 0;
  });
  require(Spool::open(folder.file("spool")));
  set_file_fault({});
  BOOST_TEST(std::count(done.begin(), done.end(), FileOp::kSync) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(small_files)

BOOST_AUTO_TEST_CASE(identity_and_tip_round_trip_and_notice_damage) {
  const TempFolder folder;
  BOOST_TEST(!require(load_identity(folder.file("identity"))).has_value());
  BOOST_TEST(!require(load_tip(folder.file("tip"))).has_value());
  Identity identity{Uuid::make(), segment::ChecksumKey(77), Uuid::make(), GenerationId::make(3)};
  require(save_identity(folder.file("identity"), identity));
  const Identity loaded = require(load_identity(folder.file("identity"))).value();
  BOOST_TEST((loaded.database == identity.database && loaded.instance == identity.instance));
  BOOST_TEST(
      (loaded.generation == identity.generation && loaded.checksum_key == identity.checksum_key));
  Tip tip;
  tip.generation = identity.generation;
  tip.txid = Txid(9);
  tip.checksum_known = true;
  tip.position.page_size = 4096;
  require(save_tip(folder.file("tip"), tip));
  BOOST_TEST((require(load_tip(folder.file("tip"))).value() == tip));
  Bytes raw = require(read_file(folder.file("tip")));
  for (std::size_t at = 0; at < 116; at += 7) {
    Bytes damaged = raw;
    damaged[at] ^= 1;
    require(replace_file(folder.file("tip"), damaged));
    BOOST_TEST((load_tip(folder.file("tip")).error().code == Code::kCorrupt));
  }
  require(replace_file(folder.file("identity"), as_bytes("{\"database\":1}")));
  BOOST_TEST((load_identity(folder.file("identity")).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_tip_that_was_saved_is_durable) {
  const TempFolder folder;
  const std::string path = folder.file("tip");
  require(save_tip(path, {}));
  std::vector<FileOp> done;
  set_file_fault([&](FileOp operation, const std::string& at) {
    if (at == path) done.push_back(operation);
    return 0;
  });
  require(save_tip(path, {}));  // in place
  set_file_fault({});
  BOOST_REQUIRE(done.size() > 1u);
  BOOST_TEST((done[done.size() - 2] == FileOp::kWrite && done.back() == FileOp::kSync));
}

// A torn write of a slot leaves the tip before it; and none is written over the newer one.
BOOST_AUTO_TEST_CASE(a_tip_is_saved_in_place_and_the_one_before_it_stays) {
  const TempFolder folder;
  const std::string path = folder.file("tip");
  Tip tip;
  for (std::uint64_t txid = 1; txid <= 5; ++txid) {
    const Bytes before = txid == 1 ? Bytes() : require(read_file(path));
    tip.txid = Txid(txid);
    require(save_tip(path, tip));
    BOOST_TEST((require(load_tip(path)).value() == tip));
    if (txid == 1) continue;
    const Bytes after = require(read_file(path));
    BOOST_REQUIRE(after.size() == before.size());
    for (const std::size_t cut : {std::size_t{1}, std::size_t{30}, std::size_t{115}}) {
      Bytes torn = before;  // of what changed only so much was written
      const auto [first, other] = std::mismatch(after.begin(), after.end(), before.begin());
      const auto slot = static_cast<std::size_t>(first - after.begin()) / 512 * 512;
      std::copy_n(after.begin() + static_cast<std::ptrdiff_t>(slot), cut,
                  torn.begin() + static_cast<std::ptrdiff_t>(slot));
      require(replace_file(path, torn));
      const auto found = require(load_tip(path));
      BOOST_REQUIRE(found.has_value());
      BOOST_TEST((found->txid == Txid(txid - 1) || cut == 115));
    }
    require(replace_file(path, after));
  }
}

BOOST_AUTO_TEST_CASE(a_tip_of_an_earlier_version_is_read_and_replaced) {
  const TempFolder folder;
  const std::string path = folder.file("tip");
  Bytes raw;
  append_le<std::uint64_t>(raw, 0x31504954'444d5453);
  append_le<std::uint64_t>(raw, 7);
  append_le<std::uint64_t>(raw, 9);
  raw.resize(100);
  append_le(raw, xxh3(raw));
  require(replace_file(path, raw));
  Tip tip = require(load_tip(path)).value();
  BOOST_TEST((tip.txid == Txid(9) && tip.generation.value == 7u));
  tip.txid = Txid(10);
  require(save_tip(path, tip));
  BOOST_TEST((require(load_tip(path)).value().txid == Txid(10)));
}

BOOST_AUTO_TEST_CASE(the_state_lies_beside_the_database_or_where_it_was_told) {
  const TempFolder folder;
  const std::string real = require(canonical_path(folder.path()));
  const Layout beside = require(layout_for(folder.file("app.db"), ""));
  BOOST_TEST(beside.folder == real + "/.app.db-streamd");
  BOOST_TEST(beside.lock == real + "/.app.db-streamd.lock");
  const Layout apart = require(layout_for(folder.file("app.db"), folder.path()));
  BOOST_TEST(apart.folder.starts_with(real + "/app.db-"));
  BOOST_TEST(apart.lock == beside.lock);
  const auto held = require(take_lock(beside));
  const auto second = take_lock(beside);
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code == Code::kBusy));
}

BOOST_AUTO_TEST_SUITE_END()
