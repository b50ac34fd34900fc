// The same work for many things on a few threads.
#pragma once
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace streamd {

// work(item) for each, on at most `most` threads; returns when all are done.
template <class Item, class Work>
void in_parallel(std::vector<Item>& items, std::size_t most, Work work) {
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < items.size(); i = next++) work(items[i]);
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(most, items.size()); ++i) threads.emplace_back(run);
  run();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace streamd
