// The pages are compared in batches while the database lives: whoever waits for the log is served
// in between, and what is written meanwhile is neither missed nor half there.
#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include "application.h"
#include "daemon_life.h"
#include "segment/checksum.h"
#include "segment/reader.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

// A database that has been followed once, and has missed something since.
class Scene {
 public:
  explicit Scene(int rows) {
    identity_.database = Uuid::make();
    identity_.instance = Uuid::make();
    identity_.checksum_key.value = 7;
    identity_.generation = GenerationId::make(1);
    database.insert(rows, 3000);
    attach();
    BOOST_REQUIRE(recorder->begin_generation(*capture, Txid(1)));
    Bytes image(capture->position().page_size);
    for (std::uint32_t page = 1; page <= capture->position().pages; ++page)
      require(recorder->read_pages(*capture, PageNo(page), image));
    BOOST_REQUIRE(recorder->establish_checksum(*capture));
    BOOST_REQUIRE(capture->settle());
    tip_ = recorder->tip();
    capture.reset();
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    missed();
  }
  void missed() {
    for (int i = 0; i < 3; ++i) {
      database.run("UPDATE t SET b = randomblob(3000) WHERE id % 100 = 7");
      database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
  }
  void attach() {
    recorder = std::make_unique<Recorder>(identity_, tip_, ledger_, *spool_, system_clock());
    sqlite::CapturePolicy policy;
    policy.idle = policy.alone = milliseconds(1);
    capture = require(
        sqlite::Capture::attach(database.path(), tip_.position, *recorder, policy, system_clock()));
  }
  void begin() {
    before_ = hashes();
    attach();
    BOOST_REQUIRE((capture->continuity() == sqlite::Continuity::kBroken));
    BOOST_REQUIRE(recorder->begin_comparison());
    BOOST_REQUIRE(capture->settle());
  }
  bool compare() { return require(recorder->compare_some(*capture)); }
  void step() { require(capture->step()); }
  // The delta, laid over what was known before, is the database; so is the ledger.
  void finish() {
    do BOOST_REQUIRE(capture->catch_up());  // with all that was written by now
    while (!compare());
    BOOST_REQUIRE(recorder->finish_comparison(*capture));
    std::map<std::uint32_t, std::uint64_t> after = before_;
    const auto objects = spool_->objects();
    BOOST_REQUIRE(objects.size() == 1u);
    BOOST_TEST((objects.front()->header.completeness == segment::Completeness::kDelta));
    for (const std::string& path : objects.front()->paths) {
      const File file = require(File::open_read(path));
      const FileSource source = require(FileSource::over(file));
      const auto reader = require(segment::ObjectReader::open(source));
      for (const segment::PageHash& entry : reader.index().page_hashes)
        after[entry.page.value] = entry.hash;
    }
    const state::Tip& tip = recorder->tip();
    after.erase(after.upper_bound(tip.pages), after.end());
    const auto now = of_database();
    BOOST_TEST((after == now));
    BOOST_TEST((hashes() == now));
    std::uint64_t sum = 0;
    for (const auto& [page, hash] : now) sum ^= hash;
    BOOST_TEST(tip.checksum == sum);
    BOOST_TEST((tip.txid == tip_.txid.next()));
  }
  // What comes after it is captured as always.
  void goes_on() {
    database.insert(5, 3000);
    BOOST_REQUIRE(capture->catch_up());
    BOOST_REQUIRE(capture->make_durable());
    BOOST_TEST((hashes() == of_database()));
    BOOST_TEST((recorder->tip().txid == tip_.txid.next().next()));
  }

  LiveDatabase database;
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<sqlite::Capture> capture;

 private:
  std::map<std::uint32_t, std::uint64_t> hashes() {
    std::map<std::uint32_t, std::uint64_t> all;
    for (std::uint32_t page = 1; page <= 100'000; ++page)
      if (const std::uint64_t hash = require(ledger_.get(PageNo(page))); hash != 0)
        all[page] = hash;
    return all;
  }
  std::map<std::uint32_t, std::uint64_t> of_database() {
    const Bytes image = database.image();
    std::map<std::uint32_t, std::uint64_t> all;
    for (std::uint32_t page = 1; page <= image.size() / 4096; ++page)
      all[page] = segment::page_hash(ByteView(image).subspan((page - 1) * 4096, 4096), PageNo(page),
                                     identity_.checksum_key);
    return all;
  }
  const TempFolder folder_;
  state::Identity identity_;
  state::Tip tip_;
  state::Ledger ledger_ = require(state::Ledger::create(folder_.file("ledger")));
  std::unique_ptr<state::Spool> spool_ = require(state::Spool::open(folder_.file("spool")));
  std::map<std::uint32_t, std::uint64_t> before_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(comparison)

BOOST_AUTO_TEST_CASE(a_checkpoint_that_waits_is_answered_in_the_middle_of_it) {
  for (const std::string mode : {"FULL", "RESTART", "TRUNCATE"}) {
    Scene scene(2500);
    Application application(scene.database.path());
    application.run("timeout 60000");
    application.sql("INSERT INTO t(b) VALUES(randomblob(3000))");  // the log is not empty
    scene.begin();
    BOOST_REQUIRE(!scene.compare());
    application.sql("INSERT INTO t(b) VALUES(randomblob(3000))");
    application.start("checkpoint " + mode);
    // Only steps of the capture: the comparison stands where it is until the answer is there.
    while (!application.finished(1)) scene.step();
    const Application::Reply answer = application.finish();
    BOOST_TEST(answer.code == SQLITE_OK, mode << " " << answer.code << " " << answer.text);
    application.sql("INSERT INTO t(b) VALUES(randomblob(3000))");
    scene.finish();
    scene.goes_on();
  }
}

BOOST_AUTO_TEST_CASE(what_is_written_behind_and_in_front_of_it_is_in_the_delta) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    Scene scene(3000);
    std::mt19937 random(seed);
    scene.begin();
    bool more = true;
    for (int i = 0; i < 12 && more; ++i) {
      const std::string row = std::to_string(random() % 3000);
      switch (random() % 6) {
        case 0:
          scene.database.insert(300, 3000);
          break;
        case 1:
          scene.database.run("DELETE FROM t WHERE id > " + row);
          break;
        case 2:
          scene.database.run("VACUUM");
          break;
        case 3:
          scene.database.try_run("PRAGMA wal_checkpoint(TRUNCATE)");
          break;
        default:
          scene.database.run("UPDATE t SET b = randomblob(3000) WHERE id BETWEEN " + row + " AND " +
                             row + " + 40");
      }
      for (unsigned steps = random() % 4; steps > 0; --steps) scene.step();
      more = !scene.compare();
    }
    scene.finish();
    scene.goes_on();
  }
}

// An application that writes faster than pages are compared must not keep it from its end.
BOOST_AUTO_TEST_CASE(it_ends_however_much_is_written) {
  Scene scene(2500);
  scene.begin();
  int batches = 0;
  for (; !scene.compare(); ++batches) {
    scene.database.run("UPDATE t SET b = randomblob(3000)");
    scene.step();
    BOOST_REQUIRE(batches < 200);
  }
  scene.finish();
  scene.goes_on();
}

// It was given up with everything that was not durable: nothing may be taken for compared.
BOOST_AUTO_TEST_CASE(given_up_it_begins_again_in_the_next_attach) {
  Scene scene(2500);
  scene.begin();
  scene.compare();
  scene.recorder->discard();
  BOOST_TEST(!scene.recorder->compare_some(*scene.capture).has_value());
  scene.capture.reset();
  scene.missed();
  scene.begin();
  scene.finish();
  scene.goes_on();
}

// A whole daemon, whose database is written to while it compares.
BOOST_AUTO_TEST_CASE(a_daemon_compares_a_database_that_is_written_to) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  database.insert(4000, 3000);
  {
    Daemon daemon(database, {store});
    daemon.sync();
    BOOST_TEST(daemon.stop().has_value());
  }
  for (int life = 0; life < 3; ++life) {
    for (int i = 0; i < 3; ++i) {
      database.run("UPDATE t SET b = randomblob(3000) WHERE id % 50 = 3");
      database.run("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    Daemon daemon(database, {store});
    while (daemon->status().phase != Phase::kLive)
      database.run("UPDATE t SET b = randomblob(3000) WHERE id % 90 = 3");
    daemon.sync();
    BOOST_TEST((restored(*store, database) == database.image()));
    BOOST_TEST(daemon.stop().has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
