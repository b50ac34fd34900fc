// Objects of a replica with a history, alone and together.
#include "catalog/writer.h"
#include "corpus_writer.h"
#include "crypt/generation_key.h"
#include "loose_object.h"
#include "packed_objects.h"
#include "restore/replica_builder.h"

namespace streamd::fuzz {
namespace {

void make_history(restore::ReplicaBuilder& builder) {
  builder.begin_with(5);
  builder.snapshot(2);
  builder.commit(3);
  builder.seal();
  builder.commit(4);
  builder.seal(0, 2);
  builder.commit(2);
  builder.seal_last(catalog::Completeness::kLast, 5);
}

void write_one(const CorpusWriter& out, const std::string& name, const Bytes& object) {
  out.add("object", name, object);
  const Bytes loose = loosen(object);
  require(!loose.empty(), "an object can be taken apart");
  out.add("loose-object", name, loose);
  Bytes index(loose.begin(), loose.begin() + segment::kHeaderSize);
  const auto blocks = load_le<std::uint32_t>(&loose[segment::kHeaderSize]);
  append_le(index, std::uint64_t{segment::kHeaderSize + blocks});
  append(index, ByteView(loose).subspan(segment::kHeaderSize + 4 + blocks));
  out.add("index", name, index);
}

void write_encrypted(const CorpusWriter& out, const Bytes& object) {
  const auto ask = [&](std::uint16_t offset, std::uint16_t length, std::uint16_t step,
                       std::uint16_t change) {
    Bytes bytes;
    for (const std::uint16_t number : {offset, length, step, change}) append_le(bytes, number);
    append(bytes, object);
    return bytes;
  };
  out.add("encrypted", "whole", ask(0, UINT16_MAX, 100, 50'000));
  out.add("encrypted", "range", ask(300, 200, 1, 50'000));
  out.add("encrypted", "damaged", ask(0, 100, 40, 120));
  out.add("encrypted", "not-sealed", ask(0, UINT16_MAX, 40, 0));
  Bytes size;
  append_le(size, std::uint64_t{96 + 16 + 65536 + 16});
  out.add("plain-size", "two-chunks", size);
  const crypt::Identity reader = crypt::Identity::make();
  out.add("identity", "public", to_text(reader.public_key()));
  out.add("identity", "file", reader.file_text());
  const crypt::GenerationKey key(GenerationId(0x100000007), Uuid{}, {1, 2, 3});
  out.add("wrapped-key", "one", crypt::encode(crypt::wrap(key, {reader.public_key()})));
}

}  // namespace

void write_objects(const CorpusWriter& out) {
  restore::ReplicaBuilder builder(3);
  make_history(builder);
  Bytes all, without_end;
  std::string listing;
  std::size_t number = 0;
  for (const std::string& key : builder.store->keys()) {
    const Bytes object = builder.store->content(key);
    listing += key + " " + std::to_string(object.size()) + "\n";
    out.add("key", std::to_string(number), key);
    if (key == "streamd.json") {
      out.add("marker", "one", object);
      continue;
    }
    write_one(out, std::to_string(number++), object);
    pack(all, {key, loosen(object), 0});
  }
  out.add("replica", "whole", all);
  out.add("replica", "cut", ByteView(all).first(all.size() * 2 / 3));
  out.add("timeline", "whole", listing);
  const Bytes object = builder.store->content(builder.store->keys().front());
  write_encrypted(out, object);
  catalog::Writer writer;
  writer.claim = writer.instance = Uuid::make();
  writer.host = "box";
  writer.path = "/data/\"a\".db";
  out.add("writer", "one", catalog::encode_writer(writer));
}

}  // namespace streamd::fuzz
