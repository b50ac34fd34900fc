#include "apps/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "apps/table.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kInterval{100};
constexpr std::uint64_t kWidth = 24;
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

std::string progress_line(const restore::Progress& progress) {
  const std::uint64_t total = std::max<std::uint64_t>(1, progress.total);
  const std::uint64_t done = std::min(progress.bytes, total);
  const auto share = static_cast<double>(done) / static_cast<double>(total);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kWidth));
  return fmt::format("[{:<{}}] {:3.0f}% {} {} of {}", std::string(filled, '#'), kWidth, share * 100,
                     progress.phase, shown_size(progress.bytes), shown_size(progress.total));
}

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::clear() {
  if (shown_) fmt::print(stderr, "{}", kClearLine);
  shown_ = false;
}

restore::ProgressSink ProgressBar::sink() {
  if (!terminal_) return {};
  return [this](const restore::Progress& progress) { show(progress); };
}

void ProgressBar::show(const restore::Progress& progress) {
  const MonoTime now = system_clock().mono();
  if (shown_ && now - last_ < kInterval) return;
  last_ = now;
  shown_ = true;
  fmt::print(stderr, "{}{}", kClearLine, progress_line(progress));
  std::fflush(stderr);
}

}  // namespace streamd::apps
