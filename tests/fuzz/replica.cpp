// A whole replica whose objects a hostile writer has made: listed, planned, restored, judged.
#include "catalog/marker.h"
#include "loose_object.h"
#include "memory_file.h"
#include "memory_store.h"
#include "packed_objects.h"
#include "restore/choose.h"
#include "restore/rebuild.h"
#include "target.h"
#include "verify/judge.h"

namespace streamd::fuzz {
namespace {

// The checksum key of the corpus: who writes to a replica can read it there.
constexpr std::uint64_t kChecksumKey = 0x5eed5eed5eed5eed;

std::string marker() {
  catalog::Marker marker;
  marker.database.bytes[0] = 0xda;
  marker.checksum_key = kChecksumKey;
  return catalog::encode_marker(marker);
}

void fill(MemoryStore& store, ByteView bytes) {
  const std::string text = marker();
  store.set(to_text(catalog::MarkerKey{}), Bytes(text.begin(), text.end()));
  for (PackedObject& object : unpack(bytes)) store.set(object.key, tighten(object.content));
}

void restore_from(MemoryStore& store) {
  const restore::Replica replica{&store, "one"};
  const auto choice = restore::choose_replica({&replica, 1}, {}, false, {});
  if (!choice) return;
  const MemoryFile memory;
  File file = std::move(*File::open_write(memory.path()));
  restore::RebuildOptions options;
  options.threads = 1;
  options.fetch.parallel = 1;
  const auto rebuilt = restore::rebuild(store, choice->inventory, choice->plan, file, options);
  if (!rebuilt) return;
  const auto size = file.size();
  require(size && *size == rebuilt->pages * std::uint64_t{rebuilt->page_size},
          "a restored file has the size of the database");
}

void verify(MemoryStore& store) {
  const auto listing = verify::list_objects(store, {});
  if (!listing) return;
  const auto marker = catalog::parse_marker(as_text(store.content("streamd.json")));
  verify::Memory memory;
  for (std::size_t i = 0; i < listing->objects.size(); ++i)
    if (const auto facts = verify::read_facts(store, *listing, i, marker ? &*marker : nullptr, {}))
      memory[listing->objects[i].key] = *facts;
  const auto findings = verify::judge(*listing, memory);
  static_cast<void>(verify::keys_of(findings));
  static_cast<void>(verify::cost_of(*listing, memory, findings));
}

void replica(ByteView bytes) {
  MemoryStore store;
  fill(store, bytes);
  restore_from(store);
  verify(store);
}

constexpr Target kTargets[] = {{"replica", replica}};

}  // namespace

std::span<const Target> replica_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
