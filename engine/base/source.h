// Bytes of known size that can be read at any offset, again and again: a file, a buffer, a stored
// object.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace streamd {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  // Fills `out` completely or fails; kCorrupt past the end. Any thread.
  virtual Status read_at(std::uint64_t offset, MutableBytes out) const = 0;
};

// Borrows the bytes.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(ByteView bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Status read_at(std::uint64_t offset, MutableBytes out) const override;

 private:
  ByteView bytes_;
};

// Borrows the file; the size is taken once, at construction.
class FileSource final : public ByteSource {
 public:
  static Result<FileSource> over(const File& file);
  std::uint64_t size() const override { return size_; }
  Status read_at(std::uint64_t offset, MutableBytes out) const override {
    return file_->read_at(offset, out);
  }

 private:
  FileSource(const File& file, std::uint64_t size) : file_(&file), size_(size) {}
  const File* file_;
  std::uint64_t size_;
};

}  // namespace streamd
