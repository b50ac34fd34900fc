// Tries again what may succeed the next time, by the table of retry.h. What was delivered to a sink
// is not delivered again, an error that a sink raised is never tried again, and a put whose outcome
// is unknown is settled by looking at what lies there before anything is sent again.
//
// A call's timeout is for all attempts together.
#pragma once
#include <memory>

#include "storage/retry.h"
#include "storage/store.h"
#include "storage/timing.h"

namespace streamd::storage {

std::shared_ptr<Store> with_retry(std::shared_ptr<Store> inner, RetryPolicy policy, Timing timing);

}  // namespace streamd::storage
