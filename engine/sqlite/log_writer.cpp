#include "sqlite/log_writer.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace streamd::sqlite {
namespace {

constexpr std::uint32_t kIndexVersion = 3007000;
constexpr std::size_t kDatabaseHeader = 100;  // bytes

std::uint64_t image_offset(std::uint32_t frame, std::uint32_t page_size) {
  return wal::frame_offset(frame, page_size) + wal::kFrameHeaderSize;
}

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::open(const std::string& path) {
  std::unique_ptr<LogWriter> writer(new LogWriter);
  writer->path_ = path;
  TRY(writer->connection_.open(path));
  if (writer->connection_.read_only())
    return make_error(Code::kPermission, "open " + path + ": it may not be written",
                      "run this as the user whom the file belongs to");
  TRY(writer->load());
  return writer;
}

Status LogWriter::load() {
  std::array<std::uint8_t, kDatabaseHeader> raw{};
  TRY(connection_.read_database(0, raw));
  const std::uint32_t code = static_cast<std::uint32_t>(raw[16]) << 8 | raw[17];
  at_.page_size = code == 1 ? 65536 : code;
  if (raw[18] != 2 || raw[19] != 2 || !valid_page_size(at_.page_size))
    return make_error(Code::kNotWal, "open " + path_ + ": it is no database in WAL mode");
  TRY(connection_.touch());
  index_ = TRY(connection_.map_index_block(0));
  log_ = TRY(File::open_write(path_ + "-wal"));
  const wal::IndexHeader found = TRY(repaired_header());
  TRY(load_frames(found));
  adopt(found);
  pages_ = found.last_frame != 0
               ? found.pages
               : static_cast<std::uint32_t>(TRY(connection_.database_size()) / at_.page_size);
  return {};
}

// Where the pages of the commits in the log are.
Status LogWriter::load_frames(const wal::IndexHeader& header) {
  committed_.clear();
  for (std::uint32_t frame = 1; frame <= header.last_frame; ++frame) {
    std::array<std::uint8_t, wal::kFrameHeaderSize> raw{};
    TRY(log_.read_at(wal::frame_offset(frame, at_.page_size), raw));
    const wal::FrameHeader found = wal::parse_frame_header(raw.data());
    if (found.page.value == 0 || found.salts != header.salts)
      return make_error(Code::kCorrupt, "read the log of " + path_ + ": it does not fit its index");
    committed_.put(found.page.value, frame);
  }
  return {};
}

Result<wal::IndexHeader> LogWriter::header() const {
  if (const auto found = wal::read_index_header(index_)) return *found;
  return make_error(Code::kBusy, "read the wal-index of " + path_ + ": somebody is writing it");
}

// A torn one was left by a writer that died: SQLite repairs it for any reader.
Result<wal::IndexHeader> LogWriter::repaired_header() {
  if (const auto found = wal::read_index_header(index_)) return *found;
  TRY(connection_.touch());
  return header();
}

void LogWriter::adopt(const wal::IndexHeader& header) {
  last_ = header;
  at_.salts = header.salts;
  at_.frame = header.last_frame;
  at_.chain = header.frame_chain;
  at_.big_endian = header.big_endian != 0;
  at_.pages = header.pages;
  at_.change = header.change;
}

Status LogWriter::begin() {
  if (open_) return {};
  (void)TRY(repaired_header());
  if (!connection_.lock_exclusive(IndexLock::kWrite))
    return make_error(Code::kBusy, "write to " + path_ + ": somebody else is writing to it",
                      "it is a copy that is kept current: open it read-only");
  open_ = true;
  Status ready = [&]() -> Status {
    const wal::IndexHeader now = TRY(header());
    // Somebody's checkpoint may have emptied the log; that changes nothing.
    const bool same =
        now.change == last_.change &&
        (now.last_frame == 0 || (now.last_frame == last_.last_frame && now.salts == last_.salts));
    if (!same)
      return make_error(Code::kDiverged, "write to " + path_ + ": somebody else has changed it");
    if (now.last_frame == 0) committed_.clear();
    adopt(now);
    return now.last_frame == 0 ? start_log() : Status();
  }();
  if (!ready) rollback();
  return ready;
}

Status LogWriter::start_log() {
  wal::Salts salts;
  random_bytes(salts.bytes);
  return log_.write_at(0, wal::begin_log(at_, salts));
}

Status LogWriter::read_page(PageNo page, MutableBytes out) {
  const std::uint32_t* frame = written_.find(page.value);
  if (frame == nullptr) frame = committed_.find(page.value);
  if (frame != nullptr) return log_.read_at(image_offset(*frame, at_.page_size), out);
  return connection_.read_database(std::uint64_t{page.value - 1} * at_.page_size, out);
}

Status LogWriter::read(PageNo first, MutableBytes out) {
  const std::lock_guard lock(mutex_);
  for (PageNo page = first; !out.empty(); page = page.next(), out = out.subspan(at_.page_size))
    TRY(read_page(page, out.first(at_.page_size)));
  return {};
}

Status LogWriter::append(PageNo page, ByteView image, std::uint32_t pages_after) {
  const std::uint64_t offset = wal::frame_offset(at_.frame + 1, at_.page_size);
  const auto head = wal::append_frame(at_, page, image, pages_after);
  frame_.assign(head.begin(), head.end());
  streamd::append(frame_, image);
  TRY(log_.write_at(offset, frame_));
  frames_.push_back(page);
  written_.put(page.value, at_.frame);
  return {};
}

Status LogWriter::write(PageNo first, ByteView images) {
  const std::lock_guard lock(mutex_);
  for (PageNo page = first; !images.empty(); page = page.next()) {
    TRY(append(page, images.first(at_.page_size), 0));
    images = images.subspan(at_.page_size);
  }
  return {};
}

// The last frame makes the commit: page 1, which every database has.
Status LogWriter::commit(std::uint32_t pages) {
  Status done = [&]() -> Status {
    const std::lock_guard lock(mutex_);
    Bytes first(at_.page_size);
    TRY(read_page(PageNo(1), first));
    if (first[18] != 2 || first[19] != 2)
      return make_error(Code::kNotWal, "write to " + path_ + ": it would leave WAL mode");
    TRY(append(PageNo(1), first, pages));
    TRY(log_.sync());
    return publish();
  }();
  if (done) {
    pages_ = pages;
    written_.for_each(
        [&](std::uint32_t page, std::uint32_t frame) { committed_.put(page, frame); });
  }
  rollback();
  return done;
}

Status LogWriter::publish() {
  std::uint32_t frame = last_.last_frame;
  std::optional<wal::IndexBlock> block;
  std::optional<std::uint32_t> number;
  for (const PageNo page : frames_) {
    ++frame;
    if (number != wal::index_block_of(frame)) {
      number = wal::index_block_of(frame);
      block.emplace(TRY(connection_.map_index_block(*number)), *number);
      block->cut(frame - 1);
    }
    block->add(frame, page);
  }
  wal::IndexHeader header = last_;
  header.version = kIndexVersion;
  header.change = at_.change;
  header.initialised = 1;
  header.big_endian = at_.big_endian ? 1 : 0;
  header.page_size_code =
      static_cast<std::uint16_t>((at_.page_size & 0xff00u) | (at_.page_size >> 16));
  header.last_frame = at_.frame;
  header.pages = at_.pages;
  header.frame_chain = at_.chain;
  header.salts = at_.salts;
  wal::write_index_header(index_, header);
  last_ = TRY(this->header());
  return {};
}

void LogWriter::rollback() {
  if (!open_) return;
  open_ = false;
  written_.clear();
  frames_.clear();
  connection_.unlock_exclusive(IndexLock::kWrite);
}

std::uint64_t LogWriter::log_bytes() const {
  return last_.last_frame == 0 ? 0 : wal::frame_offset(last_.last_frame + 1, at_.page_size);
}

// A look at the newest commit moves the read marks there: readers that may not move them themselves
// then keep no more of the log than they need.
Result<bool> LogWriter::checkpoint() {
  TRY(connection_.touch());
  const bool all = TRY(connection_.truncate_log());
  const wal::IndexHeader now = TRY(repaired_header());
  if (now.change == last_.change && now.last_frame == 0) {
    committed_.clear();
    adopt(now);
  }
  return all;
}

}  // namespace streamd::sqlite
