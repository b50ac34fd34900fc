// What is made of what was seen.
#include <boost/test/unit_test.hpp>

#include "catalog/key.h"
#include "doctor/database.h"
#include "doctor/finding.h"
#include "doctor/log_keepers.h"
#include "doctor/machine.h"
#include "doctor/store.h"
#include "memory_store.h"

using namespace streamd;
using namespace streamd::doctor;

namespace {

constexpr std::uint64_t kMiBs = 1024 * 1024;

class FixedClock final : public Clock {
 public:
  Micros wall_micros() const override { return 1'000'000'000'000'000; }
  MonoTime mono() const override { return {}; }
};

Findings stored(MemoryStore& store) {
  const FixedClock clock;
  store.mtime_ns = clock.wall_micros() * 1000;
  Findings findings;
  check_store(store, "replica r", clock, {}, findings);
  return findings;
}

const Finding& worst(const Findings& findings) {
  const Finding* found = &findings.all().front();
  for (const Finding& each : findings.all())
    if (each.severity > found->severity) found = &each;
  return *found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(doctor_findings)

BOOST_AUTO_TEST_CASE(how_they_are_shown) {
  Findings findings;
  findings.ok("a", "fine");
  findings.note("b", "new\nline", "nothing");
  findings.warning("c", "soon", "act");
  findings.problem("d", make_error(Code::kAuth, "refused", "check the key"));
  BOOST_TEST(report(findings) ==
             "ok      a: fine\n"
             "note    b: new\\nline\n        hint: nothing\n"
             "warning c: soon\n        hint: act\n"
             "problem d: refused\n        hint: check the key\n");
  BOOST_TEST(findings.count(Severity::kProblem) == 1u);
  const Json json = to_json(findings);
  BOOST_TEST(json.items()[0].at("hint").is_null());
  BOOST_TEST(json.items()[3].string("code") == code_name(Code::kAuth));
}

BOOST_AUTO_TEST_CASE(rules_of_a_storage_that_remove_objects) {
  using Rules = std::vector<storage::ExpiryRule>;
  const auto judged = [](const std::string& prefix, const Result<Rules>& rules) {
    Findings findings;
    judge_expiry("replica r", prefix, rules, findings);
    return findings;
  };
  BOOST_TEST(judged("app", Rules{}).count(Severity::kOk) == 1u);
  for (const char* met : {"", "ap", "app", "app/", "app/generations/"}) {
    const Findings found = judged("app", Rules{{false, 30, met, "tidy"}});
    BOOST_REQUIRE_EQUAL(found.count(Severity::kProblem), 1u);
    BOOST_TEST(found.all()[0].what == "the storage, by its rule 'tidy', removes objects below '" +
                                          std::string(met) +
                                          "' after 30 days: backups there break");
  }
  for (const char* other : {"apple/", "logs/"})
    BOOST_TEST(judged("app", Rules{{false, 30, other, ""}}).count(Severity::kOk) == 1u);
  BOOST_TEST(judged("", Rules{{true, 0, "x/", ""}}).all()[0].what ==
             "the storage archives objects below 'x/' by a date: backups there break");
  BOOST_TEST(judged("a", make_error(Code::kUnsupported, "no rules")).all().empty());
  const Findings unseen = judged("a", make_error(Code::kPermission, "refused"));
  BOOST_TEST(unseen.count(Severity::kNote) == 1u);
}

BOOST_AUTO_TEST_CASE(who_keeps_the_log) {
  const auto name = [](pid_t pid) { return "process " + std::to_string(pid); };
  sqlite::LogUse use;
  use.last_frame = 1000;
  use.log_bytes = 300 * kMiBs;
  Findings fine;
  judge_log("db", use, 256 * kMiBs, name, fine);  // large, but nobody holds it
  use.readers = {{7, 1000}};
  judge_log("db", use, 256 * kMiBs, name, fine);  // somebody reads the newest
  use.readers = {{7, 10}};
  judge_log("db", use, 512 * kMiBs, name, fine);  // an old reader, but a small log
  BOOST_TEST(fine.count(Severity::kOk) == 3u);
  use.readers = {{7, 1000}, {7, 17}, {7, 30}, {9, 1000}};
  Findings bad;
  judge_log("db", use, 256 * kMiBs, name, bad);
  BOOST_REQUIRE_EQUAL(bad.all().size(), 1u);
  BOOST_TEST(bad.all()[0].what.find("process 7 keeps it") != std::string::npos);
  BOOST_TEST(bad.all()[0].what.find("frame 17 of 1000") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_of_processes) {
  BOOST_TEST(process_name(getpid()).find("unit_doctor") != std::string::npos);
  BOOST_TEST(process_name(0) == "a process of another container");
}

BOOST_AUTO_TEST_CASE(room_on_a_disk) {
  Findings findings;
  judge_space("db", "the disk", 1 << 30, 100 * kMiBs, 0, findings);
  judge_space("db", "the disk", 1 << 30, 600 * kMiBs, 700 * kMiBs, findings);
  judge_space("db", "the disk", 1 << 30, 800 * kMiBs, 700 * kMiBs, findings);
  BOOST_TEST((findings.all()[0].severity == Severity::kProblem));
  BOOST_TEST((findings.all()[1].severity == Severity::kWarning));
  BOOST_TEST((findings.all()[2].severity == Severity::kOk));
}

BOOST_AUTO_TEST_CASE(watches) {
  Findings findings;
  judge_watches(100, 216, findings);
  judge_watches(100, 215, findings);
  BOOST_TEST((findings.all()[0].severity == Severity::kOk));
  BOOST_TEST((findings.all()[1].severity == Severity::kWarning));
}

BOOST_AUTO_TEST_CASE(clocks_that_differ) {
  Findings findings;
  for (Micros seconds : {-60, 60, 61, -300, 301, -301})
    judge_clock("replica r", seconds * 1'000'000, findings);
  BOOST_TEST(findings.count(Severity::kOk) == 2u);
  BOOST_TEST(findings.count(Severity::kWarning) == 2u);
  BOOST_TEST(findings.count(Severity::kProblem) == 2u);
}

BOOST_AUTO_TEST_CASE(a_store_that_works_and_is_empty) {
  MemoryStore store;
  const Findings findings = stored(store);
  BOOST_TEST((worst(findings).severity == Severity::kWarning));
  BOOST_TEST(worst(findings).what == "it holds no backup yet");
  BOOST_TEST(store.keys().empty());
}

BOOST_AUTO_TEST_CASE(a_store_that_refuses) {
  using Operation = storage::Operation;
  for (const Operation operation :
       {Operation::kProbe, Operation::kPut, Operation::kStat, Operation::kGet, Operation::kList}) {
    MemoryStore store;
    store.fail_next(operation, make_error(Code::kAuth, "no", "check the key"));
    const Findings findings = stored(store);
    BOOST_TEST((worst(findings).severity == Severity::kProblem));
    BOOST_TEST((worst(findings).code == Code::kAuth));
    BOOST_TEST(store.keys().empty());
  }
  MemoryStore keeps;
  keeps.fail_next(Operation::kRemove, make_error(Code::kPermission, "no"));
  BOOST_TEST(stored(keeps).count(Severity::kWarning) == 2u);  // and that there is no backup
}

BOOST_AUTO_TEST_CASE(a_backup_that_was_only_begun) {
  MemoryStore store;
  catalog::SegmentKey key;
  key.generation = GenerationId(1ull << 32 | 7);
  key.first = key.last = Txid(2);
  store.set(catalog::to_text(key), Bytes(10));
  BOOST_TEST((worst(stored(store)).code == Code::kNotRestorable));
}

BOOST_AUTO_TEST_SUITE_END()
