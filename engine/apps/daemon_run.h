// The life of a streamd process, from its command line to its exit code.
#pragma once
#include "apps/streamd_options.h"

namespace streamd::apps {

int run_streamd(const StreamdOptions& options);

}  // namespace streamd::apps
