// Where the corpus is written, for the files that make it.
#pragma once
#include <string>

#include "base/file.h"
#include "target.h"

namespace streamd::fuzz {

class CorpusWriter {
 public:
  explicit CorpusWriter(std::string folder) : folder_(std::move(folder)) {}
  void add(const char* target, const std::string& name, ByteView bytes) const {
    const std::string path = join_path(folder_, target);
    const bool written =
        make_folders(path, 0755) && replace_file(join_path(path, name), bytes, 0644);
    require(written, "the corpus can be written");
  }
  void add(const char* target, const std::string& name, std::string_view text) const {
    add(target, name, as_bytes(text));
  }

 private:
  std::string folder_;
};

// Each writes the part of the corpus that its file is about.
void write_objects(const CorpusWriter& out);
void write_litestream(const CorpusWriter& out);
void write_state(const CorpusWriter& out);

}  // namespace streamd::fuzz
