#include "verify/keys.h"

#include <map>
#include <set>

namespace streamd::verify {
namespace {

using Ids = std::set<crypt::KeyId>;

std::map<GenerationId, Ids> listed_ids(const Listing& listing) {
  std::map<GenerationId, Ids> ids;
  for (const catalog::Listed& object : listing.objects) {
    const catalog::Key key = catalog::parse_key(object.key);
    if (const auto* wrapped = std::get_if<catalog::KeysKey>(&key))
      ids[wrapped->generation].insert(wrapped->id);
  }
  return ids;
}

std::vector<Lost> all_of(const catalog::GenerationTimeline& generation) {
  std::vector<Lost> lost;
  for (const catalog::Span& span : generation.spans)
    lost.push_back({generation.id, span.first, span.last, {}, {}, 0, 0});
  return lost;
}

}  // namespace

Result<std::vector<Finding>> check_keys(storage::Store& store, const Listing& listing,
                                        const crypt::Keyring& keys, const storage::Call& call) {
  std::vector<Finding> findings;
  std::map<GenerationId, Ids> listed = listed_ids(listing);
  const catalog::Timeline timeline = catalog::read_timeline(listing.objects);
  for (const catalog::GenerationTimeline& generation : timeline.generations) {
    Ids& ids = listed[generation.id];
    for (const crypt::KeyId& id : keys.held_ids(generation.id)) ids.insert(id);
    for (const crypt::KeyId& id : ids) {
      const Status checked = keys.check(store, generation.id, id, call);
      if (checked) continue;
      const bool missing = checked.error().code == Code::kNotFound;
      if (!missing && checked.error().code != Code::kCorrupt) return Error(checked.error());
      findings.push_back({missing ? Fault::kMissing : Fault::kDamaged,
                          catalog::to_text(catalog::KeysKey{generation.id, id}),
                          "without it only a machine whose local state has the key can open the "
                          "generation",
                          all_of(generation)});
    }
  }
  return findings;
}

}  // namespace streamd::verify
