#include "litestream/stream.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace streamd::litestream {
namespace {

struct Piece {
  std::string key;
  std::uint64_t offset = 0, length = 0;
  bool done = false;
  Status result;
  Bytes bytes;
};

}  // namespace

struct ObjectStream::State {
  void work();
  Status fetch(Piece& piece);

  storage::Store* store = nullptr;
  const Cancel* outer = nullptr;
  Cancel cancel;
  std::vector<Piece> pieces;  // of all objects, in order
  std::size_t ahead = 0;      // pieces that may be here or on their way

  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next = 0, taken = 0;  // the next to fetch, the next to hand out
  bool stop = false;
  std::vector<std::thread> threads;
};

Status ObjectStream::State::fetch(Piece& piece) {
  storage::Call call;
  call.cancel = &cancel;
  piece.bytes.reserve(piece.length);
  const storage::Sink sink = [&](ByteView bytes) -> Status {
    if (bytes.size() > piece.length - piece.bytes.size())
      return make_error(Code::kInternal, "more bytes than asked for");
    append(piece.bytes, bytes);
    return {};
  };
  const auto read = store->get(piece.key, piece.offset, piece.length, sink, call);
  if (!read) return Error(read.error()).with_context("fetch object " + piece.key);
  if (piece.bytes.size() != piece.length)
    return make_error(Code::kCorrupt, "fetch object " + piece.key + ": it is cut short");
  return {};
}

void ObjectStream::State::work() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [&] { return stop || next == pieces.size() || next < taken + ahead; });
    if (stop || next == pieces.size()) return;
    Piece& piece = pieces[next++];
    lock.unlock();
    Status result = fetch(piece);
    lock.lock();
    piece.result = std::move(result);
    piece.done = true;
    changed.notify_all();
  }
}

ObjectStream::ObjectStream(storage::Store& store, const std::vector<Stored>& objects,
                           unsigned parallel, const Cancel* cancel, std::uint64_t piece_bytes)
    : state_(std::make_unique<State>()) {
  state_->store = &store;
  state_->outer = cancel;
  for (const Stored& object : objects) {
    sizes_.push_back(object.size);
    for (std::uint64_t offset = 0; offset < object.size; offset += piece_bytes)
      state_->pieces.push_back(
          {object.key, offset, std::min(piece_bytes, object.size - offset), false, {}, {}});
  }
  const auto threads =
      static_cast<unsigned>(std::min<std::size_t>(std::max(1u, parallel), state_->pieces.size()));
  state_->ahead = std::size_t{threads} * 2;
  for (unsigned i = 0; i < threads; ++i)
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

ObjectStream::~ObjectStream() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->cancel.cancel();
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

Status ObjectStream::next_piece() {
  std::unique_lock lock(state_->mutex);
  Piece& piece = state_->pieces[state_->taken];
  while (!piece.done) {
    if (state_->outer != nullptr && state_->outer->cancelled())
      return make_error(Code::kCancelled, "restore: cancelled");
    state_->changed.wait_for(lock, milliseconds(100));
  }
  TRY(std::move(piece.result));
  ++state_->taken;
  piece_ = std::move(piece.bytes);
  used_ = 0;
  fetched_ += piece_.size();
  state_->changed.notify_all();
  return {};
}

void ObjectStream::open() {
  remaining_ = sizes_[opened_++];
}

Result<ByteView> ObjectStream::more() {
  if (remaining_ == 0) return ByteView{};
  if (used_ == piece_.size()) TRY(next_piece());
  return ByteView(piece_).subspan(used_);
}

void ObjectStream::consume(std::size_t bytes) {
  used_ += bytes;
  remaining_ -= bytes;
}

Status ObjectStream::read(MutableBytes out) {
  if (out.size() > remaining_) return make_error(Code::kCorrupt, "it ends too early");
  while (!out.empty()) {
    const ByteView here = TRY(more()).first(std::min(out.size(), TRY(more()).size()));
    std::copy(here.begin(), here.end(), out.begin());
    out = out.subspan(here.size());
    consume(here.size());
  }
  return {};
}

}  // namespace streamd::litestream
