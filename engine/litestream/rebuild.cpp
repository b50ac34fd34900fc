#include "litestream/rebuild.h"

#include "litestream/log_replay.h"
#include "litestream/ltx.h"

namespace streamd::litestream {
namespace {

class Rebuild {
 public:
  Rebuild(storage::Store& store, const Plan& plan, const restore::RebuildOptions& options)
      : plan_(plan),
        options_(options),
        total_(plan.bytes()),
        stream_(store, plan.objects(), options.fetch.parallel, options.cancel) {}

  Result<Rebuilt> from_generation(File& file) {
    LogReplay replay = TRY(LogReplay::create(file));
    TRY(each(plan_.snapshot->object, "snapshot", [&] { return replay.image(stream_); }));
    for (const Segment& segment : plan_.segments)
      TRY(each(segment.object, "segments", [&] { return replay.segment(stream_, segment); }));
    return Rebuilt{replay.page_size(), replay.pages(), stream_.fetched()};
  }

  Result<Rebuilt> from_levels(File& file) {
    LtxApplier applier = TRY(LtxApplier::create(file));
    for (const LtxFile& ltx : plan_.files)
      TRY(each(ltx.object, "segments", [&] { return applier.apply(stream_, ltx); }));
    return Rebuilt{applier.state().page_size, applier.state().pages, stream_.fetched()};
  }

 private:
  template <class Apply>
  Status each(const Stored& object, const char* phase, const Apply& apply) {
    stream_.open();
    if (options_.progress) options_.progress({phase, stream_.fetched(), total_});
    Status applied = apply();
    if (!applied &&
        (applied.error().code == Code::kCorrupt || applied.error().code == Code::kUnsupported))
      return std::move(applied.error()).with_context("object " + object.key);
    return applied;
  }

  const Plan& plan_;
  const restore::RebuildOptions& options_;
  const std::uint64_t total_;
  ObjectStream stream_;
};

}  // namespace

Result<Rebuilt> rebuild(storage::Store& store, const Plan& plan, File& file,
                        const restore::RebuildOptions& options) {
  Rebuild work(store, plan, options);
  return plan.moment.format == Format::kGenerations ? work.from_generation(file)
                                                    : work.from_levels(file);
}

}  // namespace streamd::litestream
