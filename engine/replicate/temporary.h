// A temporary of the spool's folder that goes at the end unless it was given another name.
#pragma once
#include <string>

#include "base/file.h"

namespace streamd::replicate {

class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!path_.empty()) (void)remove_file(path_);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  void release() { path_.clear(); }

 private:
  std::string path_;
};

}  // namespace streamd::replicate
