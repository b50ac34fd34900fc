#include "storage/driver_store.h"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <thread>

#include "base/log.h"
#include "storage/provider_hint.h"
#include "test_drivers.h"

using namespace streamd;
using namespace streamd::storage;

namespace {

const Call kCall;
constexpr std::string_view kText = "0123456789";

void put_text(Store& store, const std::string& key, std::string_view text = kText) {
  const auto stored = store.put(key, MemorySource(as_bytes(text)), {}, kCall);
  BOOST_REQUIRE(stored.has_value());
  BOOST_TEST(stored->size == text.size());
}

Sink into(std::string& text) {
  return [&text](ByteView bytes) -> Status {
    text += as_text(bytes);
    return {};
  };
}

std::vector<std::string> keys_of(Store& store, const std::string& prefix,
                                 const std::string& start_after = "") {
  std::vector<std::string> keys;
  const auto listed = store.list(
      prefix, start_after,
      [&](const std::string& key, const ObjectStat&) -> Status {
        keys.push_back(key);
        return {};
      },
      kCall);
  BOOST_REQUIRE(listed.has_value());
  return keys;
}

Status list_all(Store& store, const ListSink& sink) {
  return store.list("", "", sink, kCall);
}
const ListSink kIgnore = [](const std::string&, const ObjectStat&) -> Status { return {}; };

class FailingSource final : public ByteSource {
 public:
  std::uint64_t size() const override { return 10; }
  Status read_at(std::uint64_t, MutableBytes) const override {
    return make_error(Code::kIo, "disk on fire", "buy another");
  }
};

class ThrowingSource final : public ByteSource {
 public:
  std::uint64_t size() const override { return 10; }
  Status read_at(std::uint64_t, MutableBytes) const override { throw std::runtime_error("boom"); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(driver_store)

BOOST_AUTO_TEST_CASE(objects_go_there_and_back) {
  const auto store = open_test_store();
  const auto can = store->probe(kCall);
  BOOST_REQUIRE(can.has_value());
  BOOST_TEST((can->if_absent && can->ordered_list && can->strong_list));
  BOOST_TEST(can->max_concurrency == 3u);
  BOOST_TEST(can->max_remove_batch == 2u);
  BOOST_TEST(can->max_object_size == 4096u);
  BOOST_TEST(can->part_size == 7u);
  for (const char* key : {"a/1", "a/2", "b"}) put_text(*store, key);
  std::string text;
  BOOST_TEST(store->get("a/1", 0, kToTheEnd, into(text), kCall)->size == 10u);
  BOOST_TEST(text == kText);
  text.clear();
  BOOST_TEST(store->get("a/1", 2, 5, into(text), kCall).has_value());
  BOOST_TEST(text == "23456");
  const auto stat = store->stat("b", kCall);
  BOOST_TEST(stat->size == 10u);
  BOOST_TEST(stat->mtime_ns == 5);
  BOOST_TEST(stat->etag == std::string(80, 'e'));
  BOOST_TEST((keys_of(*store, "a/") == std::vector<std::string>{"a/1", "a/2"}));
  BOOST_TEST((keys_of(*store, "", "a/2") == std::vector<std::string>{"b"}));
  const std::vector<std::string> all{"a/1", "a/2", "missing", "b", "gone"};
  BOOST_TEST(store->remove(all, kCall).has_value());  // the driver takes two at once
  BOOST_TEST(keys_of(*store, "").empty());
}

BOOST_AUTO_TEST_CASE(the_driver_may_refuse_its_options) {
  const auto refused = DriverStore::open(good_driver(), {{"mode", "refuse"}});
  BOOST_TEST((refused.error().code == Code::kInvalidConfig));
  BOOST_TEST(refused.error().message == "open the storage (test): no such bucket");
}

BOOST_AUTO_TEST_CASE(what_the_driver_logs_is_logged) {
  static std::string line;
  log_configure(LogLevel::kDebug, LogFormat::kText);
  log_capture([](const std::string& text) { line = text; });
  open_test_store();
  log_capture({});
  log_configure(LogLevel::kInfo, LogFormat::kText);
  BOOST_TEST(line.find("opened") != std::string::npos);
  BOOST_TEST(line.find("driver") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(keys_are_checked_before_the_driver_sees_them) {
  const auto store = open_test_store();
  for (const std::string& key : {std::string(), std::string(901, 'k'), std::string("a\0b", 3)}) {
    BOOST_TEST((store->stat(key, kCall).error().code == Code::kInvalidConfig));
    BOOST_TEST(!store->put(key, MemorySource({}), {}, kCall).has_value());
    BOOST_TEST(!store
                    ->get(
                        key, 0, 1, [](ByteView) -> Status { return {}; }, kCall)
                    .has_value());
    BOOST_TEST(!store->remove(std::vector{key}, kCall).has_value());
  }
  BOOST_TEST(!store->put(std::string(900, 'k'), MemorySource({}), {}, kCall)->size);
}

BOOST_AUTO_TEST_CASE(what_the_provider_said_reaches_the_person) {
  const auto store = open_test_store("throttled");
  const auto stored = store->put("a", MemorySource(as_bytes(kText)), {}, kCall);
  BOOST_TEST((stored.error().code == Code::kThrottled));
  BOOST_TEST(stored.error().message == "put a (test): slow down");
  BOOST_TEST(
      stored.error().hint ==
      "the storage asks for fewer requests: try again later (http status 503, code SlowDown, "
      "request id 4711)");
  BOOST_TEST((stored.error().retry_after == milliseconds(1500)));
}

BOOST_AUTO_TEST_CASE(a_word_of_the_system_becomes_a_next_step) {
  BOOST_TEST(provider_hint(Code::kTransient, "ENOSPC", "file") ==
             "the storage is full: make room there");
  BOOST_TEST(provider_hint(Code::kInvalidConfig, "", "file") ==
             "check the options of this replica: `streamctl drivers show file`");
  BOOST_TEST(provider_hint(Code::kCorrupt, "BadDigest", "s3").empty());
  for (const auto& [code, words] : {std::pair(Code::kAuth, "check the credentials"),
                                    {Code::kPermission, "give them the right to"},
                                    {Code::kThrottled, "fewer requests"},
                                    {Code::kTransient, "can this machine reach the storage?"},
                                    {Code::kTimeout, "can this machine reach the storage?"}})
    BOOST_TEST(provider_hint(code, "", "s3").find(words) != std::string::npos, words);
  BOOST_TEST(is_errno_name("ENOSPC"));
  BOOST_TEST(!is_errno_name("SlowDown"));
  BOOST_TEST(!is_errno_name(""));
}

BOOST_AUTO_TEST_CASE(if_absent) {
  const auto store = open_test_store();
  put_text(*store, "a");
  const auto again = store->put("a", MemorySource(as_bytes("x")), {.if_absent = true}, kCall);
  BOOST_TEST((again.error().code == Code::kExists));
  BOOST_TEST(again.error().message == "put a (test): exists");  // the driver said nothing
  put_text(*store, "a", "other");
}

BOOST_AUTO_TEST_CASE(errors_of_callbacks_come_back_unchanged) {
  for (const char* mode : {"", "swallow"}) {
    const auto store = open_test_store(mode);
    const auto stored = store->put("x", FailingSource(), {}, kCall);
    BOOST_REQUIRE(!stored.has_value());
    BOOST_TEST((stored.error().code == Code::kIo));
    BOOST_TEST(stored.error().message == "disk on fire");
    BOOST_TEST(stored.error().hint == "buy another");
    put_text(*store, "a");
    int calls = 0;
    const auto got = store->get(
        "a", 0, kToTheEnd,
        [&](ByteView) -> Status {
          ++calls;
          return make_error(Code::kNoSpace, "disk full");
        },
        kCall);
    BOOST_TEST((got.error().code == Code::kNoSpace));
    BOOST_TEST(got.error().message == "disk full");
    BOOST_TEST(calls == 1);  // even when the driver goes on
    const auto listed = list_all(*store, [](const std::string&, const ObjectStat&) -> Status {
      return make_error(Code::kNotFound, "not this");
    });
    BOOST_TEST(listed.error().message == "not this");
  }
  const auto thrown = open_test_store()->put("x", ThrowingSource(), {}, kCall);
  BOOST_TEST(thrown.error().message == "exception: boom");
}

BOOST_AUTO_TEST_CASE(misbehaviour_is_an_error) {
  const auto fails = [](const char* mode, auto&& operation, Code code, const std::string& what) {
    const auto store = open_test_store(mode);
    BOOST_REQUIRE(store->probe(kCall).has_value());
    put_text(*store, "a");
    const auto result = operation(*store);
    BOOST_REQUIRE_MESSAGE(!result.has_value(), mode);
    BOOST_TEST((result.error().code == code), mode);
    BOOST_TEST((result.error().message.find(what) != std::string::npos), result.error().message);
  };
  std::string text;
  const auto part = [&](Store& store) { return store.get("a", 0, 4, into(text), kCall); };
  const auto whole = [&](Store& store) { return store.get("a", 0, kToTheEnd, into(text), kCall); };
  const auto stat = [](Store& store) { return store.stat("a", kCall); };
  const auto list = [](Store& store) { return store.list("a", "", kIgnore, kCall); };
  const auto list_everything = [](Store& store) { return list_all(store, kIgnore); };
  const auto remove = [](Store& store) {
    return store.remove(std::vector<std::string>{"a", "b"}, kCall);
  };
  fails("overdeliver", part, Code::kInternal, "delivered more bytes than were asked for");
  fails("cut", part, Code::kCorrupt, "only 3 bytes from offset 0 on");
  fails("cut", whole, Code::kCorrupt, "only 9 bytes");
  fails("unknown_code", stat, Code::kInternal, "unknown code 77");
  fails("cancelled", stat, Code::kInternal, "nobody cancelled");
  fails("null_key", list, Code::kInternal, "without a key");
  fails("foreign_key", list, Code::kInternal, "'elsewhere', which is not below 'a'");
  fails("disorder", list_everything, Code::kInternal, "'a' after 'b'");
  fails("endless", list_everything, Code::kCorrupt, "more than 5000000 objects");
  fails("remove_fails", remove, Code::kPermission, "remove b (test)");
  fails("remove_fails_whole", remove, Code::kAuth, "remove a (test): who are you");
}

BOOST_AUTO_TEST_CASE(puts_that_go_wrong) {
  const auto outside =
      open_test_store("read_outside")->put("a", MemorySource(as_bytes(kText)), {}, kCall);
  BOOST_TEST(outside.error().message == "the driver read outside of the bytes to store");
  const auto size =
      open_test_store("other_size")->put("a", MemorySource(as_bytes(kText)), {}, kCall);
  BOOST_TEST((size.error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_driver_need_not_describe_what_it_moved) {
  const auto store = open_test_store("no_stat");
  put_text(*store, "a");
  std::string text;
  BOOST_TEST(store->get("a", 0, kToTheEnd, into(text), kCall).has_value());
  BOOST_TEST(text == kText);
}

BOOST_AUTO_TEST_CASE(missing_keys_are_no_error_whatever_the_driver_says) {
  const auto store = open_test_store("missing_is_not_found");
  BOOST_TEST(store->remove(std::vector<std::string>{"x", "y", "z"}, kCall).has_value());
}

BOOST_AUTO_TEST_CASE(cancellation_and_overdue_calls) {
  const auto store = open_test_store("wait_for_cancel");
  put_text(*store, "a");
  const Sink ignore = [](ByteView) -> Status { return {}; };
  Cancel cancel;
  cancel.cancel();
  Call call;
  call.cancel = &cancel;
  BOOST_TEST((store->get("a", 0, 1, ignore, call).error().code == Code::kCancelled));
  Call hasty;
  hasty.timeout = milliseconds(1);
  const auto overdue = store->get("a", 0, 1, ignore, hasty);
  BOOST_TEST((overdue.error().code == Code::kTimeout));
  BOOST_TEST(overdue.error().message == "get a (test): the driver did not end within its timeout");
}

BOOST_AUTO_TEST_CASE(one_operation_at_a_time_until_the_probe) {
  const auto store = open_test_store();
  put_text(*store, "a");
  const auto second_runs_inside = [&] {
    Call impatient;
    impatient.timeout = milliseconds(60);
    bool inside = false;
    const auto got = store->get(
        "a", 0, 1,
        [&](ByteView) -> Status {
          std::thread([&] { inside = store->stat("a", impatient).has_value(); }).join();
          return {};
        },
        kCall);
    BOOST_TEST(got.has_value());
    return inside;
  };
  BOOST_TEST(!second_runs_inside());
  BOOST_REQUIRE(store->probe(kCall).has_value());
  BOOST_TEST(second_runs_inside());
}

BOOST_AUTO_TEST_SUITE_END()
