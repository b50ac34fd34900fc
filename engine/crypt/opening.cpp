#include "crypt/opening.h"

#include <algorithm>

namespace streamd::crypt {

Opening::Opening(std::string name, std::uint64_t offset, std::uint64_t length, CipherPtr known,
                 CipherOf cipher_of, const storage::Sink& sink)
    : name_(std::move(name)),
      offset_(offset),
      length_(length),
      cipher_of_(std::move(cipher_of)),
      sink_(sink) {
  if (known) possible_ = begin(std::move(known));
}

// The header is known: which chunks hold the wanted bytes.
Status Opening::begin(CipherPtr cipher) {
  cipher_ = std::move(cipher);
  const std::uint64_t size = cipher_->header().size;
  const bool to_the_end = length_ == storage::kToTheEnd;
  if (offset_ > size || (!to_the_end && length_ > size - offset_))
    return make_error(Code::kCorrupt, "object " + name_ + " is shorter than asked for");
  end_ = to_the_end ? size : offset_ + length_;
  // Also for no bytes at all a chunk is read: the answer is proven.
  chunk_ = std::min(offset_ / kChunk, chunks_of(size) - 1);
  last_ = std::max(chunk_, chunks_of(end_) - 1);
  position_ = kHeaderSize + chunk_ * kSealedChunk;
  return {};
}

std::uint64_t Opening::needed() const {
  if (!cipher_) return kHeaderSize;
  return std::min(kChunk, cipher_->header().size - chunk_ * kChunk) + kTag;
}

std::uint64_t Opening::wanted() const {
  if (cipher_) {
    const std::uint64_t sealed_end =
        std::min(kHeaderSize + (last_ + 1) * kSealedChunk, sealed_size(cipher_->header().size));
    return sealed_end - position_;
  }
  if (length_ == storage::kToTheEnd) return length_;
  // As if the object ended with what is wanted, which most often it does.
  return sealed_size(offset_ + length_);
}

Status Opening::take(ByteView sealed) {
  while (!sealed.empty() && !done_) {
    const std::uint64_t need = needed();
    if (pending_.empty() && sealed.size() >= need) {
      TRY(consume(sealed.first(need)));
      sealed = sealed.subspan(need);
      continue;
    }
    const std::size_t step = std::min<std::uint64_t>(need - pending_.size(), sealed.size());
    append(pending_, sealed.first(step));
    sealed = sealed.subspan(step);
    position_ += step;
    if (pending_.size() < need) continue;
    position_ -= need;  // consume counts it
    const Status consumed = consume(pending_);
    pending_.clear();
    TRY(consumed);
  }
  if (!sealed.empty() && length_ == storage::kToTheEnd)
    return make_error(Code::kCorrupt, "object " + name_ + " is longer than it was when it was put");
  return {};
}

Status Opening::consume(ByteView piece) {
  if (cipher_) return open_chunk(piece);
  auto header = decode(piece);
  if (!header) return std::move(header.error()).with_context("read object " + name_);
  return begin(TRY(cipher_of_(*header)));
}

Status Opening::open_chunk(ByteView sealed) {
  plain_.resize(sealed.size() - kTag);
  if (!cipher_->open(chunk_, sealed, plain_))
    return make_error(Code::kCorrupt, "object " + name_ +
                                          " is damaged, or is not the one that was put under this "
                                          "name: it does not decrypt");
  const std::uint64_t start = chunk_ * kChunk;
  const std::uint64_t first = std::max(offset_, start),
                      last = std::min(end_, start + plain_.size());
  if (first < last) TRY(sink_(ByteView(plain_).subspan(first - start, last - first)));
  position_ += sealed.size();
  done_ = chunk_++ == last_;
  return {};
}

}  // namespace streamd::crypt
