// Several objects in one input: for each the length of its key (2 bytes), a number (4 bytes), the
// length of its content (4 bytes), then both. What is cut short is taken as far as it goes.
#pragma once
#include <string>
#include <vector>

#include "base/bytes.h"

namespace streamd::fuzz {

struct PackedObject {
  std::string key;
  Bytes content;
  std::uint32_t number = 0;  // what it means is the target's
};
constexpr std::size_t kMostPacked = 64;

inline std::vector<PackedObject> unpack(ByteView bytes) {
  std::vector<PackedObject> objects;
  ByteReader in(bytes);
  while (!in.at_end() && objects.size() < kMostPacked) {
    PackedObject object;
    const std::size_t key = in.le<std::uint16_t>();
    object.number = in.le<std::uint32_t>();
    const std::size_t content = in.le<std::uint32_t>();
    if (!in.ok()) break;
    object.key = as_text(in.take(std::min(key, in.remaining())));
    const ByteView taken = in.take(std::min(content, in.remaining()));
    object.content.assign(taken.begin(), taken.end());
    objects.push_back(std::move(object));
  }
  return objects;
}

inline void pack(Bytes& out, const PackedObject& object) {
  append_le(out, static_cast<std::uint16_t>(object.key.size()));
  append_le(out, object.number);
  append_le(out, static_cast<std::uint32_t>(object.content.size()));
  append(out, as_bytes(object.key));
  append(out, object.content);
}

}  // namespace streamd::fuzz
