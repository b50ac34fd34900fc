// Decrypts the bytes of an encrypted object as they arrive, and hands on the wanted ones. Nothing
// is handed on before its chunk is proven.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "crypt/container.h"
#include "storage/store.h"

namespace streamd::crypt {

using CipherPtr = std::shared_ptr<const ChunkCipher>;
// The cipher for a header that was read.
using CipherOf = std::function<Result<CipherPtr>(const Header&)>;

class Opening {
 public:
  // Plain bytes [offset, offset + length) of the object `name`; length may be storage::kToTheEnd.
  // Borrows the sink. With `known` reading begins at a chunk, else at the header, of which
  // `cipher_of` makes a cipher.
  Opening(std::string name, std::uint64_t offset, std::uint64_t length, CipherPtr known,
          CipherOf cipher_of, const storage::Sink& sink);

  // Encrypted bytes to read next: from where, and how many (storage::kToTheEnd = all that is left).
  std::uint64_t position() const { return position_; }
  std::uint64_t wanted() const;
  bool done() const { return done_; }
  // kCorrupt when the object, being known, does not have the range.
  const Status& possible() const { return possible_; }
  Status take(ByteView sealed);

 private:
  Status begin(CipherPtr cipher);
  std::uint64_t needed() const;  // bytes of what comes next: the header, or a chunk
  Status consume(ByteView piece);
  Status open_chunk(ByteView sealed);

  const std::string name_;
  const std::uint64_t offset_, length_;
  const CipherOf cipher_of_;
  const storage::Sink& sink_;
  CipherPtr cipher_;
  std::uint64_t position_ = 0, chunk_ = 0, last_ = 0;
  std::uint64_t end_ = 0;  // of the wanted bytes, known with the header
  bool done_ = false;
  Bytes pending_, plain_;
  Status possible_;
};

}  // namespace streamd::crypt
