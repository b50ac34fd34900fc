#include "crypt/container.h"

#include <sodium.h>

#include <algorithm>
#include <mutex>

namespace streamd::crypt {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic{0x89, 'S', 'T', 'R', 'E', 'N', 0x0d, 0x0a};
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kSaltAt = 64;
constexpr std::size_t kReadStep = 256 * kKiB;

using Nonce = std::array<std::uint8_t, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES>;
static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == kTag);
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == std::tuple_size_v<SecretKey>);
static_assert(crypto_onetimeauth_KEYBYTES == std::tuple_size_v<SecretKey>);

// A key for one purpose: BLAKE2b under the generation's, over the purpose and what it is for.
SecretKey derive(const GenerationKey& key, std::string_view purpose, ByteView of) {
  SecretKey derived{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.secret().data(), key.secret().size(), derived.size());
  crypto_generichash_update(&state, as_bytes(purpose).data(), purpose.size());
  crypto_generichash_update(&state, of.data(), of.size());
  crypto_generichash_final(&state, derived.data(), derived.size());
  return derived;
}

Nonce nonce_of(std::uint64_t number, bool last) {
  Nonce nonce{};
  store_le(nonce.data(), number);
  nonce[8] = last ? 1 : 0;
  return nonce;
}

Bytes associated_data(const Header& header, const std::string& name) {
  const HeaderBytes raw = encode(header);
  Bytes all(raw.begin(), raw.end());
  append(all, as_bytes(name));
  return all;
}

// A universal hash of the content under a secret key. It is never shown: only what BLAKE2b makes of
// it is, so Poly1305 does here, which is four times as fast as BLAKE2b.
Status hash_content(const ByteSource& plain, const GenerationKey& key, MutableBytes out) {
  SecretKey secret = derive(key, "streamd content", {});
  crypto_onetimeauth_state state;
  crypto_onetimeauth_init(&state, secret.data());
  sodium_memzero(secret.data(), secret.size());
  Bytes buffer(std::min<std::uint64_t>(kReadStep, plain.size()));
  for (std::uint64_t at = 0; at < plain.size(); at += buffer.size()) {
    const MutableBytes step =
        MutableBytes(buffer).first(std::min<std::uint64_t>(buffer.size(), plain.size() - at));
    TRY(plain.read_at(at, step));
    crypto_onetimeauth_update(&state, step.data(), step.size());
  }
  crypto_onetimeauth_final(&state, out.data());
  sodium_memzero(&state, sizeof state);
  return {};
}

}  // namespace

HeaderBytes encode(const Header& header) {
  HeaderBytes raw{};
  std::copy(kMagic.begin(), kMagic.end(), raw.begin());
  store_le(raw.data() + 8, kVersion);
  store_le(raw.data() + 16, header.generation.value);
  std::copy(header.database.bytes.begin(), header.database.bytes.end(), raw.begin() + 24);
  std::copy(header.key.begin(), header.key.end(), raw.begin() + 40);
  store_le(raw.data() + 56, header.size);
  std::copy(header.salt.begin(), header.salt.end(), raw.begin() + kSaltAt);
  return raw;
}

Result<Header> decode(ByteView raw) {
  if (raw.size() != kHeaderSize || !std::equal(kMagic.begin(), kMagic.end(), raw.begin()))
    return make_error(Code::kCorrupt, "it is not an encrypted object, although its generation is");
  if (const auto version = load_le<std::uint16_t>(raw.data() + 8); version != kVersion)
    return make_error(version > kVersion ? Code::kUnsupported : Code::kCorrupt,
                      "it is encrypted in version " + std::to_string(version) +
                          ", and this streamd reads version 1",
                      "use a newer streamd");
  Header header;
  header.generation.value = load_le<std::uint64_t>(raw.data() + 16);
  std::copy_n(raw.begin() + 24, header.database.bytes.size(), header.database.bytes.begin());
  std::copy_n(raw.begin() + 40, header.key.size(), header.key.begin());
  header.size = load_le<std::uint64_t>(raw.data() + 56);
  std::copy_n(raw.begin() + kSaltAt, header.salt.size(), header.salt.begin());
  if (const HeaderBytes again = encode(header); !std::equal(raw.begin(), raw.end(), again.begin()))
    return make_error(Code::kCorrupt, "its header is damaged");
  return header;
}

std::uint64_t plain_size(std::uint64_t sealed) {
  if (sealed < kHeaderSize + kTag) return 0;
  const std::uint64_t body = sealed - kHeaderSize;
  const std::uint64_t tags = (body + kSealedChunk - 1) / kSealedChunk * kTag;
  return body - std::min(tags, body);
}

ChunkCipher::ChunkCipher(const GenerationKey& key, const Header& header, const std::string& name)
    : header_(header),
      associated_(associated_data(header, name)),
      key_(derive(key, "streamd object", header.salt)) {}

ChunkCipher::~ChunkCipher() {
  sodium_memzero(key_.data(), key_.size());
}

void ChunkCipher::seal(std::uint64_t number, ByteView plain, MutableBytes out) const {
  const Nonce nonce = nonce_of(number, number + 1 == chunks_of(header_.size));
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(),
                                             associated_.data(), associated_.size(), nullptr,
                                             nonce.data(), key_.data());
}

bool ChunkCipher::open(std::uint64_t number, ByteView sealed, MutableBytes out) const {
  const Nonce nonce = nonce_of(number, number + 1 == chunks_of(header_.size));
  return crypto_aead_xchacha20poly1305_ietf_decrypt(
             out.data(), nullptr, nullptr, sealed.data(), sealed.size(), associated_.data(),
             associated_.size(), nonce.data(), key_.data()) == 0;
}

struct SealedSource::Chunk {
  std::mutex mutex;
  std::optional<std::uint64_t> number;
  Bytes bytes;
};

Result<std::unique_ptr<SealedSource>> SealedSource::over(const ByteSource& plain,
                                                         const GenerationKey& key,
                                                         const std::string& name) {
  Header header{key.generation(), key.database(), key.id(), plain.size(), {}};
  std::array<std::uint8_t, crypto_onetimeauth_BYTES> content{};
  TRY(hash_content(plain, key, content));
  // Header and name are in it: the same content under two names has two keys.
  Bytes all = associated_data(header, name);
  append(all, content);
  header.salt = derive(key, "streamd salt", all);
  return std::unique_ptr<SealedSource>(new SealedSource(plain, key, header, name));
}

SealedSource::SealedSource(const ByteSource& plain, const GenerationKey& key, const Header& header,
                           const std::string& name)
    : plain_(plain),
      cipher_(key, header, name),
      header_(encode(header)),
      last_(std::make_unique<Chunk>()) {}

SealedSource::~SealedSource() = default;

std::uint64_t SealedSource::size() const {
  return sealed_size(cipher_.header().size);
}

Status SealedSource::seal_chunk(std::uint64_t number, MutableBytes out) const {
  Bytes plain(out.size() - kTag);
  TRY(plain_.read_at(number * kChunk, plain));
  cipher_.seal(number, plain, out);
  return {};
}

// A piece of a chunk: the whole of it is made, and kept for the next piece.
Status SealedSource::read_chunk(std::uint64_t number, std::uint64_t offset,
                                MutableBytes out) const {
  const std::uint64_t plain = std::min(kChunk, cipher_.header().size - number * kChunk);
  if (out.size() == plain + kTag) return seal_chunk(number, out);
  const std::lock_guard lock(last_->mutex);
  if (last_->number != number) {
    last_->number.reset();
    last_->bytes.resize(plain + kTag);
    TRY(seal_chunk(number, last_->bytes));
    last_->number = number;
  }
  std::copy_n(last_->bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  return {};
}

Status SealedSource::read_at(std::uint64_t offset, MutableBytes out) const {
  if (offset > size() || out.size() > size() - offset)
    return make_error(Code::kCorrupt, "read past the end of an encrypted object");
  if (offset < kHeaderSize) {
    const std::size_t step = std::min<std::size_t>(kHeaderSize - offset, out.size());
    std::copy_n(header_.begin() + static_cast<std::ptrdiff_t>(offset), step, out.begin());
    offset += step;
    out = out.subspan(step);
  }
  while (!out.empty()) {
    const std::uint64_t at = offset - kHeaderSize, number = at / kSealedChunk;
    const std::uint64_t inside = at % kSealedChunk;
    const std::size_t step = std::min<std::size_t>(
        std::min(kSealedChunk, size() - kHeaderSize - number * kSealedChunk) - inside, out.size());
    TRY(read_chunk(number, inside, out.first(step)));
    offset += step;
    out = out.subspan(step);
  }
  return {};
}

}  // namespace streamd::crypt
