// The files of a local state.
#include "corpus_writer.h"
#include "crypt/key_file.h"
#include "memory_file.h"
#include "replicate/part_table.h"
#include "state/changed_pages.h"
#include "state/identity.h"
#include "state/left.h"
#include "state/paused.h"
#include "state/proof.h"
#include "state/tip.h"
#include "temp_folder.h"

namespace streamd::fuzz {
namespace {

template <class Save>
Bytes saved(const Save& save) {
  const TempFolder folder;
  require(save(folder.file("one")).has_value(), "the state can be saved");
  return *read_file(folder.file("one"));
}

// Without the checksum at its end, which the target makes.
ByteView unhashed(const Bytes& bytes) {
  return ByteView(bytes).first(bytes.size() - 8);
}

Status make_parts(const std::string& path) {
  auto table = TRY(replicate::PartTable::open(path, Uuid{}, 512, 4));
  TRY(table.put(0, {{GenerationId(7), PageNo(1), Txid(2), {}}, 900, 4}, {1, 2, 3, 4}));
  return table.put(1, {{GenerationId(7), PageNo(5), Txid(3), {}}, 500, 2}, {5, 6});
}

}  // namespace

void write_state(const CorpusWriter& out) {
  state::Tip tip;
  tip.generation = GenerationId(0x100000007);
  tip.txid = Txid(9);
  tip.page_size = 4096;
  const Bytes tip_file = saved([&](const auto& path) { return save_tip(path, tip); });
  out.add("position", "whole", tip_file);
  out.add("position", "unhashed", unhashed(tip_file));
  const state::ChangedPages none;
  const Bytes changed = saved([&](const auto& path) { return none.save(path); });
  out.add("changed-pages", "none", unhashed(changed));
  Bytes some(unhashed(changed).begin(), unhashed(changed).end());
  store_le(&some[some.size() - 4], std::uint32_t{3});
  some.insert(some.end(), {0x81, 0, 0xff});
  out.add("changed-pages", "some", some);
  const state::Identity identity{Uuid::make(), segment::ChecksumKey(5), Uuid::make(),
                                 GenerationId(0x100000007)};
  out.add("state-identity", "one",
          saved([&](const auto& path) { return save_identity(path, identity); }));
  const state::Left left{GenerationId(0x100000007), Txid(9), {1, 2, 3, 4}};
  out.add("left", "one", saved([&](const auto& path) { return save_left(path, left); }));
  out.add("paused", "one",
          saved([](const auto& path) { return state::save_paused(path, 1'700'000'000'000'000); }));
  state::Proof proof;
  proof.failure = make_error(Code::kCorrupt, "damaged", "look");
  out.add("proof", "failed", saved([&](const auto& path) { return save_proof(path, proof); }));
  const crypt::Identity reader = crypt::Identity::make();
  crypt::HeldKey held;
  held.key =
      std::make_shared<crypt::GenerationKey>(GenerationId(7), Uuid{}, crypt::SecretKey{1, 2, 3});
  held.wrapped = crypt::wrap(*held.key, {reader.public_key()});
  out.add("key-file", "one", saved([&](const auto& path) { return write_key_file(path, held); }));
  const Bytes empty = saved([](const auto& path) -> Status {
    return replicate::PartTable::open(path, Uuid{}, 512, 4) ? Status{} : make_error(Code::kIo, "");
  });
  out.add("part-table", "two", ByteView(saved(make_parts)).subspan(empty.size()));
}

}  // namespace streamd::fuzz
