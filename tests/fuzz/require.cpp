#include <cstdio>
#include <cstdlib>

#include "target.h"

namespace streamd::fuzz {

void require(bool truth, const char* sentence) {
  if (truth) return;
  std::fprintf(stderr, "this does not hold: %s\n", sentence);
  std::abort();
}

}  // namespace streamd::fuzz
