#include "segment/part_hash.h"

#include <sodium/crypto_generichash.h>

namespace streamd::segment {

struct PartHasher::State {
  crypto_generichash_state blake;
};

// None of these calls can fail with these lengths.
PartHasher::PartHasher() : state_(std::make_unique<State>()) {
  crypto_generichash_init(&state_->blake, nullptr, 0, std::tuple_size_v<catalog::PartHash>);
}
PartHasher::~PartHasher() = default;
PartHasher::PartHasher(PartHasher&&) noexcept = default;
PartHasher& PartHasher::operator=(PartHasher&&) noexcept = default;

void PartHasher::update(std::uint64_t page_hash) {
  Bytes raw;
  append_le(raw, page_hash);
  crypto_generichash_update(&state_->blake, raw.data(), raw.size());
}

catalog::PartHash PartHasher::finish() {
  catalog::PartHash hash;
  crypto_generichash_final(&state_->blake, hash.data(), hash.size());
  return hash;
}

}  // namespace streamd::segment
