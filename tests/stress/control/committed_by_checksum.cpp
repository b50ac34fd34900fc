// The mistake of a reader that never looks at the index: whatever continues the log's checksums up
// to a commit frame is taken for committed. A writer that died before it could tell the index never
// committed it.
#include "sqlite/mistake.h"
#include "wal/chain.h"

namespace streamd::sqlite::mistake {

Result<wal::IndexHeader> committed_by_checksum(const wal::IndexHeader& index, const File& log) {
  wal::Position at;
  at.salts = index.salts;
  at.frame = index.last_frame;
  at.chain = index.frame_chain;
  at.big_endian = index.big_endian != 0;
  at.page_size = index.page_size();
  if (at.frame == 0) {
    Bytes raw(wal::kLogHeaderSize);
    raw.resize(TRY(log.read_some_at(0, raw)));
    const auto header = wal::parse_log_header(raw);
    if (!header || header->salts != index.salts) return index;
    wal::start_log(at, *header);
    at.page_size = header->page_size;
  }
  wal::IndexHeader committed = index;
  Bytes frame(wal::kFrameHeaderSize + at.page_size);
  while (TRY(log.read_some_at(wal::frame_offset(at.frame + 1, at.page_size), frame)) ==
             frame.size() &&
         wal::accept_frame(at, frame.data())) {
    if (!wal::parse_frame_header(frame.data()).is_commit()) continue;
    committed.last_frame = at.frame;
    committed.pages = at.pages;
    committed.frame_chain = at.chain;
  }
  return committed;
}

}  // namespace streamd::sqlite::mistake
