// Pages as SQLite counts them.
#pragma once
#include <cstdint>

#include "base/strong.h"

namespace streamd {

using PageNo = Strong<struct PageNoTag, std::uint32_t>;  // from 1

constexpr bool valid_page_size(std::uint32_t size) {
  return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}
// The page that holds the byte at 1 GiB: SQLite keeps its lock bytes there and never stores
// content.
constexpr PageNo lock_page(std::uint32_t page_size) {
  return PageNo((1u << 30) / page_size + 1);
}

}  // namespace streamd
