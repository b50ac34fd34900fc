// Replicas of Litestream's: names, plans, logs of 0.3, LTX files of 0.5.
#include "litestream/log_replay.h"
#include "litestream/ltx.h"
#include "litestream/plan.h"
#include "memory_file.h"
#include "memory_store.h"
#include "packed_objects.h"
#include "target.h"

namespace streamd::fuzz {
namespace {

using namespace litestream;

// As many objects as are packed, read one after the other in small pieces.
struct Scene {
  explicit Scene(ByteView bytes) : packed(unpack(bytes)) {
    std::size_t number = 0;
    for (const PackedObject& object : packed) {
      const std::string key = std::to_string(number++);
      stored.push_back({key, object.content.size(), 0});
      store.set(key, object.content);
    }
    stream.emplace(store, stored, 1, nullptr, 64);
    file = std::move(*File::open_write(memory.path()));
  }
  std::vector<PackedObject> packed;
  std::vector<Stored> stored;
  MemoryStore store;
  std::optional<ObjectStream> stream;
  MemoryFile memory;
  File file;
};

// An image, then segments: each continues the log or, every third one, begins the next.
void replay(ByteView bytes) {
  Scene scene(bytes);
  if (scene.packed.empty()) return;
  auto replay = LogReplay::create(scene.file);
  require(replay.has_value(), "a replay begins");
  scene.stream->open();
  if (!replay->image(*scene.stream)) return;
  std::uint64_t offset = 0;
  for (std::size_t i = 1; i < scene.stored.size(); ++i) {
    scene.stream->open();
    // What the packed offset says is the name's word.
    offset = i == 1 ? 0 : scene.packed[i].number;
    if (!replay->segment(*scene.stream, {0, offset, scene.stored[i]})) return;
    require(valid_page_size(replay->page_size()), "a database has a page size");
  }
}

void ltx(ByteView bytes) {
  Scene scene(bytes);
  auto applier = LtxApplier::create(scene.file);
  require(applier.has_value(), "applying begins");
  for (std::size_t i = 0; i < scene.stored.size(); ++i) {
    // The name says what the header says: a hostile store has named it so.
    const auto header = parse_ltx_header(scene.packed[i].content);
    LtxFile file{0, Txid(1), Txid(1), scene.stored[i]};
    if (header) file.first = header->first, file.last = header->last;
    scene.stream->open();
    if (!applier->apply(*scene.stream, file)) return;
    const auto size = scene.file.size();
    require(size && *size == applier->state().pages * std::uint64_t{applier->state().page_size},
            "the file is as large as the database");
  }
}

void lz4(ByteView bytes) {
  auto decoder = FrameDecoder::create();
  require(decoder.has_value(), "decompressing begins");
  Bytes out(4096);
  std::uint64_t made = 0;
  for (ByteView left = bytes; made < 64 * kMiB;) {
    const auto step = decoder->decode(left, out);
    if (!step) break;
    require(step->made <= out.size() && step->taken <= left.size(), "a step stays in its room");
    made += step->made;
    left = left.subspan(step->taken);
    if (step->taken == 0 && step->made == 0) break;
  }
  static_cast<void>(decode_block(bytes, out).has_value());
}

// A key a line, as a store lists them.
void plans(ByteView bytes) {
  MemoryStore store;
  std::string_view rest = as_text(bytes);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    store.mtime_ns += 1'000'000'000;
    store.set(std::string(line), {1});
  }
  const auto inventory = take_inventory(store, {});
  if (!inventory) return;
  for (const restore::Target& target :
       {restore::Target{}, restore::Target{restore::ByTime{3'000'000}, {}, true},
        restore::Target{restore::ByTxid{Txid(3)}, {}, true}}) {
    static_cast<void>(format_for(*inventory, target));
    if (const auto plan = plan_generations(*inventory, target)) static_cast<void>(describe(*plan));
    if (const auto plan = plan_levels(inventory->files, target))
      static_cast<void>(to_json(*plan).print());
  }
}

constexpr Target kTargets[] = {{"litestream-log", replay},
                               {"litestream-ltx", ltx},
                               {"litestream-lz4", lz4},
                               {"litestream-names", plans}};

}  // namespace

std::span<const Target> litestream_targets() {
  return kTargets;
}

}  // namespace streamd::fuzz
