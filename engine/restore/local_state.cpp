#include "restore/local_state.h"

#include "state/folder.h"
#include "state/identity.h"
#include "state/ledger.h"

namespace streamd::restore {
namespace {

// State that cannot be read says nothing; it is moved away all the same.
Uuid instance_for(const state::Layout& layout, const Uuid& database) {
  const auto known = state::load_identity(layout.identity());
  if (known && known->has_value() && (*known)->database == database) return (*known)->instance;
  return Uuid::make();
}

Status write_ledger(const state::Layout& layout, const PageHashes& hashes, std::uint32_t pages) {
  state::Ledger ledger = TRY(state::Ledger::create(layout.ledger()));
  TRY(hashes.for_each_chunk(pages, [&](PageNo first, const std::vector<std::uint64_t>& chunk) {
    return ledger.set_durable(first, chunk);
  }));
  return ledger.sync();
}

}  // namespace

std::string prepared_path(const state::Layout& layout) {
  return layout.folder + ".streamd-restore";
}

Result<std::string> prepare_state(const state::Layout& layout, const RestoredState& restored,
                                  const PageHashes& hashes) {
  state::Layout prepared = layout;
  prepared.folder = prepared_path(layout);
  TRY(remove_tree(prepared.folder));
  TRY(state::provide_folder(prepared));
  if (restored.newest) {
    TRY(write_ledger(prepared, hashes, restored.tip.pages));
    TRY(state::save_tip(prepared.tip(), restored.tip));
  }
  state::Identity identity;
  identity.database = restored.marker.database;
  identity.checksum_key = segment::ChecksumKey(restored.marker.checksum_key);
  identity.instance = instance_for(layout, restored.marker.database);
  if (restored.newest) identity.generation = restored.tip.generation;
  TRY(state::save_identity(prepared.identity(), identity));
  TRY(sync_folder(folder_of(prepared.folder)));
  return prepared.folder;
}

}  // namespace streamd::restore
