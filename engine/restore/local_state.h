// The local state of a restored database: with it the daemon goes on in the same generation instead
// of uploading everything again.
#pragma once
#include <string>

#include "catalog/marker.h"
#include "restore/page_hashes.h"
#include "state/layout.h"
#include "state/tip.h"

namespace streamd::restore {

struct RestoredState {
  catalog::Marker marker;
  state::Tip tip;       // of the restored moment; its capture position is not known
  bool newest = false;  // nothing newer is known: the generation goes on
};

// Writes the state into a folder beside layout.folder and returns its path: complete, durable, to
// be renamed into place. An earlier one is removed. The instance is that of the state that is there
// now if it belongs to the same database, else a new one.
//
// Restored to the newest moment: identity, tip and ledger. To an older one: only an identity, whose
// generation is none (0): the daemon begins a new generation above all it finds, with txids above
// the highest it finds.
Result<std::string> prepare_state(const state::Layout& layout, const RestoredState& restored,
                                  const PageHashes& hashes);
std::string prepared_path(const state::Layout& layout);

}  // namespace streamd::restore
