// The local state's disk is full, or has damaged what was to be sent.
#include <cerrno>

#include "outage_scene.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

// While it is full no file can be made or grow there; what stands there can be overwritten.
class FullState {
 public:
  FullState() {
    set_file_fault([this](FileOp operation, const std::string& path) {
      const bool new_file = path.find("tmp-") != std::string::npos;
      return full && new_file && operation == FileOp::kWrite ? ENOSPC : 0;
    });
  }
  ~FullState() { set_file_fault({}); }
  std::atomic<bool> full{false};
};

void damage_the_spool(Daemon& daemon) {
  const std::string folder = daemon->layout().spool();
  for (const std::string& name : require(list_folder(folder))) {
    if (name.starts_with(".")) continue;
    File file = require(File::open_write(join_path(folder, name)));
    BOOST_REQUIRE(file.write_at(require(file.size()) / 2, Bytes(16, 0x55)).has_value());
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lost)

BOOST_AUTO_TEST_CASE(a_full_disk_is_emptied_when_the_store_is_back) {
  LiveDatabase database;
  const auto away = std::make_shared<AwayStore>();
  database.insert(300, 1200);
  FullState disk;
  Daemon daemon(database, {away}, kDaily, 0);
  daemon.sync();
  away->no_segments = true;
  Txid txid;
  for (int i = 0; i < 4; ++i) {
    database.insert(10, 1200);
    txid = require(daemon->sync(in(kPatience), Cancel()));
  }
  disk.full = true;
  away->no_segments = false;
  BOOST_TEST(daemon->wait_for(txid, "", in(kPatience), Cancel()).has_value());
  const MonoTime until = in(kPatience);
  while (daemon->status().spool_bytes != 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(milliseconds(20));
  BOOST_TEST(daemon->status().spool_bytes == 0u);
  for (const std::string& name : require(list_folder(daemon->layout().spool())))
    BOOST_TEST(!name.starts_with(".tmp-"), name);
  disk.full = false;
  BOOST_TEST((restored(*away, database) == database.image()));
}

BOOST_AUTO_TEST_CASE(what_was_lost_at_the_end_is_bridged_without_a_further_commit) {
  LiveDatabase database;
  const auto away = std::make_shared<AwayStore>();
  database.insert(300, 1200);
  Daemon daemon(database, {away}, kDaily, 0);
  daemon.sync();
  away->no_segments = true;
  database.insert(10, 1200);
  const Txid txid = require(daemon->sync(in(kPatience), Cancel()));
  damage_the_spool(daemon);
  away->no_segments = false;
  BOOST_TEST(daemon->wait_for(txid, "", in(kPatience), Cancel()).has_value());
  BOOST_TEST((restored(*away, database) == database.image()));
  BOOST_TEST(daemon.stop().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
