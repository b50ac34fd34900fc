#include "restore/fetch.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace streamd::restore {
namespace {

// What an index that was read ahead may cost.
constexpr std::uint64_t kIndexBytes = 256 * kKiB;

constexpr std::size_t kSpareBuffers = 2;

enum class Progress : std::uint8_t { kWaiting, kUnderWay, kDone };

struct PortionState {
  Progress progress = Progress::kWaiting;
  Status result;
  Bytes bytes;
};

struct ObjectState {
  FetchObject what;
  Progress progress = Progress::kWaiting;
  Status result;
  Bytes whole;  // of a small object
  std::unique_ptr<ByteSource> source;
  std::optional<segment::ObjectReader> reader;
  std::vector<Batch> batches;
  std::vector<Portion> portions;  // of a large object
  std::vector<PortionState> fetched;
  std::uint64_t held = 0;  // of the budget

  bool small = false;  // fetched as a whole; else its index, then portions

  std::uint64_t cost() const { return small ? what.object.size : kIndexBytes; }
};

}  // namespace

struct Fetcher::State {
  // What a thread has chosen to do: open an object, or fetch a portion of one.
  struct Work {
    ObjectState* object;
    std::optional<std::size_t> portion;
  };

  std::optional<Work> choose();
  std::optional<Work> choose_portion(ObjectState& object, bool current);
  bool fits(std::uint64_t bytes) const { return held + bytes <= options.budget; }
  void hold(ObjectState& object, std::uint64_t bytes) {
    held += bytes;
    object.held += bytes;
  }
  void work();
  Result<Bytes> read(const PlannedObject& object, std::uint64_t offset, std::uint64_t length);
  Bytes take_spare();
  void give_back(Bytes&& used);
  Status open(ObjectState& object);
  void perform(const Work& chosen, std::unique_lock<std::mutex>& lock);
  Status await(std::unique_lock<std::mutex>& lock, const Progress& progress);

  storage::Store* store = nullptr;
  FetchOptions options;
  const Cancel* outer = nullptr;
  Cancel cancel;  // of the calls under way
  storage::Call call;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<ObjectState> objects;
  std::size_t at = 0;          // the object the consumer is at
  std::size_t at_portion = 0;  // and the portion that it takes batches from
  std::uint64_t held = 0;
  // Buffers that were used and are used again: fresh memory costs a page fault for each 4 KiB.
  std::vector<Bytes> spare;
  bool stop = false;
  std::vector<std::thread> threads;
};

std::optional<Fetcher::State::Work> Fetcher::State::choose_portion(ObjectState& object,
                                                                   bool current) {
  for (std::size_t i = 0; i < object.fetched.size(); ++i) {
    if (object.fetched[i].progress != Progress::kWaiting) continue;
    if (!fits(object.portions[i].length) && !(current && i == at_portion)) return std::nullopt;
    hold(object, object.portions[i].length);
    object.fetched[i].progress = Progress::kUnderWay;
    return Work{&object, i};
  }
  return std::nullopt;
}

// The earliest thing that nobody does yet. What does not fit keeps later things waiting too.
std::optional<Fetcher::State::Work> Fetcher::State::choose() {
  const std::size_t ahead = std::min(objects.size(), at + 4 * std::size_t{options.parallel});
  for (std::size_t i = at; i < ahead; ++i) {
    ObjectState& object = objects[i];
    if (object.progress == Progress::kWaiting) {
      if (!fits(object.cost()) && i != at) return std::nullopt;
      hold(object, object.cost());
      object.progress = Progress::kUnderWay;
      return Work{&object, std::nullopt};
    }
    if (object.progress != Progress::kDone || object.small) continue;
    if (const auto work = choose_portion(object, i == at)) return work;
    const bool waits =
        std::any_of(object.fetched.begin(), object.fetched.end(),
                    [](const PortionState& each) { return each.progress == Progress::kWaiting; });
    if (waits) return std::nullopt;
  }
  return std::nullopt;
}

Bytes Fetcher::State::take_spare() {
  const std::lock_guard lock(mutex);
  if (spare.empty()) return {};
  Bytes taken = std::move(spare.back());
  spare.pop_back();
  return taken;
}

// With the lock. While reading is faster than decoding, each read begins as a buffer comes back.
void Fetcher::State::give_back(Bytes&& used) {
  if (used.capacity() > 0 && spare.size() < kSpareBuffers) spare.push_back(std::move(used));
  used = {};
}

Result<Bytes> Fetcher::State::read(const PlannedObject& object, std::uint64_t offset,
                                   std::uint64_t length) {
  Bytes bytes = take_spare();
  bytes.resize(length);
  TRY(storage::object_source(*store, object.key, object.size, call)->read_at(offset, bytes));
  return bytes;
}

// Without the lock: nobody else touches an object that is under way.
Status Fetcher::State::open(ObjectState& object) {
  const PlannedObject& what = object.what.object;
  if (object.small) {
    object.whole = TRY(read(what, 0, what.size));
    object.source = std::make_unique<MemorySource>(object.whole);
  } else {
    object.source = storage::object_source(*store, what.key, what.size, call);
  }
  object.reader = TRY(segment::ObjectReader::open(*object.source));
  object.batches = TRY(batches_of(*object.reader, object.what.wanted, options.batch));
  if (object.small) return {};
  object.portions = portions_of(object.batches, options.portion);
  object.fetched.resize(object.portions.size());
  return {};
}

void Fetcher::State::perform(const Work& chosen, std::unique_lock<std::mutex>& lock) {
  ObjectState& object = *chosen.object;
  lock.unlock();
  Status result;
  Bytes bytes;
  if (chosen.portion) {
    const Portion portion = object.portions[*chosen.portion];
    auto got = read(object.what.object, portion.offset, portion.length);
    if (got)
      bytes = std::move(*got);
    else
      result = std::move(got.error());
  } else {
    result = open(object);
  }
  if (!result)
    result = std::move(result.error()).with_context("fetch object " + object.what.object.key);
  lock.lock();
  if (chosen.portion) {
    object.fetched[*chosen.portion] = {Progress::kDone, std::move(result), std::move(bytes)};
  } else {
    object.result = std::move(result);
    object.progress = Progress::kDone;
  }
  changed.notify_all();
}

void Fetcher::State::work() {
  std::unique_lock lock(mutex);
  while (!stop) {
    if (const auto chosen = choose())
      perform(*chosen, lock);
    else
      changed.wait(lock);
  }
}

Status Fetcher::State::await(std::unique_lock<std::mutex>& lock, const Progress& progress) {
  changed.notify_all();
  while (progress != Progress::kDone) {
    if (outer != nullptr && outer->cancelled())
      return make_error(Code::kCancelled, "restore: cancelled");
    changed.wait_for(lock, milliseconds(100));
  }
  return {};
}

Fetcher::Fetcher(storage::Store& store, std::vector<FetchObject> objects,
                 const FetchOptions& options, const Cancel* cancel)
    : state_(std::make_unique<State>()) {
  state_->store = &store;
  state_->options = options;
  state_->outer = cancel;
  state_->call.cancel = &state_->cancel;
  state_->objects.resize(objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) {
    state_->objects[i].small = objects[i].object.size <= options.whole_object;
    state_->objects[i].what = std::move(objects[i]);
  }
  const unsigned threads = state_->objects.empty() ? 0 : std::max(1u, options.parallel);
  for (unsigned i = 0; i < threads; ++i)
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

Fetcher::~Fetcher() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->cancel.cancel();
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

std::size_t Fetcher::size() const {
  return state_->objects.size();
}

Result<Fetcher::Opened> Fetcher::open(std::size_t i) {
  std::unique_lock lock(state_->mutex);
  ObjectState& object = state_->objects[i];
  state_->at = i;
  state_->at_portion = 0;
  TRY(state_->await(lock, object.progress));
  if (!object.result) return object.result.error();
  return Opened{&*object.reader, object.batches};
}

Result<ByteView> Fetcher::take(std::size_t batch) {
  std::unique_lock lock(state_->mutex);
  ObjectState& object = state_->objects[state_->at];
  const Batch& what = object.batches[batch];
  if (object.small) return ByteView(object.whole).subspan(what.offset, what.length);
  std::size_t& portion = state_->at_portion;
  for (; batch >= object.portions[portion].end; ++portion) {
    state_->give_back(std::move(object.fetched[portion].bytes));
    object.held -= object.portions[portion].length;
    state_->held -= object.portions[portion].length;
  }
  const PortionState& fetched = object.fetched[portion];
  TRY(state_->await(lock, fetched.progress));
  if (!fetched.result) return fetched.result.error();
  return ByteView(fetched.bytes)
      .subspan(what.offset - object.portions[portion].offset, what.length);
}

void Fetcher::release() {
  const std::lock_guard lock(state_->mutex);
  ObjectState& object = state_->objects[state_->at];
  state_->held -= object.held;
  object.held = 0;
  object.reader.reset();
  object.source.reset();
  object.batches = {};
  for (PortionState& each : object.fetched) state_->give_back(std::move(each.bytes));
  object.portions = {};
  object.fetched = {};
  state_->give_back(std::move(object.whole));
  ++state_->at;
  state_->at_portion = 0;
  state_->changed.notify_all();
}

}  // namespace streamd::restore
