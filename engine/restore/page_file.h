// Where restored pages go, and where those come from that they build on.
#pragma once
#include "base/file.h"
#include "wal/page.h"

namespace streamd::restore {

class PageFile {
 public:
  virtual ~PageFile() = default;
  // Whole pages from `first` on. Any thread.
  virtual Status read(PageNo first, MutableBytes out) = 0;
  virtual Status write(PageNo first, ByteView images) = 0;
  // The database ends after so many pages. One thread.
  virtual Status cut(std::uint32_t pages) = 0;
};

// A plain file that nobody else knows. Borrows it.
class PlainPages final : public PageFile {
 public:
  PlainPages(File& file, std::uint32_t page_size) : file_(file), page_size_(page_size) {}
  Status read(PageNo first, MutableBytes out) override {
    return file_.read_at(offset_of(first), out);
  }
  Status write(PageNo first, ByteView images) override {
    return file_.write_at(offset_of(first), images);
  }
  Status cut(std::uint32_t pages) override {
    return file_.truncate(std::uint64_t{pages} * page_size_);
  }

 private:
  std::uint64_t offset_of(PageNo page) const { return std::uint64_t{page.value - 1} * page_size_; }
  File& file_;
  std::uint32_t page_size_;
};

}  // namespace streamd::restore
