// Logs, LZ4 frames and LTX files as Litestream writes them.
#include "corpus_writer.h"
#include "litestream/sample_objects.h"
#include "packed_objects.h"

namespace streamd::fuzz {

void write_litestream(const CorpusWriter& out) {
  Bytes image;
  for (std::uint32_t number = 1; number <= 3; ++number) append(image, page_of(number, 1));
  SampleLog log(7);
  log.frame(page_of(2, 2), 2, 0);
  log.frame(page_of(3, 2), 3, 3);
  const std::uint64_t first = log.size();
  const Bytes first_segment = log.from(0);
  log.frame(page_of(1, 3), 1, 4);
  Bytes replay;
  pack(replay, {"", lz4_frame(image), 0});
  pack(replay, {"", first_segment, 0});
  pack(replay, {"", log.from(first), static_cast<std::uint32_t>(first)});
  out.add("litestream-log", "replay", replay);
  out.add("litestream-lz4", "image", lz4_frame(image));

  const Pages pages{{1, page_of(1, 1)}, {2, page_of(2, 2)}}, change{{2, page_of(2, 9)}};
  Bytes files;
  pack(files, {"", ltx_file({1, 1, 1000, 2, false}, pages), 0});
  pack(files, {"", ltx_file({2, 3, 2000, 2, true}, change), 0});
  out.add("litestream-ltx", "files", files);

  Bytes plain(wal::kLogHeaderSize);
  store_be32(&plain[0], 0x377f0682);
  store_be32(&plain[4], 3007000);
  store_be32(&plain[8], kPageSize);
  for (std::uint32_t number = 1; number <= 3; ++number) {
    Bytes frame(wal::kFrameHeaderSize);
    store_be32(&frame[0], number);
    store_be32(&frame[4], number == 2 ? 3 : 0);
    append(plain, frame);
    append(plain, page_of(number, 5));
  }
  out.add("mended-log", "frames", plain);
  out.add("log", "broken-frames", plain);
}

}  // namespace streamd::fuzz
