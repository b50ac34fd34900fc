#include "litestream/header_times.h"

#include <algorithm>
#include <span>

#include "litestream/ltx.h"

namespace streamd::litestream {

Result<Micros> recorded_time(storage::Store& store, const LtxFile& file,
                             const storage::Call& call) {
  Bytes raw(kLtxHeaderSize);
  const auto source = storage::object_source(store, file.object.key, file.object.size, call);
  Status read = source->read_at(0, raw);
  if (!read) return Error(std::move(read.error())).with_context("fetch object " + file.object.key);
  auto header = parse_ltx_header(raw);
  if (!header) return Error(std::move(header.error())).with_context("object " + file.object.key);
  return header->time;
}

Result<std::vector<LtxFile>> files_until(storage::Store& store, const std::vector<LtxFile>& files,
                                         Micros until, const storage::Call& call) {
  std::vector<LtxFile> early;
  for (std::span<const LtxFile> rest(files); !rest.empty();) {
    const auto same = std::ranges::find_if(
        rest, [&](const LtxFile& file) { return file.level != rest.front().level; });
    std::size_t low = 0;
    for (auto high = static_cast<std::size_t>(same - rest.begin()); low < high;) {
      const std::size_t middle = low + (high - low) / 2;
      if (TRY(recorded_time(store, rest[middle], call)) <= until)
        low = middle + 1;
      else
        high = middle;
    }
    early.insert(early.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(low));
    rest = rest.subspan(static_cast<std::size_t>(same - rest.begin()));
  }
  return early;
}

}  // namespace streamd::litestream
