#include "retention/whole.h"

#include "base/source.h"
#include "segment/reader.h"

namespace streamd::retention {

Status prove_whole(storage::Store& store, const catalog::Segment& segment,
                   const std::optional<Uuid>& database, const storage::Call& call) {
  for (std::uint32_t i = 1; i <= segment.key.piece.count; ++i) {
    const std::string name = catalog::to_text(segment.piece(i));
    const auto source = storage::object_source(store, name, segment.sizes.at(i - 1), call);
    const auto reader = segment::ObjectReader::open(*source);
    if (!reader) return Error(reader.error()).with_context("read object " + name);
    const segment::ObjectHeader& header = reader->header();
    if (catalog::to_text(segment::key_of(header)) != name ||
        (database && header.database != *database))
      return make_error(Code::kCorrupt, "object " + name + " is another one than its name says");
  }
  return {};
}

}  // namespace streamd::retention
