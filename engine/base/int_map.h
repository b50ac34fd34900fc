// A small hash map from numbers other than 0: open addressing, no allocation per entry, no order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace streamd {

template <class Value>
class IntMap {
 public:
  // Borrowed until the next put or clear; nullptr when absent.
  const Value* find(std::uint32_t key) const {
    if (entries_.empty()) return nullptr;
    const Entry& entry = entries_[slot_of(key)];
    return entry.key == 0 ? nullptr : &entry.value;
  }
  void put(std::uint32_t key, Value value) {
    if ((used_ + 1) * 2 > entries_.size()) grow();
    Entry& entry = entries_[slot_of(key)];
    if (entry.key == 0) ++used_;
    entry = {key, value};
  }
  // Gives the memory back: what is idle keeps nothing.
  void clear() {
    entries_.clear();
    entries_.shrink_to_fit();
    used_ = 0;
  }
  std::size_t size() const { return used_; }
  bool empty() const { return used_ == 0; }

  template <class Visit>
  void for_each(Visit visit) const {  // visit(key, value)
    for (const Entry& entry : entries_)
      if (entry.key != 0) visit(entry.key, entry.value);
  }

 private:
  struct Entry {
    std::uint32_t key = 0;  // 0 = free
    Value value{};
  };
  std::size_t slot_of(std::uint32_t key) const {
    const std::size_t mask = entries_.size() - 1;
    std::size_t slot = (key * 0x9E3779B1u) & mask;
    while (entries_[slot].key != 0 && entries_[slot].key != key) slot = (slot + 1) & mask;
    return slot;
  }
  void grow() {
    std::vector<Entry> old(entries_.empty() ? 64 : entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old)
      if (entry.key != 0) entries_[slot_of(entry.key)] = entry;
  }
  std::vector<Entry> entries_;
  std::size_t used_ = 0;
};

}  // namespace streamd
