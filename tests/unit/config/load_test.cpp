#include "config/load.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "base/file.h"
#include "config/find.h"
#include "sample.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::config;

namespace {

constexpr const char* kFull = R"(
[streamd]
driver-path = ["/opt/drivers", "/usr/lib/streamd/drivers"]
state-dir = "/var/lib/streamd"
http = ""
control-mode = "0660"
control-group = "streamd"
shutdown-timeout = "1m"
[log]
level = "debug"
format = "json"
[defaults]
sync-interval = "2s"
retention = "48h"
spool-max-size = "2GiB"
[storage.offsite]
driver = "s3"
bucket = "b"
path = "all"
retention = "720h"
[storage.usb]
driver = "file"
path = "/mnt/usb"
[[database]]
path = "/data/app.db"
name = "app"
wal-soft-limit = "1MiB"
wal-hard-limit = "0B"
wal-force-reset = false
restore-missing = true
restore-from = "any"
takeover = true
set-wal = true
snapshot-interval = "1h"
replicas = ["offsite", { storage = "usb", retention = "30d", name = "disk" }]
  [[database.replica]]
  driver = "s3"
  bucket = "c"
  path = "/{host}/x/"
  access-key-id = "${KEY}"
  part-size = "5MiB"
  connections = 7
  patience = "1m"
  history = "24h"
  verify-interval = "12h"
  verify-budget = "64MiB"
  prune = false
  prune-grace = "1m"
  bandwidth-limit = "1MB"
  fault = "put:transient:10%"
  keep = { all = "7d", daily = 14 }
[[database]]
path = "/data/b.db"
replicas = ["usb"]
)";

struct Fixture : Sample {
  Fixture() { environment["KEY"] = "sesame"; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(load, Fixture)

BOOST_AUTO_TEST_CASE(everything_has_its_place) {
  const Config config = good(kFull);
  BOOST_TEST((config.streamd.driver_path ==
              std::vector<std::string>{"/opt/drivers", "/usr/lib/streamd/drivers"}));
  BOOST_TEST(config.streamd.state_dir == "/var/lib/streamd");
  BOOST_TEST(config.streamd.http == "");
  BOOST_TEST(config.streamd.control == "/run/streamd/control.sock");
  BOOST_TEST(config.streamd.control_mode == 0660u);
  BOOST_TEST(config.streamd.control_group == "streamd");
  BOOST_TEST((config.streamd.shutdown_timeout == std::chrono::minutes(1)));
  BOOST_TEST((config.log.level == LogLevel::kDebug));
  BOOST_TEST((config.log.format == LogStyle::kJson));
  BOOST_REQUIRE(config.databases.size() == 2u);
  const Database& app = config.databases[0];
  BOOST_TEST(app.path == "/data/app.db");
  BOOST_TEST(app.name == "app");
  BOOST_TEST(app.spool_max_size == 2 * kGiB);
  BOOST_TEST(app.wal_soft_limit == kMiB);
  BOOST_TEST(app.wal_hard_limit == 0u);
  BOOST_TEST(!app.wal_force_reset);
  BOOST_TEST(app.restore_missing);
  BOOST_TEST((app.restore_from == RestoreFrom::kAny));
  BOOST_TEST(app.takeover);
  BOOST_TEST(app.set_wal);
  BOOST_TEST(config.databases[1].name == "b.db");
  BOOST_TEST(config.databases[1].wal_soft_limit == 256 * kMiB);
  BOOST_TEST((config.databases[1].restore_from == RestoreFrom::kAll));
}

BOOST_AUTO_TEST_CASE(replicas_inherit) {
  const Config config = good(kFull);
  BOOST_REQUIRE(config.databases[0].replicas.size() == 3u);
  const Replica& s3 = config.databases[0].replicas[0];
  BOOST_TEST(s3.name == "s3");
  BOOST_TEST(s3.prefix == "box/x");
  BOOST_TEST((s3.options == std::map<std::string, std::string>{{"access-key-id", "sesame"},
                                                               {"bucket", "c"},
                                                               {"connections", "7"},
                                                               {"part-size", "5242880"},
                                                               {"patience", "60000"},
                                                               {"region", "us-east-1"}}));
  BOOST_TEST((s3.sync_interval == milliseconds(2000)));         // of the defaults
  BOOST_TEST((s3.snapshot_interval == std::chrono::hours(1)));  // of the database
  BOOST_TEST((s3.retention == std::chrono::hours(48)));
  BOOST_TEST((s3.history == std::chrono::hours(24)));
  BOOST_TEST((s3.verify_interval == std::chrono::hours(12)));
  BOOST_TEST(s3.verify_budget == 64 * kMiB);
  BOOST_TEST((s3.prune == Prune::kNever));
  BOOST_TEST((s3.prune_grace == std::chrono::minutes(1)));
  BOOST_TEST(s3.bandwidth_limit == 1'000'000u);
  BOOST_TEST(s3.fault == "put:transient:10%");
  BOOST_TEST(s3.keep.at("all") == 7 * 86'400'000);
  BOOST_TEST(s3.keep.at("daily") == 14);

  const Replica& offsite = config.databases[0].replicas[1];
  BOOST_TEST(offsite.name == "offsite");
  BOOST_TEST(offsite.storage == "offsite");
  BOOST_TEST(offsite.prefix == "all/box/data/app.db");
  BOOST_TEST(!offsite.options.contains("path"));
  BOOST_TEST((offsite.retention == std::chrono::hours(720)));  // of the storage
  BOOST_TEST((offsite.history == offsite.retention));

  const Replica& disk = config.databases[0].replicas[2];
  BOOST_TEST(disk.name == "disk");
  BOOST_TEST(disk.driver == "file");
  BOOST_TEST(disk.options.at("path") == "/mnt/usb");
  BOOST_TEST(disk.options.at("fsync") == "true");
  BOOST_TEST(disk.prefix == "box/data/app.db");
  BOOST_TEST((disk.retention == std::chrono::hours(720)));  // of the replica: 30d
  BOOST_TEST(disk.settings.at("retention").origin.line == 35);
  BOOST_TEST(to_text(disk.settings.at("sync-interval").origin) == "t.toml:13");
  BOOST_TEST(to_text(disk.settings.at("prune").origin) == "default");
  BOOST_TEST(config.databases[1].replicas[0].prefix == "box/data/b.db");
}

BOOST_AUTO_TEST_CASE(the_path_of_an_inline_file_replica_is_its_folder) {
  const Config config = good(
      "[[database]]\npath = \"/d/a.db\"\n[[database.replica]]\ndriver = \"file\"\n"
      "path = \"/backups/app\"\n");
  BOOST_TEST(config.databases[0].replicas[0].options.at("path") == "/backups/app");
  BOOST_TEST(config.databases[0].replicas[0].prefix == "");
}

BOOST_AUTO_TEST_CASE(an_inline_replica_may_use_a_storage) {
  const Config config = good(
      "[storage.usb]\ndriver = \"file\"\npath = \"/mnt\"\n[[database]]\npath = \"/d/a.db\"\n"
      "[[database.replica]]\nstorage = \"usb\"\npath = \"{name}\"\n");
  BOOST_TEST(config.databases[0].replicas[0].prefix == "a.db");
}

BOOST_AUTO_TEST_CASE(later_files_win_and_add) {
  const auto loaded = load_sources(
      {{"a.toml",
        "[log]\nlevel = \"warn\"\nformat = \"text\"\n[[database]]\npath = \"/d/a.db\"\n"
        "replicas = [\"usb\"]\n"},
       {"b.toml",
        "[log]\nlevel = \"error\"\n[storage.usb]\ndriver = \"file\"\npath = \"/mnt\"\n"
        "[[database]]\npath = \"/d/b.db\"\nreplicas = [\"usb\"]\n"}},
      context());
  BOOST_REQUIRE_MESSAGE(loaded.problems.all().empty(), check_report(loaded.problems));
  BOOST_TEST((loaded.config.log.level == LogLevel::kError));
  BOOST_TEST((loaded.config.log.format == LogStyle::kText));
  BOOST_TEST(loaded.config.databases.size() == 2u);
  const auto twice = load_sources({{"a.toml", "[storage.usb]\ndriver = \"file\"\npath = \"/m\"\n"},
                                   {"b.toml", "[storage.usb]\ndriver = \"s3\"\n"}},
                                  context());
  BOOST_TEST(contains(check_report(twice.problems),
                      "b.toml:1: storage 'usb' is already there at a.toml:1"));
}

BOOST_AUTO_TEST_CASE(files_and_drop_ins) {
  const TempFolder folder;
  const std::string path = folder.file("streamd.toml");
  const auto write = [](const std::string& file, const std::string& text, mode_t mode = 0600) {
    BOOST_REQUIRE(replace_file(file, as_bytes(text), mode).has_value());
    BOOST_REQUIRE(::chmod(file.c_str(), mode) == 0);
  };
  BOOST_TEST(contains(check_report(config::load(path, context()).problems), path));
  BOOST_TEST((load_or_error(path, context()).error().code == Code::kInvalidConfig));
  write(path, "[log]\nlevel = \"warn\"\n");
  BOOST_TEST(contains(check_report(config::load(path, context()).problems),
                      path + ": no database is configured"));
  BOOST_REQUIRE(make_folder(folder.file("conf.d")).has_value());
  write(folder.file("conf.d/20.toml"), "[log]\nlevel = \"error\"\n");
  write(folder.file("conf.d/10.toml"),
        "[log]\nlevel = \"info\"\n[[database]]\npath = \"/d/a.db\"\n[[database.replica]]\n"
        "driver = \"s3\"\nbucket = \"b\"\nsecret-access-key = \"written out\"\n",
        0644);
  write(folder.file("conf.d/README"), "not toml");
  auto loaded = config::load(path, context());
  BOOST_TEST((loaded.config.log.level == LogLevel::kError));
  BOOST_TEST(loaded.config.files.size() == 3u);
  BOOST_TEST(!loaded.problems.has_errors());
  BOOST_TEST(contains(check_report(loaded.problems),
                      "conf.d/10.toml: warning: others can read this file (mode 0644)"));
  BOOST_TEST(load_or_error(path, context()).has_value());
  BOOST_REQUIRE(::chmod(folder.file("conf.d/10.toml").c_str(), 0640) == 0);
  BOOST_TEST(config::load(path, context()).problems.all().empty());
  BOOST_REQUIRE(remove_tree(folder.file("conf.d")).has_value());
  write(folder.file("conf.d"), "a file");
  BOOST_TEST(contains(check_report(config::load(path, context()).problems), "conf.d"));
}

BOOST_AUTO_TEST_CASE(databases_are_found_by_path_and_name) {
  const TempFolder folder;
  BOOST_REQUIRE(replace_file(folder.file("a.db"), {}).has_value());
  BOOST_REQUIRE(symlink("a.db", folder.file("link.db").c_str()) == 0);
  const std::string replica = "[[database.replica]]\ndriver = \"file\"\npath = \"/b\"\n";
  const Config config =
      good("[[database]]\nname = \"app\"\npath = \"" + folder.file("link.db") + "\"\n" + replica);
  for (const std::string& name : {folder.file("link.db"), folder.file("a.db"), std::string("app")})
    BOOST_TEST((*find_database(config, name) == &config.databases[0]), name);
  BOOST_TEST((*find_database(config, "/nowhere/else.db") == nullptr));
  BOOST_TEST(contains(report("[[database]]\npath = \"" + folder.file("link.db") + "\"\n" + replica +
                             "[[database]]\npath = \"" + folder.file("a.db") + "\"\n" + replica),
                      "is already there at t.toml:1"));
}

// The default name is that of the file.
BOOST_AUTO_TEST_CASE(a_path_comes_before_a_name_and_a_name_of_several_is_none) {
  const TempFolder folder;
  for (const char* name : {"a", "b", "c"})
    BOOST_REQUIRE(make_folders(folder.file(name)).has_value());
  for (const char* name : {"a/app.db", "b/app.db", "c/app.db", "c/one.db"})
    BOOST_REQUIRE(replace_file(folder.file(name), {}).has_value());
  const auto table = [&](const std::string& path) {
    return "[[database]]\npath = \"" + path +
           "\"\n[[database.replica]]\ndriver = \"file\"\npath = \"/r" + path + "\"\n";
  };
  const Config config = good(table(folder.file("a/app.db")) + table(folder.file("b/app.db")) +
                             table(folder.file("a/one.db")));
  const auto before = std::filesystem::current_path();
  const auto from = [&](const char* place, const std::string& word) {
    std::filesystem::current_path(folder.file(place));
    return find_database(config, word);
  };
  BOOST_TEST((*from("b", "app.db") == &config.databases[1]));
  BOOST_TEST((*from("c", "app.db") == nullptr));  // a file that is not configured
  BOOST_TEST((*from("c", "one.db") == nullptr));
  BOOST_TEST((*from("b", "one.db") == &config.databases[2]));
  std::filesystem::current_path(folder.file("c"));
  BOOST_TEST(said_elsewhere("app.db") == *canonical_path(folder.file("c/app.db")));
  BOOST_TEST(said_elsewhere("two.db") == "two.db");
  std::filesystem::current_path(folder.file("b"));
  std::vector<const Database*> all;
  for (const Database& each : config.databases) all.push_back(&each);
  const auto ambiguous = find_among(all, "app.db");  // whatever lies here
  std::filesystem::current_path(before);
  BOOST_REQUIRE(!ambiguous);
  BOOST_TEST((ambiguous.error().code == Code::kUsage));
  for (const char* path : {"a/app.db", "b/app.db"})
    BOOST_TEST(contains(ambiguous.error().message, folder.file(path)));
  BOOST_TEST((*find_among(all, "one.db") == &config.databases[2]));
  BOOST_TEST((*find_among(all, folder.file("b/app.db")) == &config.databases[1]));
}

BOOST_AUTO_TEST_CASE(without_a_file) {
  const Config config = default_config();
  BOOST_TEST(config.streamd.http == "127.0.0.1:9187");
  BOOST_TEST((config.streamd.driver_path == std::vector<std::string>{"/usr/lib/streamd/drivers"}));
  BOOST_TEST((config.log.format == LogStyle::kAuto));
  BOOST_TEST((process_context({}).host != ""));
}

BOOST_AUTO_TEST_CASE(without_drivers_options_are_taken_as_they_are) {
  drivers = {};
  const Config config = good(
      "[[database]]\npath = \"/d/a.db\"\n[[database.replica]]\ndriver = \"own\"\n"
      "colour = \"red\"\ncount = 3\nfast = true\npath = \"p\"\n");
  const Replica& replica = config.databases[0].replicas[0];
  BOOST_TEST((replica.options == std::map<std::string, std::string>{
                                     {"colour", "red"}, {"count", "3"}, {"fast", "true"}}));
  BOOST_TEST(replica.prefix == "p");
}

BOOST_AUTO_TEST_CASE(a_default_of_the_driver_need_not_be_ours) {
  const Config config =
      good("[[database]]\npath = \"/d/a.db\"\n[[database.replica]]\ndriver = \"odd\"\n");
  BOOST_TEST(config.databases[0].replicas[0].options.at("level") == "high");
}

BOOST_AUTO_TEST_SUITE_END()
