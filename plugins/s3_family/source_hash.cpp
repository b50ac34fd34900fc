#include "source_hash.h"

#include <algorithm>
#include <vector>

#include "digest.h"

namespace streamd::s3 {
namespace {

constexpr std::uint64_t kReadBytes = 256 * 1024;

}  // namespace

streamd_code hash_source(const sdk::Call& call, const streamd_source& source, std::uint64_t offset,
                         std::uint64_t size, std::string& hash, std::string* keep) {
  DigestStream stream(DigestStream::Kind::kSha256);
  std::vector<char> buffer(static_cast<std::size_t>(std::min(size, kReadBytes)));
  while (size > 0) {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
    const std::int64_t got = source.read_at(source.ctx, offset, buffer.data(), want);
    if (got < 0) return call.fail(static_cast<streamd_code>(-got), "the source failed");
    if (got == 0) return call.fail(STREAMD_INTERNAL, "the source ended early");
    call.progress();
    stream.add(buffer.data(), static_cast<std::size_t>(got));
    if (keep != nullptr) keep->append(buffer.data(), static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::uint64_t>(got);
  }
  hash = stream.finish();
  return STREAMD_OK;
}

}  // namespace streamd::s3
