// SQLite's own opinion of a database file that nobody else has open.
#pragma once
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::sqlite {

enum class Check : std::uint8_t {
  kNone,
  kQuick,  // PRAGMA quick_check: the structure of all b-trees
  kFull,   // PRAGMA integrity_check: and that indexes and tables agree
};
const char* to_text(Check check);  // "none", "quick", "full"
bool parse_check(const std::string& text, Check& out);

// Read-only, without locks, without touching or creating a log. kCorrupt with what SQLite found
// first. `cancel` may be null.
Status check_file(const std::string& path, Check check, const Cancel* cancel);

}  // namespace streamd::sqlite
