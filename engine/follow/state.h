// What is known of a copy: which moment it holds. Kept beside it (docs/formats/local-state.md).
#pragma once
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/marker.h"

namespace streamd::follow {

// A moment that the copy may hold.
struct Position {
  GenerationId generation{};
  Txid txid{};
  Micros seen = 0;             // when the transaction was first seen
  std::uint32_t pages = 0;     // size of the database
  std::uint64_t checksum = 0;  // of the database
  bool operator==(const Position&) const = default;
};

struct State {
  Uuid database{};
  std::uint64_t checksum_key = 0;
  std::uint32_t page_size = 0;
  Position at{};
  // Written before a commit: the copy holds this one or `at`. Its checksum tells.
  std::optional<Position> next{};
  bool operator==(const State&) const = default;
};

std::string state_path(const std::string& copy);  // "<copy>-follow"

std::string encode_state(const State& state);        // JSON, for people to read
Result<State> parse_state(const std::string& text);  // kCorrupt, or kUnsupported (newer)
Result<std::optional<State>> load_state(const std::string& path);  // nullopt: there is none
Status save_state(const std::string& path, const State& state);    // old or new, durable

}  // namespace streamd::follow
