#include "storage/retry.h"

#include <boost/test/unit_test.hpp>

#include "fake_timing.h"
#include "memory_store.h"
#include "storage/retry_store.h"

using namespace streamd;
using namespace streamd::storage;

namespace {

const Call kCall;
const Error kTransientError = make_error(Code::kTransient, "connection reset");

struct Fixture {
  std::shared_ptr<MemoryStore> memory = std::make_shared<MemoryStore>();
  FakeTime time;
  std::shared_ptr<Store> store = with_retry(memory, {}, time.timing());

  Result<ObjectStat> put(const std::string& key, std::string_view text, bool if_absent = false) {
    return store->put(key, MemorySource(as_bytes(text)), {if_absent}, kCall);
  }
  std::string text(const std::string& key) const {
    return std::string(as_text(memory->content(key)));
  }
  void fail(Operation operation, int times, bool after = false) const {
    memory->fail_next(operation, kTransientError, times, after);
  }
};

Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(retry)

BOOST_AUTO_TEST_CASE(the_table) {
  for (const Code code : {Code::kTransient, Code::kTimeout}) {
    BOOST_TEST(retry_rule(code).retry);
    BOOST_TEST(retry_rule(code).outcome_unknown);
  }
  BOOST_TEST(retry_rule(Code::kThrottled).retry);
  BOOST_TEST(!retry_rule(Code::kThrottled).outcome_unknown);
  for (const Code code : {Code::kNotFound, Code::kExists, Code::kAuth, Code::kPermission,
                          Code::kCancelled, Code::kInvalidConfig, Code::kCorrupt,
                          Code::kUnsupported, Code::kInternal, Code::kIo, Code::kNoSpace})
    BOOST_TEST(!retry_rule(code).retry);
}

BOOST_AUTO_TEST_CASE(waits_double_within_full_jitter) {
  const RetryPolicy policy{milliseconds(100), milliseconds(500), 10};
  const auto delay = [&](int attempt, std::uint64_t random, int retry_after = 0) {
    return retry_delay(policy, attempt, random, milliseconds(retry_after)).count();
  };
  BOOST_TEST(delay(1, 0) == 0);
  BOOST_TEST(delay(1, 100) == 100);
  BOOST_TEST(delay(1, 101) == 0);
  BOOST_TEST(delay(2, 200) == 200);
  BOOST_TEST(delay(3, 400) == 400);
  BOOST_TEST(delay(4, 500) == 500);
  BOOST_TEST(delay(1000, 500) == 500);
  BOOST_TEST(delay(1, 7, 300) == 300);     // the provider's wish counts
  BOOST_TEST(delay(1, 7, 90'000) == 500);  // within reason
  BOOST_TEST(delay(3, 400, 300) == 400);
}

BOOST_FIXTURE_TEST_CASE(trouble_is_told_once_it_lasts, Fixture) {
  std::vector<std::string> told;
  const std::function<void(const Error&)> listen = [&](const Error& error) {
    told.push_back(error.message);
  };
  Call call;
  call.trouble = &listen;
  memory->before = [&](Operation, const std::string&) -> Status {
    time.now += milliseconds(500);
    return {};
  };
  memory->set("a", bytes_of("x"));
  fail(Operation::kStat, 3);
  BOOST_TEST(store->stat("a", call).has_value());
  BOOST_TEST(told.empty());
  fail(Operation::kStat, 5);
  BOOST_TEST(store->stat("a", call).has_value());
  BOOST_TEST((told == std::vector<std::string>(2, "connection reset")));  // after 2 s and 2.5 s
}

BOOST_FIXTURE_TEST_CASE(what_may_succeed_is_tried_again, Fixture) {
  time.chance = 150;
  fail(Operation::kProbe, 2);
  BOOST_TEST(store->probe(kCall).has_value());
  BOOST_TEST(memory->calls(Operation::kProbe) == 3);
  BOOST_TEST((time.sleeps == std::vector<std::int64_t>{150, 150}));
  memory->set("a", bytes_of("x"));
  fail(Operation::kStat, 1);
  BOOST_TEST(store->stat("a", kCall).has_value());
  fail(Operation::kRemove, 1, true);
  BOOST_TEST(store->remove(std::vector<std::string>{"a"}, kCall).has_value());
  BOOST_TEST(!memory->has("a"));
}

BOOST_FIXTURE_TEST_CASE(what_cannot_succeed_is_not, Fixture) {
  memory->fail_next(Operation::kStat, make_error(Code::kAuth, "who are you"));
  BOOST_TEST(store->stat("a", kCall).error().message == "who are you");
  BOOST_TEST(memory->calls(Operation::kStat) == 1);
}

BOOST_FIXTURE_TEST_CASE(patience_ends, Fixture) {
  fail(Operation::kStat, 100);
  const auto failed = store->stat("a", kCall);
  BOOST_TEST((failed.error().code == Code::kTransient));
  BOOST_TEST(failed.error().message == "gave up after 6 attempts: connection reset");
  BOOST_TEST(memory->calls(Operation::kStat) == 6);
  const auto impatient = with_retry(memory, {.attempts = 1}, time.timing());
  BOOST_TEST(impatient->stat("a", kCall).error().message == "connection reset");
}

BOOST_FIXTURE_TEST_CASE(time_ends, Fixture) {
  time.chance = 190;
  fail(Operation::kStat, 100);
  Call call;
  call.timeout = milliseconds(500);
  const auto failed = store->stat("a", call);  // sleeps 190 + 190, then 190 more is too much
  BOOST_TEST(failed.error().message == "no time for attempt 4: connection reset");
  BOOST_TEST(memory->calls(Operation::kStat) == 3);
}

BOOST_FIXTURE_TEST_CASE(the_wish_of_the_provider, Fixture) {
  Error slow = make_error(Code::kThrottled, "slow down");
  slow.retry_after = milliseconds(5000);
  memory->fail_next(Operation::kPut, slow);
  BOOST_TEST(put("a", "x").has_value());
  BOOST_TEST((time.sleeps == std::vector<std::int64_t>{5000}));
  BOOST_TEST(memory->calls(Operation::kStat) == 0);  // nothing had happened
}

BOOST_FIXTURE_TEST_CASE(cancelled_while_waiting, Fixture) {
  fail(Operation::kStat, 1);
  Cancel cancel;
  cancel.cancel();
  Call call;
  call.cancel = &cancel;
  const auto failed = store->stat("a", call);
  BOOST_TEST((failed.error().code == Code::kCancelled));
  BOOST_TEST(failed.error().message == "cancelled before attempt 2: connection reset");
}

BOOST_FIXTURE_TEST_CASE(a_put_that_did_happen_is_not_sent_again, Fixture) {
  for (const bool if_absent : {false, true}) {
    fail(Operation::kPut, 1, true);
    const auto stored = put("a", "content", if_absent);
    BOOST_REQUIRE(stored.has_value());
    BOOST_TEST(stored->size == 7u);
    memory->erase("a");
  }
  BOOST_TEST(memory->calls(Operation::kPut) == 2);
}

BOOST_FIXTURE_TEST_CASE(a_put_that_did_not_happen_is_sent_again, Fixture) {
  fail(Operation::kPut, 2);
  BOOST_TEST(put("a", "content").has_value());
  BOOST_TEST(text("a") == "content");
  BOOST_TEST(memory->calls(Operation::kPut) == 3);
}

BOOST_FIXTURE_TEST_CASE(an_older_object_is_replaced, Fixture) {
  for (const char* old : {"other size", "CONTENT"}) {
    memory->set("a", bytes_of(old));
    fail(Operation::kPut, 1);
    BOOST_TEST(put("a", "content").has_value());
    BOOST_TEST(text("a") == "content");
  }
}

BOOST_FIXTURE_TEST_CASE(if_absent_does_not_replace, Fixture) {
  for (const char* old : {"other size", "CONTENT"}) {
    memory->set("a", bytes_of(old));
    fail(Operation::kPut, 1);
    BOOST_TEST((put("a", "content", true).error().code == Code::kExists));
    BOOST_TEST(text("a") == old);
  }
  // Without an unknown outcome nobody looks.
  const int stats = memory->calls(Operation::kStat);
  BOOST_TEST((put("a", "content", true).error().code == Code::kExists));
  BOOST_TEST(memory->calls(Operation::kStat) == stats);
}

// The first attempt arrives between our look and our second attempt.
BOOST_FIXTURE_TEST_CASE(a_put_that_came_through_late, Fixture) {
  for (const bool ours : {true, false}) {
    memory->erase("a");
    fail(Operation::kPut, 1);
    int puts = 0;
    memory->before = [&](Operation operation, const std::string&) -> Status {
      if (operation == Operation::kPut && ++puts == 2)
        memory->set("a", bytes_of(ours ? "content" : "CONTENT"));
      return {};
    };
    const auto stored = put("a", "content", true);
    BOOST_TEST(stored.has_value() == ours);
    if (!ours) BOOST_TEST((stored.error().code == Code::kExists));
  }
}

BOOST_FIXTURE_TEST_CASE(a_store_that_contradicts_itself_is_asked_again, Fixture) {
  fail(Operation::kPut, 1);
  memory->fail_next(Operation::kPut, make_error(Code::kExists, "exists"));
  BOOST_TEST(put("a", "content", true).has_value());
  BOOST_TEST(memory->calls(Operation::kPut) == 3);
}

BOOST_FIXTURE_TEST_CASE(looking_may_fail_too, Fixture) {
  fail(Operation::kPut, 1, true);
  fail(Operation::kStat, 1);
  fail(Operation::kGet, 1);
  BOOST_TEST(put("a", "content").has_value());
  BOOST_TEST(memory->calls(Operation::kPut) == 1);
  fail(Operation::kPut, 1, true);
  memory->fail_next(Operation::kStat, make_error(Code::kPermission, "no"));
  BOOST_TEST(put("b", "content").error().message == "no");
}

namespace {

// The connection breaks after some chunks or keys: the store fails after it delivered them.
class Breaking final : public Store {
 public:
  Breaking(std::shared_ptr<Store> inner, int& chunks) : inner_(std::move(inner)), left_(chunks) {}
  Result<Capabilities> probe(const Call& call) override { return inner_->probe(call); }
  Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                         const PutOptions& options, const Call& call) override {
    return inner_->put(key, source, options, call);
  }
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const Sink& sink, const Call& call) override {
    bool broken = false;
    const auto result = inner_->get(
        key, offset, length,
        [&](ByteView part) -> Status {
          if (left_-- == 0) {
            broken = true;
            return kTransientError;
          }
          return sink(part);
        },
        call);
    return broken ? kTransientError : result;
  }
  Result<ObjectStat> stat(const std::string& key, const Call& call) override {
    return inner_->stat(key, call);
  }
  Status list(const std::string& prefix, const std::string& start_after, const ListSink& sink,
              const Call& call) override {
    return inner_->list(
        prefix, start_after,
        [&](const std::string& key, const ObjectStat& stat) -> Status {
          if (left_-- == 0) return kTransientError;
          return sink(key, stat);
        },
        call);
  }
  Status remove(std::span<const std::string> keys, const Call& call) override {
    return inner_->remove(keys, call);
  }

 private:
  std::shared_ptr<Store> inner_;
  int& left_;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_get_goes_on_where_it_stopped, Fixture) {
  memory->set("a", bytes_of("0123456789"));
  memory->chunk = 3;
  std::string got;
  int chunks = 0;
  const auto breaking = with_retry(std::make_shared<Breaking>(memory, chunks), {}, time.timing());
  const Sink collect = [&](ByteView part) -> Status {
    got += as_text(part);
    return {};
  };
  for (chunks = 0; chunks < 4; ++chunks) {
    for (const std::uint64_t length : {std::uint64_t{8}, kToTheEnd}) {
      got.clear();
      int left = chunks;
      std::swap(left, chunks);
      BOOST_TEST(breaking->get("a", 1, length, collect, kCall).has_value());
      BOOST_TEST(got == (length == 8 ? "12345678" : "123456789"));
      chunks = left;
    }
  }
}

BOOST_FIXTURE_TEST_CASE(only_attempts_that_bring_nothing_are_counted, Fixture) {
  memory->set("a", bytes_of("0123456789abcdef"));
  memory->chunk = 1;
  int chunks = 0, brought = 1;
  memory->before = [&](Operation, const std::string&) -> Status {
    chunks = brought;
    return {};
  };
  const auto breaking = with_retry(std::make_shared<Breaking>(memory, chunks), {}, time.timing());
  std::string got;
  const Sink collect = [&](ByteView part) -> Status {
    got += as_text(part);
    return {};
  };
  BOOST_TEST(breaking->get("a", 0, kToTheEnd, collect, kCall).has_value());
  BOOST_TEST(got == "0123456789abcdef");
  brought = 0;
  const int before = memory->calls(Operation::kGet);
  BOOST_TEST(!breaking->get("a", 0, kToTheEnd, collect, kCall).has_value());
  BOOST_TEST(memory->calls(Operation::kGet) - before == RetryPolicy{}.attempts);
}

BOOST_FIXTURE_TEST_CASE(a_list_shows_each_key_once_however_often_it_breaks, Fixture) {
  int chunks = 0;
  const auto breaking = with_retry(std::make_shared<Breaking>(memory, chunks), {}, time.timing());
  for (const char* key : {"a", "b", "c", "d"}) memory->set(key, {});
  for (const bool ordered : {true, false}) {
    memory->ordered = ordered;
    BOOST_REQUIRE(breaking->probe(kCall).has_value());
    for (int broken_after = 0; broken_after < 5; ++broken_after) {
      chunks = broken_after;
      std::vector<std::string> keys;
      const auto listed = breaking->list(
          "", "",
          [&](const std::string& key, const ObjectStat&) -> Status {
            keys.push_back(key);
            return {};
          },
          kCall);
      BOOST_TEST(listed.has_value());
      std::sort(keys.begin(), keys.end());
      BOOST_TEST((keys == std::vector<std::string>{"a", "b", "c", "d"}));  // each once
    }
  }
}

BOOST_FIXTURE_TEST_CASE(an_error_of_the_sink_is_final, Fixture) {
  memory->set("a", bytes_of("x"));
  const auto got = store->get(
      "a", 0, 1, [](ByteView) -> Status { return kTransientError; }, kCall);
  BOOST_TEST(got.error().message == "connection reset");
  BOOST_TEST(memory->calls(Operation::kGet) == 1);
  const auto listed = store->list(
      "", "", [](const std::string&, const ObjectStat&) -> Status { return kTransientError; },
      kCall);
  BOOST_TEST(!listed.has_value());
  BOOST_TEST(memory->calls(Operation::kList) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
