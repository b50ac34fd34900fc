// An encrypted object: a clear header, then the object in chunks, each encrypted by itself
// (docs/formats/encrypted.md). What comes out is a pure function of key, name and content.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/source.h"
#include "crypt/generation_key.h"

namespace streamd::crypt {

constexpr std::uint64_t kHeaderSize = 96;
constexpr std::uint64_t kChunk = 64 * kKiB;  // of the plain object; the last one may be shorter
constexpr std::uint64_t kTag = 16;           // after each chunk
constexpr std::uint64_t kSealedChunk = kChunk + kTag;

using HeaderBytes = std::array<std::uint8_t, kHeaderSize>;
struct Header {
  GenerationId generation{};
  Uuid database{};
  KeyId key{};
  std::uint64_t size = 0;  // of the plain object
  std::array<std::uint8_t, 32> salt{};
  bool operator==(const Header&) const = default;
};
HeaderBytes encode(const Header& header);
// kCorrupt, or kUnsupported for a newer version.
Result<Header> decode(ByteView raw);

// An empty object has one chunk, so that it is proven too.
constexpr std::uint64_t chunks_of(std::uint64_t plain) {
  return plain == 0 ? 1 : (plain + kChunk - 1) / kChunk;
}
constexpr std::uint64_t sealed_size(std::uint64_t plain) {
  return kHeaderSize + plain + chunks_of(plain) * kTag;
}
// Of the object whose encrypted form has this size. What was cut short may have any: reading finds
// out.
std::uint64_t plain_size(std::uint64_t sealed);

// Encrypts and decrypts the chunks of one object. Any thread.
class ChunkCipher {
 public:
  ChunkCipher(const GenerationKey& key, const Header& header, const std::string& name);
  ~ChunkCipher();
  ChunkCipher(const ChunkCipher&) = delete;
  ChunkCipher& operator=(const ChunkCipher&) = delete;

  const Header& header() const { return header_; }
  // `out` is kTag longer than `plain`.
  void seal(std::uint64_t number, ByteView plain, MutableBytes out) const;
  // `out` is kTag shorter. False: it is not what was sealed as this chunk of this object.
  bool open(std::uint64_t number, ByteView sealed, MutableBytes out) const;

 private:
  Header header_;
  Bytes associated_;  // the header and the object's name
  SecretKey key_{};
};

// The encrypted form of an object, made while it is read. Any thread; borrows the object.
class SealedSource final : public ByteSource {
 public:
  // Reads the whole object once, for the salt. `name` is its key in the replica.
  static Result<std::unique_ptr<SealedSource>> over(const ByteSource& plain,
                                                    const GenerationKey& key,
                                                    const std::string& name);
  ~SealedSource() override;
  std::uint64_t size() const override;
  Status read_at(std::uint64_t offset, MutableBytes out) const override;

 private:
  struct Chunk;
  SealedSource(const ByteSource& plain, const GenerationKey& key, const Header& header,
               const std::string& name);
  Status seal_chunk(std::uint64_t number, MutableBytes out) const;
  Status read_chunk(std::uint64_t number, std::uint64_t offset, MutableBytes out) const;

  const ByteSource& plain_;
  const ChunkCipher cipher_;
  const HeaderBytes header_;
  const std::unique_ptr<Chunk> last_;  // the chunk read last, for those who read in small steps
};

}  // namespace streamd::crypt
