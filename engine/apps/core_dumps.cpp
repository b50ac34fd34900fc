#include "apps/core_dumps.h"

#include <sys/resource.h>

namespace streamd::apps {

void forbid_core_dumps() {
  rlimit limit{};
  if (getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  (void)setrlimit(RLIMIT_CORE, &limit);  // lowering it is always allowed
}

}  // namespace streamd::apps
