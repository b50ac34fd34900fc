// Which files are SQLite databases, found out without harm. Closing any descriptor of a database
// that this process follows would drop its locks, so a database (the file, not a name: it may have
// several) is opened here once at most, and never when somebody may follow it already.
#pragma once
#include <sys/stat.h>

#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace streamd::sqlite {

// Any thread; one for the whole process.
class HeaderCheck {
 public:
  enum class Answer : std::uint8_t { kDatabase, kOther, kEmpty };
  void never_open(const struct stat& followed);
  // `found` is what lies at the path. What is no database may become one: it is opened again.
  Answer look(const std::string& path, const struct stat& found);

 private:
  using FileId = std::pair<dev_t, ino_t>;
  std::mutex mutex_;
  std::set<FileId> databases_;
};

}  // namespace streamd::sqlite
