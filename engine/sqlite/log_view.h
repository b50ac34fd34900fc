// The captured part of the log as pages: which frame holds the newest image of a page, in two
// layers, so that the image before the open run can still be read while the run is being built.
#pragma once
#include "base/file.h"
#include "base/int_map.h"
#include "sqlite/connection.h"
#include "wal/page.h"

namespace streamd::sqlite {

class LogView {
 public:
  // Borrows both; they outlive the view. Reading through it is exact only while the log is
  // protected (see capture.h).
  LogView(const File& log, Connection& database) : log_(log), database_(database) {}

  void note(PageNo page, std::uint32_t frame) { open_run_.put(page.value, frame); }
  void close_run();  // what was noted is the past from now on
  void forget();     // the database file has it all: fully backfilled, or a new log begins
  // Reads the headers of frames [1, last]: after an attach, or when captured frames are given back.
  Status rebuild(std::uint32_t last, std::uint32_t page_size);

  // The page's image before the open run, or with it; what was never written reads as zeros.
  Status read_past(PageNo page, MutableBytes out) const {
    return read(frame_in(past_, page), page, out);
  }
  Status read_now(PageNo page, MutableBytes out) const;

 private:
  Status read(std::uint32_t frame, PageNo page, MutableBytes out) const;
  using FrameMap = IntMap<std::uint32_t>;                            // page → its newest frame
  static std::uint32_t frame_in(const FrameMap& map, PageNo page) {  // 0 = not in the log
    const std::uint32_t* frame = map.find(page.value);
    return frame == nullptr ? 0 : *frame;
  }
  const File& log_;
  Connection& database_;
  FrameMap past_, open_run_;
};

}  // namespace streamd::sqlite
