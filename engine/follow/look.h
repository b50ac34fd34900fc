// What has come to a replica since a moment, with as little asking as possible.
#pragma once
#include "catalog/timeline.h"
#include "restore/plan.h"
#include "storage/store.h"

namespace streamd::follow {

struct News {
  // Leads on from the moment; without segments when there is nothing new.
  restore::Plan plan;
  // There is something later, but nothing that leads to it: a whole listing will tell.
  bool gap = false;
};

// Pure. `generation` as far as it was listed.
Result<News> news_in(const catalog::Timeline& timeline, GenerationId generation, Txid at);

// One listing of the segments that were sent last and not merged yet: one request, where the store
// lists in order and begins where it is told (`ordered`); otherwise one for a thousand that are
// there.
Result<News> look_for_news(storage::Store& store, bool ordered, GenerationId generation, Txid at,
                           const storage::Call& call);

}  // namespace streamd::follow
