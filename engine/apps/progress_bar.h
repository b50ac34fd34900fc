// How far a restore is, on a terminal. Nothing at all elsewhere.
#pragma once
#include "base/clock.h"
#include "restore/rebuild.h"

namespace streamd::apps {

class ProgressBar {
 public:
  ProgressBar();   // looks whether stderr is a terminal
  ~ProgressBar();  // the line is cleared
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void clear();  // the line is free for other words
  // Empty when there is no terminal. One thread; the bar outlives it.
  restore::ProgressSink sink();

 private:
  void show(const restore::Progress& progress);
  const bool terminal_;
  bool shown_ = false;
  MonoTime last_{};
};

// "[########            ]  42% segments 12.3 MiB of 29.0 MiB"
std::string progress_line(const restore::Progress& progress);

}  // namespace streamd::apps
