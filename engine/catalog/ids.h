// What a replica is ordered and named by.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong.h"

namespace streamd {

// Counts committed transactions; unique within a generation and continued by the next one. 0 =
// none.
using Txid = Strong<struct TxidTag, std::uint64_t>;

// Epoch (high 32 bits, ordering) and random bits (low 32, uniqueness). 0 = none.
struct GenerationId : Strong<struct GenerationTag, std::uint64_t> {
  using Strong::Strong;
  static GenerationId make(std::uint32_t epoch);  // with fresh random bits
  std::uint32_t epoch() const { return static_cast<std::uint32_t>(value >> 32); }
};

// A database's identity, or an instance's. All zero = none.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  bool operator==(const Uuid&) const = default;
  static Uuid make();  // version 4
};

std::string to_text(Txid txid);                     // 16 hex digits, as in names
std::string to_text(GenerationId generation);       // 16 hex digits
std::string to_text(const Uuid& uuid);              // 8-4-4-4-12
bool parse_txid(std::string_view text, Txid& out);  // exactly 16 lower-case hex digits
bool parse_generation(std::string_view text, GenerationId& out);  // likewise
bool parse_uuid(std::string_view text, Uuid& out);

}  // namespace streamd

template <>
struct std::hash<streamd::GenerationId> {
  std::size_t operator()(const streamd::GenerationId& id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value);
  }
};
