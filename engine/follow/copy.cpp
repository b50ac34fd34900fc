#include "follow/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "segment/checksum.h"

namespace streamd::follow {
namespace {

constexpr std::uint64_t kLogBytes = 4 * kMiB;      // of the log, before it is brought into the file
constexpr std::uint32_t kReadBytes = 1024 * 1024;  // at a time

// Pages on their way into the next commit.
class Pages final : public restore::PageFile {
 public:
  explicit Pages(sqlite::LogWriter& writer) : writer_(writer) {}
  Status read(PageNo first, MutableBytes out) override { return writer_.read(first, out); }
  Status write(PageNo first, ByteView images) override { return writer_.write(first, images); }
  Status cut(std::uint32_t) override { return {}; }  // the commit says it

 private:
  sqlite::LogWriter& writer_;
};

// Writable for the moment in which it is opened; read-only from then on, for whoever comes.
class Writable {
 public:
  static Result<Writable> make(const std::string& path) {
    const auto there = TRY(stat_path(path));
    if (!there) return make_error(Code::kNotFound, "follow " + path + ": it is not there");
    Writable file(path, there->st_mode & 07777);
    if (!(file.mode_ & S_IWUSR)) TRY(file.set(file.mode_ | S_IWUSR));
    return file;
  }
  Status done() { return set(mode_ & ~static_cast<mode_t>(S_IWUSR | S_IWGRP | S_IWOTH)); }

 private:
  Writable(std::string path, mode_t mode) : path_(std::move(path)), mode_(mode) {}
  Status set(mode_t mode) {
    if (::chmod(path_.c_str(), mode) == 0) return {};
    return errno_error(errno, "set the mode of " + path_);
  }
  std::string path_;
  mode_t mode_;
};

}  // namespace

Copy::Copy(std::string path, const State& state, const Cancel* cancel)
    : path_(std::move(path)),
      state_(state),
      cancel_(cancel),
      workers_(std::max(1u, std::thread::hardware_concurrency())) {}

Result<std::unique_ptr<Copy>> Copy::open(const std::string& path, const State& state,
                                         const Cancel* cancel) {
  std::unique_ptr<Copy> copy(new Copy(path, state, cancel));
  Writable file = TRY(Writable::make(path));
  auto writer = sqlite::LogWriter::open(path);
  TRY(file.done());
  copy->writer_ = TRY(std::move(writer));
  TRY(copy->read_pages());
  TRY(copy->identify());
  TRY(copy->settle());
  return copy;
}

// Nobody may write meanwhile.
Status Copy::read_pages() {
  hashes_.clear();
  TRY(writer_->begin());
  const std::uint32_t page_size = writer_->page_size(), pages = writer_->pages();
  const segment::ChecksumKey key(state_.checksum_key);
  Bytes buffer(std::max(kReadBytes, page_size));
  const auto at_once = static_cast<std::uint32_t>(buffer.size()) / page_size;
  Status done = [&]() -> Status {
    for (std::uint32_t first = 1; first <= pages; first += at_once) {
      if (cancel_ != nullptr && cancel_->cancelled())
        return make_error(Code::kCancelled, "follow " + path_ + ": cancelled");
      const std::uint32_t count = std::min(at_once, pages - first + 1);
      TRY(writer_->read(PageNo(first), MutableBytes(buffer).first(std::size_t{count} * page_size)));
      for (std::uint32_t i = 0; i < count; ++i) {
        const PageNo page(first + i);
        if (page == lock_page(page_size)) continue;
        const auto image = ByteView(buffer).subspan(std::size_t{i} * page_size, page_size);
        hashes_.set(page, segment::page_hash(image, page, key));
      }
    }
    return {};
  }();
  writer_->rollback();
  known_ = done.has_value();
  return done;
}

Status Copy::identify() {
  const auto is = [&](const Position& position) {
    return writer_->page_size() == state_.page_size && writer_->pages() == position.pages &&
           hashes_.checksum() == position.checksum;
  };
  if (state_.next && is(*state_.next)) state_.at = *state_.next;
  state_.next.reset();
  if (is(state_.at)) return {};
  return make_error(
      Code::kDiverged,
      "follow " + path_ + ": it is not what was written there; somebody has changed it",
      "a followed copy is only to be read; --force moves this one away and begins anew");
}

Status Copy::commit(const Position& next) {
  state_.next = next;
  TRY(save_state(state_path(path_), state_));
  TRY(writer_->commit(next.pages));
  state_.at = next;
  state_.next.reset();
  if (writer_->log_bytes() > kLogBytes) TRY(settle());
  return {};
}

Status Copy::finish() {
  TRY(save_state(state_path(path_), state_));
  return settle();
}

Status Copy::settle() {
  (void)TRY(writer_->checkpoint());
  return {};
}

Status Copy::advance(storage::Store& store, const restore::Plan& plan,
                     const restore::AdvanceOptions& options) {
  if (!known_) TRY(read_pages());
  TRY(writer_->begin());
  const catalog::Marker marker{state_.database, state_.checksum_key, 0};
  restore::Reached reached{state_.at.txid,     true,          state_.page_size, state_.at.pages,
                           state_.at.checksum, state_.at.seen};
  Pages pages(*writer_);
  restore::Applier applier(pages, state_.page_size, segment::ChecksumKey(state_.checksum_key),
                           workers_, std::move(hashes_));
  restore::AdvanceOptions each = options;
  each.committed = [&](const restore::Reached& now) -> Status {
    TRY(commit({plan.moment.generation, now.txid, now.seen, now.pages, now.checksum}));
    if (options.committed) TRY(options.committed(now));
    return writer_->begin();
  };
  known_ = false;
  const Status applied = restore::apply_segments(store, marker, plan, applier, reached, each);
  writer_->rollback();
  if (!applied) return applied;
  hashes_ = applier.take_hashes();
  known_ = true;
  return {};
}

Result<std::uint32_t> Copy::write_differences(const File& file, const restore::Rebuilt& rebuilt) {
  std::uint32_t written = 0;
  Bytes image(state_.page_size);
  for (PageNo page(1); page.value <= rebuilt.pages; page = page.next()) {
    if (page == lock_page(state_.page_size)) continue;
    const bool same = page.value <= state_.at.pages && hashes_.of(page) == rebuilt.hashes.of(page);
    if (same) continue;
    TRY(file.read_at(std::uint64_t{page.value - 1} * state_.page_size, image));
    TRY(writer_->write(page, image));
    ++written;
  }
  return written;
}

Result<std::uint32_t> Copy::replace(const File& file, restore::Rebuilt rebuilt) {
  if (rebuilt.page_size != state_.page_size)
    return make_error(
        Code::kUnsupported,
        fmt::format("follow {}: the database has pages of {} bytes now, the copy of {}", path_,
                    rebuilt.page_size, state_.page_size),
        "end its readers and begin anew: --force moves this copy away");
  if (!known_) TRY(read_pages());
  TRY(writer_->begin());
  auto written = write_differences(file, rebuilt);
  const restore::Moment& moment = rebuilt.plan.moment;
  Status done =
      written
          ? commit({moment.generation, moment.txid, rebuilt.seen, rebuilt.pages, rebuilt.checksum})
          : Status(written.error());
  writer_->rollback();
  known_ = done.has_value();
  TRY(std::move(done));
  hashes_ = std::move(rebuilt.hashes);
  return written;
}

}  // namespace streamd::follow
