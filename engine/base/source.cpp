#include "base/source.h"

#include <cstring>

namespace streamd {

Status MemorySource::read_at(std::uint64_t offset, MutableBytes out) const {
  if (offset > bytes_.size() || out.size() > bytes_.size() - offset)
    return make_error(Code::kCorrupt, "read past the end of a buffer");
  if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
  return {};
}

Result<FileSource> FileSource::over(const File& file) {
  return FileSource(file, TRY(file.size()));
}

}  // namespace streamd
