#include "body_hash.h"

#include <algorithm>
#include <vector>

#include "digest.h"

namespace streamd::s3 {
namespace {

constexpr std::uint64_t kReadBytes = 256 * 1024;

streamd_code read_through(const sdk::Call& call, const Body& body, DigestStream& stream,
                          std::string* keep) {
  std::vector<char> buffer(static_cast<std::size_t>(std::min(body.size, kReadBytes)));
  for (std::uint64_t at = 0; at < body.size;) {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>(body.size - at, buffer.size()));
    const std::int64_t got = body.read(at, buffer.data(), want);
    if (got < 0) return call.fail(static_cast<streamd_code>(-got), "the source failed");
    if (got == 0) return call.fail(STREAMD_INTERNAL, "the source ended early");
    call.progress();
    stream.add(buffer.data(), static_cast<std::size_t>(got));
    if (keep != nullptr) keep->append(buffer.data(), static_cast<std::size_t>(got));
    at += static_cast<std::uint64_t>(got);
  }
  return STREAMD_OK;
}

}  // namespace

streamd_code hash_body(const sdk::Call& call, const Body& body, std::string& hash,
                       std::string* keep) {
  DigestStream stream(DigestStream::Kind::kSha256);
  if (const auto code = read_through(call, body, stream, keep); code != STREAMD_OK) return code;
  hash = stream.finish();
  return STREAMD_OK;
}

streamd_code md5_of_body(const sdk::Call& call, const Body& body, std::string& md5) {
  DigestStream stream(DigestStream::Kind::kMd5);
  if (const auto code = read_through(call, body, stream, nullptr); code != STREAMD_OK) return code;
  md5 = stream.finish_base64();
  return STREAMD_OK;
}

Body body_of_source(const streamd_source& source, std::uint64_t offset, std::uint64_t size) {
  return {size, [&source, offset](std::uint64_t at, void* to, std::size_t cap) {
            return source.read_at(source.ctx, offset + at, to, cap);
          }};
}

}  // namespace streamd::s3
