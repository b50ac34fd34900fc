#include "sqlite/header.h"

#include <array>
#include <string_view>

#include "base/file.h"

namespace streamd::sqlite {
namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);

}  // namespace

void HeaderCheck::never_open(const struct stat& followed) {
  const std::lock_guard lock(mutex_);
  databases_.insert({followed.st_dev, followed.st_ino});
}

HeaderCheck::Answer HeaderCheck::look(const std::string& path, const struct stat& found) {
  const std::lock_guard lock(mutex_);
  if (databases_.contains({found.st_dev, found.st_ino})) return Answer::kDatabase;
  if (found.st_size == 0) return Answer::kEmpty;
  const auto opened = File::open_read(path);
  if (!opened) return Answer::kOther;
  const auto status = opened->status();
  std::array<std::uint8_t, kMagic.size()> bytes{};
  const auto got = opened->read_some_at(0, bytes);
  if (!status || !got || *got != bytes.size() || as_text(bytes) != kMagic) return Answer::kOther;
  databases_.insert({status->st_dev, status->st_ino});
  return Answer::kDatabase;
}

}  // namespace streamd::sqlite
