// What lies beside the database: files of ours that a crash, a disk or a person may have changed.
#include "base/hash.h"
#include "crypt/key_file.h"
#include "memory_file.h"
#include "replicate/part_table.h"
#include "state/changed_pages.h"
#include "state/identity.h"
#include "state/ledger.h"
#include "state/left.h"
#include "state/paused.h"
#include "state/proof.h"
#include "state/tip.h"
#include "target.h"

namespace streamd::fuzz {
namespace {

// With the checksum at its end put right.
Bytes hashed(ByteView bytes) {
  Bytes all(bytes.begin(), bytes.end());
  append_le(all, xxh3(all));
  return all;
}

void position(ByteView bytes) {
  static_cast<void>(state::load_tip(MemoryFile(bytes).path()).has_value());
  static_cast<void>(state::load_tip(MemoryFile(hashed(bytes)).path()).has_value());
}

void changed_pages(ByteView bytes) {
  static_cast<void>(state::ChangedPages::load(MemoryFile(bytes).path()).has_value());
  const auto changed = state::ChangedPages::load(MemoryFile(hashed(bytes)).path());
  if (!changed || !*changed) return;
  for (const PageNo page : (*changed)->list()) require(page.value != 0, "pages count from 1");
}

void identity(ByteView bytes) {
  static_cast<void>(state::load_identity(MemoryFile(bytes).path()).has_value());
}

void left(ByteView bytes) {
  static_cast<void>(state::load_left(MemoryFile(bytes).path()).has_value());
}

void paused(ByteView bytes) {
  const MemoryFile file(bytes);
  const auto since = state::paused_since(file.path());
  require(since && *since, "the mark counts whatever is in it");
}

void proof(ByteView bytes) {
  static_cast<void>(state::load_proof(MemoryFile(bytes).path()));
}

void key_file(ByteView bytes) {
  static_cast<void>(crypt::read_key_file(MemoryFile(bytes).path()).has_value());
}

// The ledger has hashes and nothing else; whatever its length, each page has one answer.
void ledger(ByteView bytes) {
  const MemoryFile file(bytes);
  auto ledger = state::Ledger::open(file.path());
  if (!ledger) return;
  static_cast<void>(ledger->get(PageNo(1)).has_value());
  static_cast<void>(ledger->get(PageNo(UINT32_MAX)).has_value());
  const auto pages = static_cast<std::uint32_t>(bytes.size() / 8 + 2);
  static_cast<void>(ledger->checksum(pages, lock_page(4096)).has_value());
}

// Which parts lie in a replica: records behind a header that fits.
void part_table(ByteView bytes) {
  const MemoryFile file;
  require(replicate::PartTable::open(file.path(), Uuid{}, 512, 4).has_value(), "a table is made");
  file.append(bytes);
  const auto table = replicate::PartTable::open(file.path(), Uuid{}, 512, 4);
  if (!table) return;
  for (std::uint32_t number = 0; number < table->size(); ++number)
    if (table->part(number)) static_cast<void>(table->hashes(number).has_value());
}

constexpr Target kTargets[] = {
    {"position", position},       {"changed-pages", changed_pages},
    {"state-identity", identity}, {"left", left},
    {"paused", paused},           {"proof", proof},
    {"key-file", key_file},       {"ledger", ledger},
    {"part-table", part_table},
};

}  // namespace

std::span<const Target> state_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
