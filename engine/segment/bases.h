// Where a segment's writer finds the past of a page.
#pragma once
#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/result.h"
#include "wal/page.h"

namespace streamd::segment {

// Called on the writer's thread, from flush_run and what flushes implicitly.
class BasePages {
 public:
  virtual ~BasePages() = default;
  // Fills `out` (one page) with the image the page had before the first image of the run that is
  // being flushed. False: there is no past that a restore would also have (hash mismatch, a delta);
  // the page then contributes nothing and its block is larger, not wrong. The writer does not ask
  // for pages that lay beyond the database's end before the run.
  virtual Result<bool> read_base(PageNo page, MutableBytes out) = 0;
};

// For deltas, and where the past cannot be read: every block is plain.
class NoBases final : public BasePages {
 public:
  Result<bool> read_base(PageNo, MutableBytes) override { return false; }
};

// A database held in memory, for tests and small merges. The caller updates it after each flush.
class MemoryBases final : public BasePages {
 public:
  Result<bool> read_base(PageNo page, MutableBytes out) override {
    const auto known = pages.find(page);
    if (known == pages.end()) return false;
    std::copy(known->second.begin(), known->second.end(), out.begin());
    return true;
  }
  std::map<PageNo, Bytes> pages;
};

}  // namespace streamd::segment
