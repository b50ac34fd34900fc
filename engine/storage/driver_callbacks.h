// The functions a driver calls back while it moves bytes or lists keys, each with the state of one
// operation. A driver's misbehaviour is raised as an error of ours.
#pragma once
#include <streamd/driver.h>

#include <algorithm>
#include <exception>
#include <string>

#include "storage/driver_call.h"

namespace streamd::storage {

inline ObjectStat stat_from_abi(const streamd_object& object) {
  return {object.size, object.mtime_ns,
          std::string(object.etag, strnlen(object.etag, sizeof object.etag))};
}

inline Error misbehaviour(const std::string& what) {
  return make_error(Code::kInternal, "the driver " + what, "this is a bug in the driver");
}

// Runs one of our functions that returns a Status; nothing may be thrown into a driver.
template <class Function>
streamd_code fenced(DriverCall& call, Function function) noexcept {
  if (call.raised()) return code_to_abi(call.raised()->code);
  try {
    const Status status = function();
    return status ? STREAMD_OK : call.raise(status.error());
  } catch (const std::exception& error) {
    return call.raise(make_error(Code::kInternal, std::string("exception: ") + error.what()));
  }
}

struct PutState {
  DriverCall& call;
  const ByteSource& source;

  static std::int64_t read_at(void* ctx, std::uint64_t offset, void* buffer, std::size_t cap) {
    auto* self = static_cast<PutState*>(ctx);
    std::size_t count = 0;
    const streamd_code code = fenced(self->call, [&]() -> Status {
      if (cap == 0 || offset >= self->source.size())
        return misbehaviour("read outside of the bytes to store");
      count = static_cast<std::size_t>(
          std::min<std::uint64_t>({cap, self->source.size() - offset, INT64_MAX}));
      return self->source.read_at(offset, {static_cast<std::uint8_t*>(buffer), count});
    });
    return code == STREAMD_OK ? static_cast<std::int64_t>(count) : -std::int64_t{code};
  }
};

struct GetState {
  DriverCall& call;
  const Sink& sink;
  std::uint64_t length;  // asked for; kToTheEnd
  std::uint64_t delivered = 0;

  static streamd_code write(void* ctx, const void* data, std::size_t size) {
    auto* self = static_cast<GetState*>(ctx);
    return fenced(self->call, [&]() -> Status {
      if (size > self->length - self->delivered)
        return misbehaviour("delivered more bytes than were asked for");
      self->delivered += size;
      if (size == 0) return {};
      return self->sink({static_cast<const std::uint8_t*>(data), size});
    });
  }
};

// Of one listing: nobody keeps so many objects, and whoever lists holds them all in memory.
constexpr std::size_t kMostListed = 5'000'000;

struct ListState {
  DriverCall& call;
  const ListSink& sink;
  const std::string& prefix;
  bool ordered;
  std::string last;  // the key before, or start_after
  std::size_t count = 0;

  static streamd_code item(void* ctx, const char* key, const streamd_object* object) {
    auto* self = static_cast<ListState*>(ctx);
    return fenced(self->call, [&]() -> Status {
      if (key == nullptr || object == nullptr)
        return misbehaviour("listed an object without a key");
      std::string name = key;
      if (name.empty() || !name.starts_with(self->prefix))
        return misbehaviour("listed '" + name + "', which is not below '" + self->prefix + "'");
      if (self->ordered && !self->last.empty() && name <= self->last)
        return misbehaviour("listed '" + name + "' after '" + self->last +
                            "', but says that its lists are in order");
      if (++self->count > kMostListed)
        return make_error(
            Code::kCorrupt,
            "the store lists more than " + std::to_string(kMostListed) + " objects below '" +
                self->prefix + "'",
            "no backup has so many: is it the right path, and a store to be trusted?");
      self->last = name;
      return self->sink(name, stat_from_abi(*object));
    });
  }
};

}  // namespace streamd::storage
