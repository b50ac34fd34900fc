// The swap: what exists is kept, a log is never left beside another database, and a fault at any
// step leaves the old database, the new one, or a note by which the next run completes it.
#include "restore/swap.h"

#include <atomic>

#include "restore/local_state.h"
#include "restoring.h"
#include "state/identity.h"
#include "state/ledger.h"

using namespace streamd;
using namespace streamd::restore;

namespace {

void put(const std::string& path, std::string_view text) {
  must(replace_file(path, as_bytes(text)));
}
std::string get(const std::string& path) {
  return std::string(as_text(must(read_file(path))));
}
bool there(const std::string& path) {
  return must(stat_path(path)).has_value();
}

// An old database with its log and state, and a new one that waits beside it.
struct Scene {
  TempFolder folder;
  std::string db = folder.file("a.db");
  SwapRequest request{db, ".before", folder.file("state"), folder.file("state.new")};
  Scene() {
    put(db, "old");
    put(db + "-wal", "old log");
    put(db + "-shm", "old index");
    must(make_folder(request.state_folder));
    put(request.state_folder + "/x", "old state");
    must(make_folder(request.state_prepared));
    put(request.state_prepared + "/x", "new state");
    put(temporary_path(db), "new");
  }
  bool is_old() const {
    return there(db) && get(db) == "old" && get(db + "-wal") == "old log" &&
           get(db + "-shm") == "old index" && get(request.state_folder + "/x") == "old state";
  }
  bool is_new() const {
    return there(db) && get(db) == "new" && !there(db + "-wal") && !there(db + "-shm") &&
           get(request.state_folder + "/x") == "new state" && get(db + ".before") == "old" &&
           get(db + "-wal.before") == "old log" &&
           get(request.state_folder + ".before/x") == "old state";
  }
};

// Faults the n-th operation and, when `for_good`, all later ones: a machine that stops there.
bool arm(int nth, bool for_good, int& count) {
  count = 0;
  set_file_fault([nth, for_good, &count](FileOp, const std::string&) {
    ++count;
    return count == nth || (for_good && count > nth) ? EIO : 0;
  });
  return true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(swapping)

BOOST_AUTO_TEST_CASE(moves_everything_away) {
  Scene scene;
  const auto moved = must(swap_into_place(scene.request));
  BOOST_TEST(scene.is_new());
  BOOST_TEST(moved.size() == 4u);
  BOOST_TEST(!must(swap_pending(scene.db)));
  BOOST_TEST(!must(complete_swap(scene.db)));
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken_is_not_overwritten) {
  Scene scene;
  put(scene.db + ".before", "older");
  must(swap_into_place(scene.request));
  BOOST_TEST(get(scene.db + ".before") == "older");
  BOOST_TEST(get(scene.db + ".before.2") == "old");
}

// Without the note nobody would complete what a power cut took back.
BOOST_AUTO_TEST_CASE(the_new_name_is_durable_before_the_note_goes) {
  Scene scene;
  std::vector<FileOp> done;
  set_file_fault([&](FileOp operation, const std::string&) {
    if (operation == FileOp::kRename || operation == FileOp::kSync || operation == FileOp::kRemove)
      done.push_back(operation);
    return 0;
  });
  must(swap_into_place(scene.request));
  set_file_fault({});
  const std::vector<FileOp> last{FileOp::kRename, FileOp::kSync, FileOp::kRemove, FileOp::kSync};
  BOOST_REQUIRE(done.size() > last.size());
  BOOST_TEST(std::equal(last.rbegin(), last.rend(), done.rbegin()));
}

BOOST_AUTO_TEST_CASE(one_fault_at_any_step) {
  bool all_passed = false;
  for (int nth = 1; !all_passed; ++nth) {
    Scene scene;
    int count = 0;
    arm(nth, false, count);
    const auto moved = swap_into_place(scene.request);
    set_file_fault({});
    all_passed = count < nth;
    if (moved) {
      BOOST_TEST(scene.is_new());
      continue;
    }
    // The note's removal may be what could not be made durable: the new database is whole then.
    BOOST_TEST((scene.is_old() || scene.is_new() || must(swap_pending(scene.db))));
    if (!must(swap_pending(scene.db))) continue;
    // Said to have failed with everything as it was: it must not come to pass at a later run.
    BOOST_TEST(!scene.is_old());
    BOOST_TEST(must(complete_swap(scene.db)));
    BOOST_TEST(scene.is_new());
  }
}

BOOST_AUTO_TEST_CASE(the_machine_stops_at_any_step) {
  bool all_passed = false;
  for (int nth = 1; !all_passed; ++nth) {
    Scene scene;
    int count = 0;
    arm(nth, true, count);
    const auto moved = swap_into_place(scene.request);
    set_file_fault({});
    all_passed = count < nth;
    // What another program sees now: the old one with its log, the new one without, or none.
    if (there(scene.db))
      BOOST_TEST((get(scene.db) == "old" ? get(scene.db + "-wal") == "old log"
                                         : !there(scene.db + "-wal")));
    must(complete_swap(scene.db));
    BOOST_TEST((scene.is_old() || scene.is_new()));
    BOOST_TEST(!must(swap_pending(scene.db)));
  }
}

BOOST_AUTO_TEST_CASE(completing_can_be_interrupted_too) {
  bool all_passed = false;
  for (int nth = 1; !all_passed; ++nth) {
    Scene scene;
    int count = 0;
    set_file_fault([&](FileOp op, const std::string& path) {
      return op == FileOp::kRename && path != scene.db + "-wal" && path.find(".tmp-") == path.npos
                 ? (++count == 3 || count > 3 ? EIO : 0)
                 : 0;
    });
    BOOST_TEST(!swap_into_place(scene.request));
    arm(nth, true, count);
    const auto completed = complete_swap(scene.db);
    set_file_fault({});
    all_passed = completed.has_value();
    must(complete_swap(scene.db));
    BOOST_TEST(scene.is_new());
  }
}

BOOST_AUTO_TEST_CASE(a_database_made_in_between_is_kept_too) {
  Scene scene;
  // Killed when everything was moved away; then somebody made an empty database.
  int renames = 0;
  set_file_fault([&](FileOp op, const std::string& path) {
    return op == FileOp::kRename && (path == temporary_path(scene.db) || renames > 0)
               ? (++renames, EIO)
               : 0;
  });
  BOOST_TEST(!swap_into_place(scene.request));
  set_file_fault({});
  put(scene.db, "made meanwhile");
  BOOST_TEST(must(complete_swap(scene.db)));
  BOOST_TEST(scene.is_new());
  BOOST_TEST(get(scene.db + ".before.2") == "made meanwhile");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(targets)

BOOST_AUTO_TEST_CASE(what_exists_is_respected) {
  ReplicaBuilder replica(4);
  replica.begin_with(6);
  replica.snapshot(0);
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    RestoreFixture out;
    put(out.options.out + suffix, "precious");
    BOOST_TEST((out.failure(replica) == Code::kTargetExists));
    BOOST_TEST(out.last_error.message.find("out.db" + std::string(suffix)) != std::string::npos);
    out.options.if_missing = true;
    if (*suffix == '\0')
      BOOST_TEST((out.must_restore(replica).outcome == Outcome::kTargetPresent));
    else
      BOOST_TEST((out.failure(replica) == Code::kTargetExists));
    BOOST_TEST(out.names().size() == 1u);
    out.options.replace_leftovers = true;
    if (*suffix == '\0') out.options.force = true;
    const auto report = out.must_restore(replica);
    BOOST_REQUIRE(report.moved_away.size() == 1u);
    BOOST_TEST(report.moved_away[0].starts_with(must(canonical_path(out.options.out)) + suffix +
                                                ".before-restore-"));
    BOOST_TEST(get(report.moved_away[0]) == "precious");
    BOOST_TEST((out.content() == file_of(replica.now())));
    BOOST_TEST((must(stat_path(out.options.out))->st_mode & 0777) == 0640u);
  }
}

BOOST_AUTO_TEST_CASE(what_appears_meanwhile_is_respected) {
  ReplicaBuilder replica(4);
  replica.begin_with(6);
  replica.snapshot(0);
  for (const char* suffix : {"", "-wal"}) {
    RestoreFixture out;
    replica.store->before = [&](auto, const std::string& key) -> Status {
      if (key.starts_with("generations/")) put(out.options.out + suffix, "precious");
      return {};
    };
    BOOST_TEST((out.failure(replica) == Code::kTargetExists));
    BOOST_TEST(get(out.options.out + suffix) == "precious");
    BOOST_TEST(out.names().size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_file_is_durable_before_it_gets_its_name) {
  ReplicaBuilder replica(4);
  replica.begin_with(6);
  replica.snapshot(0);
  RestoreFixture out;
  const std::string temporary = temporary_path(must(canonical_path(out.options.out)));
  std::atomic<bool> durable{false};
  int named = 0;
  set_file_fault([&](FileOp op, const std::string& path) {
    if (path == temporary && op == FileOp::kWrite) durable = false;
    if (path == temporary && op == FileOp::kSync) durable = true;
    if (path == temporary && op == FileOp::kRename) {
      ++named;
      BOOST_TEST(durable);
    }
    return 0;
  });
  const auto report = out.restore(replica);
  set_file_fault({});
  BOOST_TEST(report.has_value());
  BOOST_TEST(named == 1);
}

BOOST_AUTO_TEST_CASE(one_restore_at_a_time_and_leftovers_of_a_killed_one_go) {
  ReplicaBuilder replica(4);
  replica.begin_with(6);
  replica.snapshot();
  RestoreFixture out;
  {
    File other = must(File::create(temporary_path(out.options.out)));
    BOOST_TEST(must(other.try_lock()));
    BOOST_TEST((out.failure(replica) == Code::kBusy));
  }
  put(temporary_path(out.options.out), std::string(100'000, 'x'));
  out.must_restore(replica);
  BOOST_TEST((out.content() == file_of(replica.now())));
  BOOST_TEST(out.names().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_fault_at_any_operation_leaves_old_or_new) {
  ReplicaBuilder replica(6);
  replica.begin_with(6);
  replica.snapshot();
  replica.commit(2);
  replica.seal();
  bool all_passed = false;
  for (int nth = 1; !all_passed; ++nth) {
    RestoreFixture out;
    out.options.force = true;
    out.options.fetch.parallel = 1;
    put(out.options.out, "old");
    put(out.options.out + "-wal", "old log");
    std::atomic<int> count{0};
    set_file_fault([&](FileOp, const std::string&) { return ++count == nth ? EIO : 0; });
    const auto report = out.restore(replica);
    set_file_fault({});
    all_passed = count < nth;
    if (!report && must(swap_pending(out.options.out))) {
      out.options.if_missing = true;
      out.options.force = false;
      BOOST_TEST(out.must_restore(replica).completed_earlier);
      BOOST_TEST((out.content() == file_of(replica.now())));
    } else if (!report && there(out.options.out + "-wal")) {
      BOOST_TEST(get(out.options.out) == "old");
      BOOST_TEST(get(out.options.out + "-wal") == "old log");
      BOOST_TEST(out.names().size() == 2u);
    } else {
      BOOST_TEST((out.content() == file_of(replica.now())));
      BOOST_TEST(!there(out.options.out + "-wal"));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_daemon_can_go_on_from_the_newest_moment) {
  ReplicaBuilder replica(8);
  replica.begin_with(20);
  replica.snapshot();
  replica.commit(4);
  replica.seal();
  RestoreFixture out;
  const auto layout = must(state::layout_for(out.options.out, ""));
  out.options.local_state = layout;
  out.must_restore(replica);
  const auto identity = must(state::load_identity(layout.identity()));
  BOOST_TEST((identity->database == replica.marker.database));
  BOOST_TEST(identity->checksum_key.value == replica.marker.checksum_key);
  BOOST_TEST((identity->generation == replica.generation));
  const auto tip = must(state::load_tip(layout.tip()));
  BOOST_TEST((tip->txid == Txid(replica.txid)));
  BOOST_TEST(tip->checksum_known);
  BOOST_TEST(tip->pages == replica.now().size);
  BOOST_TEST(!tip->position.known());
  auto ledger = must(state::Ledger::open(layout.ledger()));
  BOOST_TEST(*must(ledger.checksum(tip->pages, lock_page(kPageSize))) == replica.now().checksum());

  // Again, to an older moment: the old state is kept aside, a new generation is asked for.
  out.options.force = true;
  out.options.target.moment = ByTxid{Txid(3)};
  const auto report = out.must_restore(replica);
  BOOST_TEST(report.moved_away.size() == 2u);
  const auto older = must(state::load_identity(layout.identity()));
  BOOST_TEST((older->generation == GenerationId()));
  BOOST_TEST((older->instance == identity->instance));
  BOOST_TEST(!must(state::load_tip(layout.tip())));
  BOOST_TEST(!there(prepared_path(layout)));

  // Not while a daemon has the database.
  const File lock = must(state::take_lock(layout));
  BOOST_TEST((out.failure(replica) == Code::kBusy));
  out.options.lock_held = true;
  out.must_restore(replica);
}

// By a URL and -o the restore knows of no configuration; the lock lies beside the file all the
// same.
BOOST_AUTO_TEST_CASE(a_target_that_a_daemon_follows_is_left_alone) {
  ReplicaBuilder replica(8);
  replica.begin_with(20);
  replica.snapshot();
  RestoreFixture out;
  put(out.options.out, "followed");
  out.options.force = true;
  const auto layout = must(state::layout_for(out.options.out, ""));
  std::optional<File> lock = must(state::take_lock(layout));
  const auto names = out.names();
  BOOST_TEST((out.failure(replica) == Code::kBusy));
  BOOST_TEST(out.last_error.message.find("(pid " + std::to_string(getpid()) + ")") !=
             std::string::npos);
  BOOST_TEST(out.last_error.hint.find("stop that streamd first") != std::string::npos);
  out.options.dry_run = true;  // touches nothing
  out.must_restore(replica);
  out.options.dry_run = out.options.force = false;
  out.options.if_missing = true;
  BOOST_TEST((out.must_restore(replica).outcome == Outcome::kTargetPresent));
  BOOST_TEST(get(out.options.out) == "followed");
  BOOST_TEST(out.names() == names, boost::test_tools::per_element());
  // The file of the lock stays behind when a daemon ends.
  lock.reset();
  out.options.force = true;
  out.options.if_missing = false;
  out.must_restore(replica);
  BOOST_TEST((out.content() == file_of(replica.now())));
}

BOOST_AUTO_TEST_CASE(a_restore_that_is_refused_leaves_nothing_behind) {
  ReplicaBuilder replica(8);
  replica.begin_with(20);
  replica.snapshot();
  RestoreFixture out;
  out.options.local_state = must(state::layout_for(out.options.out, ""));
  const auto names = out.names();
  out.options.target.moment = ByTxid{Txid(999)};
  BOOST_TEST((out.failure(replica) == Code::kOutsideWindow));
  BOOST_TEST(out.names() == names, boost::test_tools::per_element());
  out.options.target.moment = Latest{};
  put(out.options.out, "here");
  const auto with_target = out.names();
  BOOST_TEST((out.failure(replica) == Code::kTargetExists));
  BOOST_TEST(out.names() == with_target, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_daemon_that_begins_while_we_restore) {
  ReplicaBuilder replica(8);
  replica.begin_with(20);
  replica.snapshot();
  RestoreFixture out;
  put(out.options.out, "followed");
  out.options.force = true;
  const auto layout = must(state::layout_for(out.options.out, ""));
  std::optional<File> lock;
  replica.store->before = [&](auto operation, const std::string&) -> Status {
    if (operation == storage::Operation::kGet && !lock) lock = must(state::take_lock(layout));
    return {};
  };
  out.options.fetch.parallel = 1;
  BOOST_TEST((out.failure(replica) == Code::kBusy));
  BOOST_TEST(get(out.options.out) == "followed");
  BOOST_TEST(out.names().size() == 2u);  // and the lock
}

BOOST_AUTO_TEST_SUITE_END()
