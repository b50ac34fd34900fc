// One hash per page of the database, 8 bytes each, as of the newest durable transaction, plus what
// was captured since in memory. 0 = the page was never read. A plain file in windows, not mapped: a
// sparse map on a full disk is a SIGBUS.
//
// A hash may only claim content that is durable: objects first, ledger second. One thread at a
// time.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/int_map.h"
#include "wal/page.h"

namespace streamd::state {

class Ledger {
 public:
  static Result<Ledger> open(const std::string& path);
  static Result<Ledger> create(const std::string& path);  // emptied

  Result<std::uint64_t> get(PageNo page);
  // Captured, not yet durable.
  void set_pending(PageNo page, std::uint64_t hash) { pending_.put(page.value, hash); }
  void shrink_pending(std::uint32_t pages);  // the database ends after so many pages
  void drop_pending();                       // it was not made durable after all
  Status apply_pending();                    // it is durable: into the file (not synced)
  // Of content that is durable elsewhere: the pages from `first` on.
  Status set_durable(PageNo first, const std::vector<std::uint64_t>& hashes);
  Status truncate(std::uint32_t pages);
  Status sync();
  // Synced, and keeps neither descriptor nor memory until it is used again.
  Status rest();

  // XOR over pages [1, pages], pending ones included; nullopt when one (but the lock page) is
  // unknown.
  Result<std::optional<std::uint64_t>> checksum(std::uint32_t pages, PageNo lock_page);

 private:
  static constexpr std::size_t kWindowEntries = 512, kWindows = 16;
  struct Window {
    std::int64_t number = -1;
    std::array<std::uint64_t, kWindowEntries> hashes;
  };
  explicit Ledger(File file) : path_(file.path()), file_(std::move(file)) {}
  Status wake();  // before the file is used
  Result<Window*> window(std::uint32_t page);
  Status write(std::uint32_t page, const std::uint64_t* hashes, std::size_t count);

  std::string path_;
  File file_;  // closed at rest
  IntMap<std::uint64_t> pending_;
  std::optional<std::uint32_t> pending_end_;  // entries of the file beyond it no longer count
  std::vector<Window> windows_;
};

}  // namespace streamd::state
