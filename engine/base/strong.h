// A number that cannot be mistaken for another number: Txid, PageNo, ...
#pragma once
#include <compare>
#include <functional>

namespace streamd {

template <class Tag, class Number>
struct Strong {
  Number value{};
  constexpr Strong() = default;
  constexpr explicit Strong(Number number) : value(number) {}
  constexpr auto operator<=>(const Strong&) const = default;
  constexpr Strong next() const { return Strong(static_cast<Number>(value + 1)); }
  constexpr Strong prior() const { return Strong(static_cast<Number>(value - 1)); }
};

}  // namespace streamd

template <class Tag, class Number>
struct std::hash<streamd::Strong<Tag, Number>> {
  std::size_t operator()(const streamd::Strong<Tag, Number>& strong) const noexcept {
    return std::hash<Number>{}(strong.value);
  }
};
