#include <boost/test/unit_test.hpp>
#include <thread>

#include "fake_timing.h"
#include "memory_store.h"
#include "storage/gate.h"
#include "storage/open_store.h"
#include "test_drivers.h"

using namespace streamd;
using namespace streamd::storage;

namespace {

const Call kCall;
const Sink kIgnore = [](ByteView) -> Status { return {}; };
const ListSink kIgnoreKeys = [](const std::string&, const ObjectStat&) -> Status { return {}; };

Status put_bytes(Store& store, const std::string& key, std::size_t size) {
  const Bytes bytes(size, 7);
  TRY(store.put(key, MemorySource(bytes), {}, kCall));
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store)

BOOST_AUTO_TEST_CASE(get_all_has_a_limit) {
  MemoryStore memory;
  memory.set("a", Bytes(10, 1));
  memory.chunk = 4;
  BOOST_TEST(get_all(memory, "a", 10, kCall)->size() == 10u);
  BOOST_TEST((get_all(memory, "a", 9, kCall).error().code == Code::kCorrupt));
  BOOST_TEST((get_all(memory, "b", 9, kCall).error().code == Code::kNotFound));
}

BOOST_AUTO_TEST_CASE(an_object_is_a_source) {
  MemoryStore memory;
  memory.set("a", {1, 2, 3, 4, 5});
  memory.chunk = 2;
  const auto source = object_source(memory, "a", 5, kCall);
  BOOST_TEST(source->size() == 5u);
  Bytes three(3);
  BOOST_TEST(source->read_at(1, three).has_value());
  BOOST_TEST((three == Bytes{2, 3, 4}));
  BOOST_TEST((source->read_at(3, three).error().code == Code::kCorrupt));
  BOOST_TEST((source->read_at(6, {}).error().code == Code::kCorrupt));
  BOOST_TEST(source->read_at(5, {}).has_value());
  BOOST_TEST(memory.calls(Operation::kGet) == 1);
}

// What a driver store would notice, other stores may not: short and long answers.
BOOST_AUTO_TEST_CASE(a_source_does_not_trust_its_store) {
  class Odd final : public Store {
   public:
    explicit Odd(std::size_t deliver) : deliver_(deliver) {}
    Result<Capabilities> probe(const Call&) override { return Capabilities{}; }
    Result<ObjectStat> put(const std::string&, const ByteSource&, const PutOptions&,
                           const Call&) override {
      return ObjectStat{};
    }
    Result<ObjectStat> get(const std::string&, std::uint64_t, std::uint64_t, const Sink& sink,
                           const Call&) override {
      TRY(sink(Bytes(deliver_)));
      return ObjectStat{};
    }
    Result<ObjectStat> stat(const std::string&, const Call&) override { return ObjectStat{}; }
    Status list(const std::string&, const std::string&, const ListSink&, const Call&) override {
      return {};
    }
    Status remove(std::span<const std::string>, const Call&) override { return {}; }

   private:
    std::size_t deliver_;
  };
  Odd shorter(2), longer(4);
  Bytes three(3);
  BOOST_TEST(
      (object_source(shorter, "a", 5, kCall)->read_at(0, three).error().code == Code::kCorrupt));
  BOOST_TEST(
      (object_source(longer, "a", 5, kCall)->read_at(0, three).error().code == Code::kInternal));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(prefix)

BOOST_AUTO_TEST_CASE(a_folder_as_a_store) {
  const auto memory = std::make_shared<MemoryStore>();
  memory->set("elsewhere", {});
  const auto store = with_prefix(memory, "host/app");
  BOOST_TEST(put_bytes(*store, "x/1", 3).has_value());
  BOOST_TEST(put_bytes(*store, "x/2", 3).has_value());
  BOOST_TEST(memory->has("host/app/x/1"));
  BOOST_TEST(store->stat("x/1", kCall)->size == 3u);
  BOOST_TEST(store->get("x/1", 0, 3, kIgnore, kCall).has_value());
  BOOST_TEST(store->probe(kCall)->ordered_list);
  std::vector<std::string> keys;
  const ListSink collect = [&](const std::string& key, const ObjectStat&) -> Status {
    keys.push_back(key);
    return {};
  };
  BOOST_TEST(store->list("", "", collect, kCall).has_value());
  BOOST_TEST(store->list("x/", "x/1", collect, kCall).has_value());
  BOOST_TEST((keys == std::vector<std::string>{"x/1", "x/2", "x/2"}));
  BOOST_TEST(store->remove(keys, kCall).has_value());
  BOOST_TEST((memory->keys() == std::vector<std::string>{"elsewhere"}));
}

BOOST_AUTO_TEST_CASE(no_prefix_is_no_decorator) {
  const auto memory = std::make_shared<MemoryStore>();
  BOOST_TEST((with_prefix(memory, "") == memory));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(throttle)

BOOST_AUTO_TEST_CASE(a_bucket_keeps_the_rate) {
  TokenBucket bucket(1000);
  MonoTime now{std::chrono::hours(1)};
  BOOST_TEST(bucket.take(250, now).count() == 0);  // a quarter of a second at once
  BOOST_TEST(bucket.take(1000, now).count() == 1000);
  BOOST_TEST(bucket.take(500, now).count() == 1500);
  now += milliseconds(1500);
  BOOST_TEST(bucket.take(100, now).count() == 100);
  now += std::chrono::hours(1);  // unused time is not saved up
  BOOST_TEST(bucket.take(1250, now).count() == 1000);
}

BOOST_AUTO_TEST_CASE(bytes_wait_in_both_directions) {
  FakeTime time;
  const auto memory = std::make_shared<MemoryStore>();
  const auto store = with_throttle(memory, {.bytes_per_second = 1000}, time.timing());
  BOOST_TEST(put_bytes(*store, "a", 1250).has_value());
  BOOST_TEST((time.sleeps == std::vector<std::int64_t>{1000}));
  BOOST_TEST(store->get("a", 0, 500, kIgnore, kCall).has_value());
  BOOST_TEST((time.sleeps == std::vector<std::int64_t>{1000, 500}));
  BOOST_TEST(store->probe(kCall).has_value());
  BOOST_TEST(store->stat("a", kCall).has_value());
  BOOST_TEST(store->list("", "", kIgnoreKeys, kCall).has_value());
  BOOST_TEST(store->remove(std::vector<std::string>{"a"}, kCall).has_value());
  BOOST_TEST(time.sleeps.size() == 2u);
}

BOOST_AUTO_TEST_CASE(cancel_ends_the_wait) {
  FakeTime time;
  const auto store =
      with_throttle(std::make_shared<MemoryStore>(), {.bytes_per_second = 1}, time.timing());
  Cancel cancel;
  cancel.cancel();
  Call call;
  call.cancel = &cancel;
  const Bytes bytes(100);
  BOOST_TEST((store->put("a", MemorySource(bytes), {}, call).error().code == Code::kCancelled));
}

BOOST_AUTO_TEST_CASE(operations_at_once) {
  FakeTime time;
  const auto memory = std::make_shared<MemoryStore>();
  const auto store = with_throttle(memory, {.operations = 1}, time.timing());
  memory->set("a", {1});
  Call impatient;
  impatient.timeout = milliseconds(60);
  const auto got = store->get(
      "a", 0, 1,
      [&](ByteView) -> Status {
        TRY(store->stat("a", impatient));
        return {};
      },
      kCall);
  BOOST_TEST((got.error().code == Code::kTimeout));
  BOOST_TEST(store->stat("a", impatient).has_value());
}

BOOST_AUTO_TEST_CASE(without_limits_there_is_no_decorator) {
  const auto memory = std::make_shared<MemoryStore>();
  BOOST_TEST((with_throttle(memory, {}, real_timing()) == memory));
}

BOOST_AUTO_TEST_CASE(a_gate_gives_the_place_on) {
  Gate gate(1);
  Cancel cancel;
  Call call;
  call.cancel = &cancel;
  {
    const auto first = gate.enter(kCall);
    BOOST_REQUIRE(first.has_value());
    std::thread later([&] { cancel.cancel(); });
    BOOST_TEST((gate.enter(call).error().code == Code::kCancelled));
    later.join();
    gate.set_limit(2);
    BOOST_TEST(gate.enter(kCall).has_value());
  }
  gate.set_limit(1);
  const auto next = gate.enter(kCall);
  std::thread widen([&] { gate.set_limit(0); });
  BOOST_TEST(gate.enter(kCall).has_value());
  widen.join();
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(observe)

BOOST_AUTO_TEST_CASE(everything_is_counted) {
  FakeTime time;
  const auto memory = std::make_shared<MemoryStore>();
  const auto metrics = std::make_shared<StoreMetrics>();
  memory->before = [&](Operation operation, const std::string&) -> Status {
    time.now += operation == Operation::kList ? milliseconds(100'000) : milliseconds(5);
    return {};
  };
  const auto store = with_metrics(memory, metrics, time.timing());
  BOOST_TEST(store->probe(kCall).has_value());
  BOOST_TEST(put_bytes(*store, "a", 10).has_value());
  BOOST_TEST(store->get("a", 2, 5, kIgnore, kCall).has_value());
  BOOST_TEST(!store->get("b", 0, 5, kIgnore, kCall).has_value());
  BOOST_TEST(store->stat("a", kCall).has_value());
  BOOST_TEST(store->list("", "", kIgnoreKeys, kCall).has_value());
  memory->fail_next(Operation::kPut, make_error(Code::kThrottled, "slow down"), 2);
  BOOST_TEST(!put_bytes(*store, "c", 10).has_value());
  BOOST_TEST(!put_bytes(*store, "c", 10).has_value());
  BOOST_TEST(store->remove(std::vector<std::string>{"a"}, kCall).has_value());

  const StoreCounts counts = metrics->snapshot();
  const auto& put = counts[static_cast<std::size_t>(Operation::kPut)];
  BOOST_TEST(put.calls == 3u);
  BOOST_TEST(put.bytes == 10u);
  BOOST_TEST(put.errors.at(Code::kThrottled) == 2u);
  BOOST_TEST(put.latency[0] == 3u);
  BOOST_TEST((put.total_time == milliseconds(15)));
  const auto& get = counts[static_cast<std::size_t>(Operation::kGet)];
  BOOST_TEST(get.calls == 2u);
  BOOST_TEST(get.bytes == 5u);
  BOOST_TEST(get.errors.at(Code::kNotFound) == 1u);
  const auto& list = counts[static_cast<std::size_t>(Operation::kList)];
  BOOST_TEST(list.latency.back() == 1u);
  for (const OperationCounts& each : counts) BOOST_TEST(each.calls >= 1u);
  BOOST_TEST(operation_name(Operation::kRemove) == std::string("remove"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(rules_are_read) {
  const auto rules = parse_faults("put:transient:10%, any:throttled:0.5%,get:timeout:100%:after");
  BOOST_REQUIRE(rules.has_value());
  BOOST_REQUIRE(rules->size() == 3u);
  BOOST_TEST((rules->at(0).operation == Operation::kPut));
  BOOST_TEST((rules->at(0).code == Code::kTransient));
  BOOST_TEST(rules->at(0).per_million == 100'000u);
  BOOST_TEST(!rules->at(0).after);
  BOOST_TEST(!rules->at(1).operation.has_value());
  BOOST_TEST(rules->at(1).per_million == 5'000u);
  BOOST_TEST(rules->at(2).after);
  BOOST_TEST(parse_faults(" ")->empty());
}

BOOST_AUTO_TEST_CASE(rules_that_make_no_sense) {
  for (const char* text :
       {"put", "put:transient", "putt:transient:1%", "put:odd:1%", "put:transient:1",
        "put:transient:x%", "put:transient:101%", "put:transient:-1%", "put:transient:nan%",
        "put:transient:1%:before", "put:transient:1%:after:x", "put:transient:1%,"}) {
    const auto rules = parse_faults(text);
    BOOST_REQUIRE_MESSAGE(!rules.has_value(), text);
    BOOST_TEST((rules.error().code == Code::kInvalidConfig));
  }
}

BOOST_AUTO_TEST_CASE(as_many_as_asked_for_and_always_the_same) {
  const auto run = [](std::uint64_t seed) {
    const auto store =
        with_faults(std::make_shared<MemoryStore>(), *parse_faults("put:transient:10%"), seed);
    std::vector<bool> failed;
    for (int i = 0; i < 1000; ++i) failed.push_back(!put_bytes(*store, "a", 1).has_value());
    return failed;
  };
  const auto first = run(1);
  const auto count = std::count(first.begin(), first.end(), true);
  BOOST_TEST(count > 60);
  BOOST_TEST(count < 140);
  BOOST_TEST((run(1) == first));
  BOOST_TEST((run(2) != first));
}

BOOST_AUTO_TEST_CASE(before_or_after_the_effect) {
  const auto memory = std::make_shared<MemoryStore>();
  const auto before = with_faults(memory, *parse_faults("put:timeout:100%"), 1);
  BOOST_TEST(!put_bytes(*before, "a", 1).has_value());
  BOOST_TEST(!memory->has("a"));
  const auto after = with_faults(memory, *parse_faults("put:timeout:100%:after"), 1);
  BOOST_TEST(!put_bytes(*after, "a", 1).has_value());
  BOOST_TEST(memory->has("a"));
  memory->fail_next(Operation::kPut, make_error(Code::kAuth, "who are you"));
  BOOST_TEST((put_bytes(*after, "a", 1).error().code == Code::kAuth));
}

BOOST_AUTO_TEST_CASE(any_is_every_operation) {
  const auto store =
      with_faults(std::make_shared<MemoryStore>(), *parse_faults("any:internal:100%"), 1);
  BOOST_TEST(!store->probe(kCall).has_value());
  BOOST_TEST(!put_bytes(*store, "a", 1).has_value());
  BOOST_TEST(!store->get("a", 0, 1, kIgnore, kCall).has_value());
  BOOST_TEST(!store->stat("a", kCall).has_value());
  BOOST_TEST(!store->list("", "", kIgnoreKeys, kCall).has_value());
  BOOST_TEST(store->remove({}, kCall).error().message ==
             "remove: failed on purpose, as 'fault' asks");
  const auto memory = std::make_shared<MemoryStore>();
  BOOST_TEST((with_faults(memory, {}, 1) == memory));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(open)

BOOST_AUTO_TEST_CASE(the_decorators_in_their_order) {
  FakeTime time;
  StoreSpec spec;
  spec.settings = {{"batch", "2"}, {"token", "x"}};
  spec.prefix = "host/app";
  spec.limits.operations = 2;
  spec.fault = "put:transient:50%:after,stat:throttled:20%";
  const auto opened = open_store(good_driver(), spec, time.timing());
  BOOST_REQUIRE(opened.has_value());
  BOOST_REQUIRE(opened->store->probe(kCall).has_value());
  for (int i = 0; i < 30; ++i)
    BOOST_REQUIRE(put_bytes(*opened->store, "k" + std::to_string(i), 100).has_value());
  const StoreCounts counts = opened->metrics->snapshot();
  const auto& put = counts[static_cast<std::size_t>(Operation::kPut)];
  BOOST_TEST(put.errors.at(Code::kTransient) > 5u);  // each attempt is seen
  BOOST_TEST(put.calls == 30u);                      // and none was sent twice
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened) {
  StoreSpec spec;
  spec.settings = {{"mode", "refuse"}};
  BOOST_TEST((open_store(good_driver(), spec).error().code == Code::kInvalidConfig));
  spec.fault = "nonsense";
  BOOST_TEST(
      (decorate(std::make_shared<MemoryStore>(), spec).error().code == Code::kInvalidConfig));
}

BOOST_AUTO_TEST_SUITE_END()
