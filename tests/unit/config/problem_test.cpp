// What is wrong, and what is said about it.
#include "config/problem.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>

#include "sample.h"

using namespace streamd;
using namespace streamd::config;

namespace {

constexpr const char* kFileReplica = "[[database.replica]]\ndriver = \"file\"\npath = \"/b\"\n";

struct Fixture : Sample {
  // One line in a replica of the driver s3.
  std::string s3(const std::string& lines) const {
    return report("[[database]]\npath = \"/d/a.db\"\n[[database.replica]]\ndriver = \"s3\"\n" +
                  lines);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(problems, Fixture)

BOOST_AUTO_TEST_CASE(all_at_once_in_the_order_of_the_file) {
  const std::string text = report(
      "[streamd]\nhtpp = \"\"\n[defaults]\nretention = 7\n[[database]]\npath = \"data/a.db\"\n"
      "[log]\nlevel = \"wran\"\n");
  BOOST_TEST(text ==
             "t.toml:2: unknown key 'htpp' in [streamd]\n"
             "  hint: did you mean 'http'?\n"
             "t.toml:4: retention: a duration is expected, found a number\n"
             "  hint: durations have a unit: \"7s\", \"7h\"\n"
             "t.toml:5: database has no replica\n"
             "  hint: add [[database.replica]], or replicas = [\"NAME\"]\n"
             "t.toml:6: path: 'data/a.db' is not an absolute path\n"
             "  hint: write the path from the root on, with a '/' in front\n"
             "t.toml:8: level: 'wran' is none of trace, debug, info, warn, error\n"
             "  hint: did you mean 'warn'?\n");
}

BOOST_AUTO_TEST_CASE(several_in_one_error) {
  Problems problems;
  BOOST_TEST(!problems.has_errors());
  problems.warning({"a", 1}, "careful");
  BOOST_TEST(!problems.has_errors());
  BOOST_TEST((to_error(problems).code == Code::kInternal));
  problems.error({"a", 2}, "first", "do this");
  BOOST_TEST(to_error(problems).message == "a:2: first");
  BOOST_TEST(to_error(problems).hint == "do this");
  problems.error({}, make_error(Code::kIo, "second"), "context");
  BOOST_TEST(to_error(problems).message == "a:2: first (and 1 more)");
  BOOST_TEST(check_report(problems) ==
             "context: second\na:1: warning: careful\na:2: first\n  hint: do this\n");
  Problems others;
  others.error({"b", 0}, make_error(Code::kIo, "third"));
  problems.add(others);
  BOOST_TEST(problems.all().size() == 4u);
  BOOST_TEST(to_text(problems.all().back().where) == "b");
  BOOST_TEST(to_text(problems.all()[2].where) == "default");
}

BOOST_AUTO_TEST_CASE(the_syntax_of_toml) {
  BOOST_TEST(contains(report("[streamd]\nhttp = off\n"), "t.toml:2:"));
  BOOST_TEST(contains(report("[streamd\n"), "hint: a text, a path too, stands in quotes"));
  BOOST_TEST(contains(report("[log]\nlevel = \"info\"\nlevel = \"warn\"\n"), "t.toml:3"));
}

BOOST_AUTO_TEST_CASE(nothing_there) {
  BOOST_TEST(report("") ==
             "t.toml: no database is configured\n"
             "  hint: add [[database]] with path = \"/data/app.db\"\n");
}

BOOST_AUTO_TEST_CASE(one_mistake_is_one_error) {
  const std::string replica = "[[database]]\npath = \"/d/a.db\"\n[[database.replica]]\n";
  BOOST_TEST(report(replica + "driver = \"file\"\npath = \"${NOWHERE}\"\n") ==
             "t.toml:5: path: environment variable NOWHERE is not set\n"
             "  hint: set it, or give a default: ${NOWHERE:-...}\n");
  BOOST_TEST(report(replica + "driver = \"file\"\npth = \"/b\"\n") ==
             "t.toml:5: unknown key 'pth' in [[database.replica]]\n  hint: did you mean 'path'?\n");
  BOOST_TEST(report(std::string("[[database]]\npth = \"/d/a.db\"\n") + kFileReplica) ==
             "t.toml:2: unknown key 'pth' in [[database]]\n  hint: did you mean 'path'?\n");
  BOOST_TEST(contains(report(replica + "driver = \"file\"\n"), "needs the option 'path'"));
  BOOST_TEST(
      contains(report(replica + "driver = \"file\"\nfsnc = true\n"), "needs the option 'path'"));
}

BOOST_AUTO_TEST_CASE(sections) {
  BOOST_TEST(contains(report("[defualts]\n"), "did you mean 'defaults'?"));
  BOOST_TEST(contains(report("[colours]\n"), "sections are [streamd]"));
  BOOST_TEST(contains(report("retention = \"1h\"\n"),
                      "hint: 'retention' belongs in: defaults, database, storage, replica"));
  BOOST_TEST(contains(report("log = 1\n"), "'log' is a number"));
  BOOST_TEST(contains(report("storage = 1\n"), "'storage' is a number"));
  BOOST_TEST(contains(report("[storage]\nusb = 1\n"), "storage 'usb' is a number"));
  BOOST_TEST(contains(report("[database]\n"), "two brackets"));
  BOOST_TEST(contains(report("database = [1]\n"), "a number is no database"));
  BOOST_TEST(contains(report_with("shutdown-timeout = \"1s\""), "belongs in: streamd"));
  BOOST_TEST(contains(report("[log]\ncolour = 1\n"), "known here: level, format"));
}

BOOST_AUTO_TEST_CASE(types) {
  BOOST_TEST(contains(report_with("spool-max-size = 64"), "sizes have a unit: \"64MiB\""));
  BOOST_TEST(contains(report_with("spool-max-size = \"64\""), "write \"64B\" or \"64MiB\""));
  BOOST_TEST(contains(report_with("takeover = \"maybe\""), "true or false is expected"));
  BOOST_TEST(report_with("set-wal = \"true\"") == "");
  BOOST_TEST(contains(report_with("takeover = 1"), "without quotes"));
  BOOST_TEST(contains(report_with("name = 1"), "write it in double quotes"));
  BOOST_TEST(contains(report_with("name = 1979-05-27"), "found a date or time"));
  BOOST_TEST(contains(report_with("name = 1.5"), "found a fraction"));
  BOOST_TEST(contains(report_with("restore-from = \"none\""), "is none of all, any"));
  BOOST_TEST(contains(report_with("recipients = [1]"), "write a list of strings"));
  BOOST_TEST(contains(report_with("recipients = 1"), "write a list of strings"));
  BOOST_TEST(contains(report("[streamd]\ndriver-path = [\"x\"]\n"), "not an absolute path"));
  BOOST_TEST(contains(report_with("keep = 1"), "write { all = \"7d\", daily = 14 }"));
  BOOST_TEST(contains(report_with("keep = { dayly = 1 }"), "did you mean 'daily'?"));
  BOOST_TEST(contains(report_with("keep = { forever = 1 }"), "rules are all"));
  BOOST_TEST(contains(report_with("keep = { daily = \"1\" }"), "rule 'daily' has a string"));
  BOOST_TEST(contains(report_with("keep = { daily = -1 }"), "rule 'daily' has a number"));
  BOOST_TEST(contains(report_with("keep = { all = 7 }"), "rule 'all' has a number"));
  BOOST_TEST(contains(report_with("keep = { all = \"7\" }"), "it has no unit"));
  BOOST_TEST(contains(report_with("retention = \"0s\""), "retention must be above 0s"));
  BOOST_TEST(contains(s3("bucket = \"b\"\nconnections = \"x\"\n"), "digits are expected"));
  BOOST_TEST(contains(s3("bucket = \"b\"\nconnections = true\n"), "write a whole number"));
}

BOOST_AUTO_TEST_CASE(daemon) {
  for (const char* http : {"localhost", "localhost:", ":65536", "a:b"})
    BOOST_TEST(contains(report(std::string("[streamd]\nhttp = \"") + http + "\"\n"),
                        "is no address with a port"));
  BOOST_TEST(contains(report("[streamd]\ncontrol-mode = \"0999\"\n"), "is no file mode"));
}

BOOST_AUTO_TEST_CASE(databases) {
  BOOST_TEST(contains(report("[[database]]\n"), "[[database]] has no path"));
  BOOST_TEST(contains(report("[[database]]\npath = \"\"\n"), "[[database]] has no path"));
  BOOST_TEST(contains(report("[[database]]\npath = \"~/a.db\"\n"), "'~' is not expanded"));
  BOOST_TEST(contains(report("[[database]]\npath = \"/data/\"\n"), "is a folder"));
  BOOST_TEST(contains(report("[[database]]\npath = \"/d/a.db\"\n"),
                      "t.toml:1: database /d/a.db has no replica"));
  BOOST_TEST(contains(report("[[database]]\ndirectory = \"/d\"\npath = \"/d/a.db\"\n"),
                      "t.toml:3: 'path' beside 'directory'"));
  BOOST_TEST(contains(report("[[database]]\ndirectory = \"/d\"\n"), "has no replica"));
  BOOST_TEST(contains(report("[[database]]\npath = \"/d/a.db\"\nrecursive = true\n"),
                      "t.toml:3: 'recursive' without 'directory'"));
  const auto two = [&](const std::string& first, const std::string& second) {
    return report("[[database]]\n" + first + kFileReplica + "[[database]]\n" + second +
                  kFileReplica);
  };
  BOOST_TEST(contains(two("path = \"/d/a.db\"\n", "path = \"/d/../d/a.db\"\n"),
                      "database /d/../d/a.db is already there at t.toml:1"));
  BOOST_TEST(
      contains(two("path = \"/d/a.db\"\nname = \"x\"\n", "path = \"/d/b.db\"\nname = \"x\"\n"),
               "the name 'x' is already that of /d/a.db"));
  BOOST_TEST(contains(two("path = \"/d/a.db\"\n", "path = \"/d/b.db\"\n"),
                      "replica 'file' of /d/b.db lies at the same place as 'file' of /d/a.db"));
}

BOOST_AUTO_TEST_CASE(replicas) {
  const auto with = [&](const std::string& line) {
    return report(
        "[storage.offsite]\ndriver = \"file\"\npath = \"/mnt\"\n[[database]]\n"
        "path = \"/d/a.db\"\n" +
        line + "\n");
  };
  BOOST_TEST(contains(with("replicas = [\"ofsite\"]"), "did you mean 'offsite'?"));
  BOOST_TEST(contains(with("replicas = [\"nothing\"]"), "add [storage.nothing]"));
  BOOST_TEST(contains(with("replicas = \"offsite\""), "a string is no replica"));
  BOOST_TEST(contains(with("replicas = [1]"), "a number is no replica"));
  BOOST_TEST(contains(with("replicas = [{}]"), "a replica without storage"));
  BOOST_TEST(contains(with("replicas = [{ storage = 1 }]"), "storage: a string is expected"));
  BOOST_TEST(contains(with("replicas = [{ storage = \"offsite\", driver = \"file\" }]"),
                      "either a storage or a driver"));
  BOOST_TEST(contains(with("replicas = [{ storage = \"offsite\", fsync = true }]"),
                      "unknown key 'fsync' in a replica with a storage"));
  BOOST_TEST(contains(with("replicas = [{ storage = \"offsite\", path = \"../x\" }]"),
                      "has the part '..'"));
  BOOST_TEST(contains(with("replicas = [{ storage = \"offsite\", path = \"{nmae}\" }]"),
                      "did you mean {name}?"));
  BOOST_TEST(contains(with("replicas = [{ storage = \"offsite\", name = \"a/b\" }]"),
                      "replica name 'a/b' is no file name"));
  BOOST_TEST(contains(with("replicas = [\"offsite\", { storage = \"offsite\", path = \"x\" }]"),
                      "replica 'offsite' is already there at t.toml:6"));
  BOOST_TEST(contains(with("replica = 1"), "a number is no replica"));
  BOOST_TEST(contains(with("replica = [1]"), "a number is no replica"));
  BOOST_TEST(with("replica = { driver = \"file\", path = \"/x\" }") == "");
}

BOOST_AUTO_TEST_CASE(drivers_and_their_options) {
  const std::string missing =
      report("[[database]]\npath = \"/d/a.db\"\n[[database.replica]]\npath = \"/b\"\n");
  BOOST_TEST(contains(missing, "t.toml:3: [[database.replica]] has no driver"));
  BOOST_TEST(contains(missing, "add driver = "));
  BOOST_TEST(contains(report("[storage.x]\ndrivr = \"s3\"\n"), "write driver instead of drivr"));
  BOOST_TEST(contains(report("[storage.x]\ndriver = 1\n"), "driver: a string is expected"));
  const std::string unknown =
      report("[storage.x]\ndriver = \"ftp\"\nhost = \"h\"\n[storage.y]\ndriver = \"ftp\"\n");
  BOOST_TEST(
      contains(unknown, "t.toml:2: driver 'ftp' not found\n  hint: drivers found: file, s3"));
  BOOST_TEST(unknown.find("t.toml:5") == std::string::npos);  // said once
  BOOST_TEST(contains(s3("buket = \"b\"\n"), "did you mean 'bucket'?"));
  BOOST_TEST(contains(s3("region = \"r\"\n"),
                      "t.toml:3: driver 's3' needs the option 'bucket'\n  hint: the bucket"));
  BOOST_TEST(contains(s3("bucket = \"\"\n"), "bucket: it is empty"));
  BOOST_TEST(contains(s3("bucket = \"${BUCKET}\"\n"),
                      "t.toml:5: bucket: environment variable BUCKET is not set"));
}

BOOST_AUTO_TEST_CASE(settings_that_need_no_remark) {
  for (const char* setting :
       {"recipients = []", "takeover = true", "verify-interval = \"1h\"",
        "verify-budget = \"1GiB\"", "prune = false", "prune = \"external\"", "keep = {}",
        "retention = \"30d\"", "history = \"1d\"", "prune-grace = \"1m\""})
    BOOST_TEST(report_with(setting) == "");
}

BOOST_AUTO_TEST_CASE(rules_of_retention) {
  BOOST_TEST(contains(report_with("history = \"9d\""),
                      "t.toml:3: history (9d) is longer than retention (7d)"));
  BOOST_TEST(report_with("history = \"9d\"\nretention = \"10d\"") == "");
  BOOST_TEST(contains(report_with("prune = \"extern\""), "did you mean 'external'?"));
  BOOST_TEST(contains(report_with("prune = 1"), "enum is expected, found a number"));
}

BOOST_AUTO_TEST_CASE(a_url_where_options_belong) {
  BOOST_TEST(report_with("retention = 7\n[[database.replica]]\nurl = \"file:///x/y\"\n"
                         "sync-intervall = \"1s\"\ncolour = \"the driver may know it\"") ==
             "t.toml:3: retention: a duration is expected, found a number\n"
             "  hint: durations have a unit: \"7s\", \"7h\"\n"
             "t.toml:4: [[database.replica]] has no driver\n"
             "  hint: add driver = \"file\" or another\n"
             "t.toml:5: unknown key 'url' in [[database.replica]]\n"
             "  hint: write driver = \"file\" and path = \"/x/y\"\n"
             "t.toml:6: unknown key 'sync-intervall' in [[database.replica]]\n"
             "  hint: did you mean 'sync-interval'?\n");
  BOOST_TEST(
      contains(s3("bucket = \"b\"\nuri = \"own://x\"\n"),
               "hint: write driver = \"own\" and its options (`streamctl drivers show own`)"));
}

BOOST_AUTO_TEST_CASE(one_mistake_hides_no_other) {
  const std::string text = report(
      "[[database]]\npath = \"relative.db\"\n[[database.replica]]\ndriver = \"s3\"\n"
      "path = \"../x\"\nname = \"a/b\"\n[[database.replica]]\ndriver = \"fil\"\n");
  for (const char* words :
       {"t.toml:2: path: 'relative.db' is not an absolute path",
        "t.toml:3: replica name 'a/b' is no file name", "has the part '..'",
        "t.toml:3: driver 's3' needs the option 'bucket'", "t.toml:8: driver 'fil' not found"})
    BOOST_TEST(contains(text, words));
}

// Whatever a file contains: an answer, and no exception.
BOOST_AUTO_TEST_CASE(damaged_text_never_breaks_the_reader) {
  const std::string text =
      "[streamd]\ndriver-path = [\"/a\"]\nhttp = \"127.0.0.1:1\"\n[log]\nlevel = \"info\"\n"
      "[defaults]\nretention = \"48h\"\nkeep = { all = \"7d\", daily = 2 }\n[storage.s]\n"
      "driver = \"s3\"\nbucket = \"${B:-b}\"\nsecret-access-key = \"x\"\n[[database]]\n"
      "path = \"/d/a.db\"\nreplicas = [\"s\", { storage = \"s\", path = \"{host}\", name = \"t\" "
      "}]\n"
      "[[database.replica]]\ndriver = \"file\"\npath = \"/b\"\nspool = 64\n";
  const std::string alphabet = "\"'[]{}=.,$#\n\\ {}:-0a/\x01\xff";
  std::uint64_t state = 42;
  const auto random = [&state](std::size_t below) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::size_t>((state >> 33) % below);
  };
  int answered = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string mutated = text;
    for (std::size_t times = 1 + random(4); times > 0; --times) {
      const std::size_t at = random(mutated.size());
      switch (random(4)) {
        case 0:
          mutated[at] = alphabet[random(alphabet.size())];
          break;
        case 1:
          mutated.erase(at, 1 + random(12));
          break;
        case 2:
          mutated.insert(at, 1, alphabet[random(alphabet.size())]);
          break;
        default:
          mutated.insert(at, mutated.substr(random(mutated.size()), random(40)));
      }
    }
    const auto loaded = load(mutated);
    if (loaded.problems.has_errors()) answered += check_report(loaded.problems).empty() ? 0 : 1;
  }
  BOOST_TEST(answered > 2000);
}

BOOST_AUTO_TEST_SUITE_END()
