#include "sqlite/version.h"

#include <sqlite3.h>

namespace streamd::sqlite {

std::string library_version() {
  return sqlite3_libversion();
}

bool has_wal_reset_bug(int number) {
  const int minor = number / 1000 % 1000, patch = number % 1000;
  if (number < 3007000 || number >= 3053000) return false;
  switch (minor) {
    case 44:
      return patch < 6;
    case 50:
      return patch < 7;
    case 51:
      return patch < 3;
    default:
      return true;
  }
}

bool library_has_wal_reset_bug() {
  return has_wal_reset_bug(sqlite3_libversion_number());
}

}  // namespace streamd::sqlite
