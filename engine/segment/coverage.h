// Proves that a segment brings every page that a restore would otherwise have to invent.
#pragma once
#include <string>

#include "base/result.h"
#include "segment/page_set.h"

namespace streamd::segment {

// SQLite applies all frames of a transaction, then cuts the database to its new size. So a
// transaction may write pages beyond its end, and one that grows the database must write every page
// it adds, even one that existed before an earlier shrinking. Not thread safe.
class Coverage {
 public:
  Coverage(std::uint32_t page_size, std::uint32_t pages_before)
      : lock_page_(lock_page(page_size)), pages_(pages_before) {}
  // kInternal for a page that cannot be stored.
  Status add(PageNo page);
  void end_transaction(std::uint32_t pages_after);
  std::uint32_t pages() const { return pages_; }  // after the last ended transaction
  bool in_transaction() const { return open_; }
  // kInternal with the first thing found that could not be restored.
  Status proven() const;

 private:
  PageNo lock_page_;
  std::uint32_t pages_;
  bool open_ = false;
  PageSet added_;  // pages beyond pages_, written by the open transaction
  std::uint64_t ended_ = 0;
  std::string failure_;
};

}  // namespace streamd::segment
