// The file that is being restored: one at a time, gone unless it was put in place.
#pragma once
#include "base/file.h"

namespace streamd::restore {

class Scratch {
 public:
  // Beside the target, new and empty; what a killed run left is removed. kBusy while another
  // restore is at work on the same target; kPermission when what lies there is no file.
  static Result<Scratch> create(const std::string& target);
  ~Scratch();
  Scratch(Scratch&&) = default;
  Scratch& operator=(Scratch&&) = delete;

  File& file() { return file_; }
  // Owner (as far as this process may), group and mode of the file.
  Status set_owner(std::uint32_t uid, std::uint32_t gid, std::uint32_t mode);
  void keep() { remove_ = false; }  // it was put in place, or a later run will do that

 private:
  explicit Scratch(File file) : file_(std::move(file)) {}
  File file_;
  bool remove_ = true;
};

}  // namespace streamd::restore
