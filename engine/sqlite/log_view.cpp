#include "sqlite/log_view.h"

#include "wal/format.h"

namespace streamd::sqlite {

void LogView::close_run() {
  open_run_.for_each([this](std::uint32_t page, std::uint32_t frame) { past_.put(page, frame); });
  open_run_.clear();
}

void LogView::forget() {
  past_.clear();
  open_run_.clear();
}

Status LogView::rebuild(std::uint32_t last, std::uint32_t page_size) {
  forget();
  std::uint8_t raw[wal::kFrameHeaderSize];
  for (std::uint32_t frame = 1; frame <= last; ++frame) {
    TRY(log_.read_at(wal::frame_offset(frame, page_size), raw));
    past_.put(wal::parse_frame_header(raw).page.value, frame);
  }
  return {};
}

Status LogView::read_now(PageNo page, MutableBytes out) const {
  const std::uint32_t newest = frame_in(open_run_, page);
  return read(newest != 0 ? newest : frame_in(past_, page), page, out);
}

Status LogView::read(std::uint32_t frame, PageNo page, MutableBytes out) const {
  const auto page_size = static_cast<std::uint32_t>(out.size());
  if (frame != 0)
    return log_.read_at(wal::frame_offset(frame, page_size) + wal::kFrameHeaderSize, out);
  return database_.read_database(static_cast<std::uint64_t>(page.value - 1) * page_size, out);
}

}  // namespace streamd::sqlite
