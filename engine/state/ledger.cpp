#include "state/ledger.h"

#include <algorithm>

namespace streamd::state {
namespace {

constexpr std::uint64_t offset_of(std::uint64_t page) {
  return (page - 1) * sizeof(std::uint64_t);
}

}  // namespace

Result<Ledger> Ledger::open(const std::string& path) {
  return Ledger(TRY(File::open_write(path)));
}
Result<Ledger> Ledger::create(const std::string& path) {
  return Ledger(TRY(File::create(path)));
}

Status Ledger::wake() {
  if (!file_.is_open()) file_ = TRY(File::open_write(path_));
  return {};
}

Status Ledger::rest() {
  if (!file_.is_open()) return {};
  TRY(sync());
  file_.close();
  return {};
}

Result<Ledger::Window*> Ledger::window(std::uint32_t page) {
  if (windows_.empty()) windows_.resize(kWindows);
  const std::int64_t number = (page - 1) / kWindowEntries;
  Window& window = windows_[static_cast<std::size_t>(number) % kWindows];
  if (window.number == number) return &window;
  TRY(wake());
  window.number = -1;
  window.hashes.fill(0);
  const MutableBytes raw(reinterpret_cast<std::uint8_t*>(window.hashes.data()),
                         sizeof window.hashes);
  TRY(file_.read_some_at(static_cast<std::uint64_t>(number) * sizeof window.hashes, raw));
  window.number = number;
  return &window;
}

Result<std::uint64_t> Ledger::get(PageNo page) {
  if (const std::uint64_t* hash = pending_.find(page.value)) return *hash;
  if (pending_end_ && page.value > *pending_end_) return 0;
  return TRY(window(page.value))->hashes[(page.value - 1) % kWindowEntries];
}

void Ledger::shrink_pending(std::uint32_t pages) {
  IntMap<std::uint64_t> kept;
  pending_.for_each([&](std::uint32_t page, std::uint64_t hash) {
    if (page <= pages) kept.put(page, hash);
  });
  pending_ = std::move(kept);
  pending_end_ = std::min(pages, pending_end_.value_or(pages));
}

void Ledger::drop_pending() {
  pending_.clear();
  pending_end_.reset();
}

Status Ledger::apply_pending() {
  if (pending_end_) TRY(truncate(*pending_end_));
  std::vector<std::pair<std::uint32_t, std::uint64_t>> sorted;
  sorted.reserve(pending_.size());
  pending_.for_each(
      [&](std::uint32_t page, std::uint64_t hash) { sorted.emplace_back(page, hash); });
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::uint64_t> run;
  for (std::size_t at = 0; at < sorted.size(); at += run.size()) {  // neighbours in one write
    run.clear();
    while (at + run.size() < sorted.size() &&
           sorted[at + run.size()].first == sorted[at].first + run.size())
      run.push_back(sorted[at + run.size()].second);
    TRY(write(sorted[at].first, run.data(), run.size()));
  }
  drop_pending();
  return {};
}

Status Ledger::set_durable(PageNo first, const std::vector<std::uint64_t>& hashes) {
  return write(first.value, hashes.data(), hashes.size());
}

Status Ledger::write(std::uint32_t page, const std::uint64_t* hashes, std::size_t count) {
  TRY(wake());
  TRY(file_.write_at(offset_of(page),
                     {reinterpret_cast<const std::uint8_t*>(hashes), count * sizeof *hashes}));
  if (windows_.empty()) return {};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t entry = page - 1 + i;
    Window& window = windows_[entry / kWindowEntries % kWindows];
    if (window.number == static_cast<std::int64_t>(entry / kWindowEntries))
      window.hashes[entry % kWindowEntries] = hashes[i];
  }
  return {};
}

Status Ledger::truncate(std::uint32_t pages) {
  TRY(wake());
  windows_.clear();
  if (TRY(file_.size()) > offset_of(std::uint64_t{pages} + 1))
    return file_.truncate(offset_of(std::uint64_t{pages} + 1));
  return {};
}

Status Ledger::sync() {
  windows_.clear();  // called when things are quiet: an idle database keeps no memory here
  windows_.shrink_to_fit();
  TRY(wake());
  return file_.sync();
}

Result<std::optional<std::uint64_t>> Ledger::checksum(std::uint32_t pages, PageNo lock_page) {
  std::uint64_t sum = 0;
  for (std::uint32_t page = 1; page <= pages; ++page) {
    if (page == lock_page.value) continue;
    const std::uint64_t hash = TRY(get(PageNo(page)));
    if (hash == 0) return std::optional<std::uint64_t>{};
    sum ^= hash;
  }
  return std::optional(sum);
}

}  // namespace streamd::state
