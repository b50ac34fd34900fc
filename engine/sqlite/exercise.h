// A stand-in for an application, on a database that is nobody's: writes as applications do, and
// says what a reader sees. For engine/torture; a database that somebody uses is never opened
// through this.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace streamd::sqlite {

// The largest database that can be exercised: its image is held in memory to be compared.
constexpr std::uint64_t kMostToExercise = 2 * kGiB;

// Copies a database that nobody uses, and puts the copy into WAL mode. The original is only read.
// kBusy when somebody has it open, or has left a log or a journal beside it; kUsage when it is too
// large or no database.
Status copy_unused(const std::string& from, const std::string& to);

// One thread.
class Exercise {
 public:
  static Result<Exercise> open(const std::string& path);

  // So many transactions of random shape in a table of their own, in between checkpoints of all
  // modes; the seed decides. Waits for others up to a minute.
  Status write(std::uint64_t seed, int transactions);
  Status vacuum();
  // A hash over every page, as a reader sees it now. Equal to that of the file once all is in it.
  Result<std::uint64_t> image();

 private:
  struct Close {
    void operator()(void* database) const;
  };
  explicit Exercise(void* database) : database_(database) {}
  Status run(const std::string& sql);
  std::unique_ptr<void, Close> database_;
};

}  // namespace streamd::sqlite
