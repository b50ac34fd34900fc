// A Store in memory for the tests of everything above engine/storage, with ways to make it fail.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "storage/observe_store.h"
#include "storage/store.h"

class MemoryStore : public streamd::storage::Store {
 public:
  using Operation = streamd::storage::Operation;
  template <class T>
  using Result = streamd::Result<T>;
  using ObjectStat = streamd::storage::ObjectStat;
  using Call = streamd::storage::Call;

  // The next operations of this kind fail with the error, each once, in the order given; with
  // `after` the operation takes effect first.
  void fail_next(Operation operation, streamd::Error error, int times = 1, bool after = false) {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < times; ++i) failures_[operation].push_back({error, after});
  }
  // Before each operation, outside of any lock; an error is the operation's answer.
  std::function<streamd::Status(Operation, const std::string& key)> before;
  bool ordered = true;  // false: lists run backwards, start_after is unsupported
  streamd::storage::Capabilities capabilities{true, true, true, 0, 1000, 0, 0};
  std::int64_t mtime_ns = 0;     // of objects put from now on
  std::size_t chunk = SIZE_MAX;  // bytes handed to a sink at once

  bool has(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    return objects_.contains(key);
  }
  streamd::Bytes content(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    return found == objects_.end() ? streamd::Bytes{} : found->second.bytes;
  }
  void set(const std::string& key, streamd::Bytes bytes) {  // around all hooks
    const std::lock_guard lock(mutex_);
    objects_[key] = {std::move(bytes), mtime_ns};
  }
  void erase(const std::string& key) {
    const std::lock_guard lock(mutex_);
    objects_.erase(key);
  }
  std::vector<std::string> keys() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [key, object] : objects_) all.push_back(key);
    return all;
  }
  int calls(Operation operation) const {  // failed ones too
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(operation);
    return found == calls_.end() ? 0 : found->second;
  }

  Result<streamd::storage::Capabilities> probe(const Call&) override {
    return run<streamd::storage::Capabilities>(Operation::kProbe, "",
                                               [&]() -> Result<streamd::storage::Capabilities> {
                                                 auto known = capabilities;
                                                 known.ordered_list = ordered;
                                                 return known;
                                               });
  }
  Result<ObjectStat> put(const std::string& key, const streamd::ByteSource& source,
                         const streamd::storage::PutOptions& options, const Call&) override {
    return run<ObjectStat>(Operation::kPut, key, [&]() -> Result<ObjectStat> {
      streamd::Bytes bytes(source.size());
      TRY(source.read_at(0, bytes));
      const std::lock_guard lock(mutex_);
      if (options.if_absent && objects_.contains(key))
        return streamd::make_error(streamd::Code::kExists, "put " + key + ": exists");
      objects_[key] = {std::move(bytes), mtime_ns};
      return stat_of(objects_[key]);
    });
  }
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const streamd::storage::Sink& sink, const Call&) override {
    return run<ObjectStat>(Operation::kGet, key, [&]() -> Result<ObjectStat> {
      const Object object = TRY(find(key));
      const std::uint64_t size = object.bytes.size();
      const bool whole = length == streamd::storage::kToTheEnd;
      if (offset > size || (!whole && length > size - offset))
        return streamd::make_error(streamd::Code::kCorrupt, "get " + key + ": too short");
      streamd::ByteView left =
          streamd::ByteView(object.bytes).subspan(offset, whole ? size - offset : length);
      while (!left.empty()) {
        const auto part = left.first(std::min(chunk, left.size()));
        TRY(sink(part));
        left = left.subspan(part.size());
      }
      return stat_of(object);
    });
  }
  Result<ObjectStat> stat(const std::string& key, const Call&) override {
    return run<ObjectStat>(Operation::kStat, key,
                           [&]() -> Result<ObjectStat> { return stat_of(TRY(find(key))); });
  }
  streamd::Status list(const std::string& prefix, const std::string& start_after,
                       const streamd::storage::ListSink& sink, const Call&) override {
    return run<void>(Operation::kList, prefix, [&]() -> streamd::Status {
      if (!ordered && !start_after.empty())
        return streamd::make_error(streamd::Code::kUnsupported, "list: start_after");
      std::deque<std::pair<std::string, ObjectStat>> found;
      {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, object] : objects_) {
          if (!key.starts_with(prefix) || (!start_after.empty() && key <= start_after)) continue;
          if (ordered)
            found.emplace_back(key, stat_of(object));
          else
            found.emplace_front(key, stat_of(object));
        }
      }
      for (const auto& [key, stat] : found) TRY(sink(key, stat));
      return {};
    });
  }
  streamd::Status remove(std::span<const std::string> keys, const Call&) override {
    return run<void>(Operation::kRemove, keys.empty() ? "" : keys.front(),
                     [&]() -> streamd::Status {
                       const std::lock_guard lock(mutex_);
                       for (const std::string& key : keys) objects_.erase(key);
                       return {};
                     });
  }

 private:
  struct Object {
    streamd::Bytes bytes;
    std::int64_t mtime_ns = 0;
  };
  struct Failure {
    streamd::Error error;
    bool after = false;
  };
  static ObjectStat stat_of(const Object& object) {
    return {object.bytes.size(), object.mtime_ns, ""};
  }
  Result<Object> find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end())
      return streamd::make_error(streamd::Code::kNotFound, key + ": not found");
    return found->second;
  }
  template <class T, class Run>
  Result<T> run(Operation operation, const std::string& key, const Run& effect) {
    if (before) TRY(before(operation, key));
    std::unique_lock lock(mutex_);
    ++calls_[operation];
    auto& failures = failures_[operation];
    if (failures.empty()) return lock.unlock(), effect();
    const Failure failure = failures.front();
    failures.pop_front();
    lock.unlock();
    if (failure.after) TRY(effect());
    return failure.error;
  }

  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::map<Operation, int> calls_;
  std::map<Operation, std::deque<Failure>> failures_;
};
