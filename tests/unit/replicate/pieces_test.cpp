// A transaction so large that it lies in the spool in pieces: the replica gets them all. Here each
// has few pages: the engine makes them of 256 MiB.
#include "outage_scene.h"
#include "state/identity.h"
#include "state/layout.h"
#include "state/tip.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

// One more transaction, which writes every page as it is, in three pieces.
state::Tip add_in_pieces(LiveDatabase& database) {
  const state::Layout layout = require(state::layout_for(database.path(), ""));
  const state::Identity identity = *require(state::load_identity(layout.identity()));
  state::Tip tip = *require(state::load_tip(layout.tip()));
  const auto spool = require(state::Spool::open(layout.spool()));
  segment::ObjectHeader header;
  header.completeness = segment::Completeness::kAll;
  header.generation = identity.generation;
  header.database = identity.database;
  header.instance = identity.instance;
  header.first = header.last = tip.txid = tip.txid.next();
  header.checksum_before = tip.checksum;
  segment::NoBases none;
  segment::SegmentOptions options;
  options.page_size = tip.page_size;
  options.pages_before = tip.pages;
  auto writer = require(segment::SegmentWriter::create(require(spool->new_file()), options));
  std::vector<segment::SealedObject> pieces;
  const Bytes image = database.image();
  for (std::uint32_t page = 1; page <= tip.pages; ++page) {
    const auto bytes =
        ByteView(image).subspan(std::size_t{page - 1} * tip.page_size, tip.page_size);
    const auto hash = segment::page_hash(bytes, PageNo(page), identity.checksum_key);
    BOOST_REQUIRE(writer.add_image(PageNo(page), bytes, hash));
    if (page == tip.pages / 3 || page == tip.pages / 3 * 2)
      pieces.push_back(require(writer.next_piece(require(spool->new_file()), header, none)));
  }
  writer.end_transaction({tip.seen, tip.seen, tip.pages, tip.checksum});
  pieces.push_back(require(writer.seal(header, &tip.position, none)));
  BOOST_REQUIRE(segment::complete_pieces(pieces));
  require(spool->commit(std::move(pieces)));
  return tip;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pieces_of_a_transaction)

BOOST_AUTO_TEST_CASE(all_of_them_are_sent) {
  LiveDatabase database;
  database.insert(50, 1200);
  const auto store = std::make_shared<AwayStore>();
  {
    Daemon daemon(database, {store});
    daemon.sync();
    database.insert(1, 1200);
    daemon.sync();
    BOOST_REQUIRE(comes([&] { return daemon->status().spool_bytes == 0; }));
    BOOST_TEST(daemon.stop().has_value());
  }
  const state::Tip tip = add_in_pieces(database);
  Daemon daemon(database, {store});
  BOOST_TEST((daemon.sync() == tip.txid));
  BOOST_TEST(store->count("of3.all") == 3);
  BOOST_TEST(store->timeline().generations.back().restorable(tip.txid));
  BOOST_TEST((restored(*store, database, tip.txid) == database.image()));
  database.insert(1, 1200);
  daemon.sync();
  BOOST_TEST((restored(*store, database) == database.image()));
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
