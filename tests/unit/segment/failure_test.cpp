// Errors from below come through unchanged; threads share a reader.
#include <atomic>
#include <cerrno>
#include <thread>

#include "history.h"
#include "segment/snapshot_writer.h"

using namespace streamd;
using namespace streamd::segment;

namespace {

class BrokenBases final : public BasePages {
 public:
  Result<bool> read_base(PageNo, MutableBytes) override {
    return make_error(Code::kIo, "read the past");
  }
};

// While it lives, the n-th write from now on fails: the disk is full.
class FullDisk {
 public:
  explicit FullDisk(int nth) : left_(nth) {
    set_file_fault([this](FileOp op, const std::string&) {
      return op == FileOp::kWrite && left_-- == 0 ? ENOSPC : 0;
    });
  }
  ~FullDisk() { set_file_fault({}); }

 private:
  int left_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(failures)

BOOST_AUTO_TEST_CASE(a_past_that_cannot_be_read_stops_the_segment) {
  const TempFolder folder;
  SegmentWriter writer = must(SegmentWriter::create(must(File::create_new(folder.file("x"))),
                                                    {.page_size = 512, .pages_before = 1}));
  must(writer.add_image(PageNo(1), Bytes(512), 1));
  BrokenBases broken;
  BOOST_TEST((writer.flush_run(broken).error().code == Code::kIo));
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_as_such_at_every_write) {
  const TempFolder folder;
  HistoryMaker maker(512, 2);
  const Transaction transaction = maker.next({});
  int failed = 0;
  for (;; ++failed) {  // until nothing is left to fail: one block, the index, the header
    Capture capture(folder, {}, 512, 64 * kKiB);
    capture.add(transaction);
    NoBases none;
    const FullDisk full(failed);
    const auto sealed = capture.writer->seal(capture.header(), nullptr, none);
    std::filesystem::remove(folder.file("1"));
    if (sealed) break;
    BOOST_TEST((sealed.error().code == Code::kNoSpace));
  }
  BOOST_TEST(failed == 3);
}

BOOST_AUTO_TEST_CASE(an_object_that_was_never_finished_is_none) {
  const TempFolder folder;
  HistoryMaker maker(512, 2);
  Capture capture(folder, {}, 512, 512 * 4);
  capture.add(maker.next(capture.now));
  capture.flush();
  const File file = must(File::open_read(folder.file("1")));
  BOOST_TEST(must(file.size()) > kHeaderSize);
  const FileSource source = must(FileSource::over(file));
  BOOST_TEST((ObjectReader::open(source).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(blocks_of_one_reader_are_decoded_by_several_threads) {
  const TempFolder folder;
  constexpr std::uint32_t kPages = 2000;
  PartWriter writer = must(PartWriter::create(must(File::create_new(folder.file("x"))),
                                              {.page_size = 4096, .level = 1}));
  const auto image = [](std::uint32_t page) {
    Bytes bytes(4096, static_cast<std::uint8_t>(page));
    store_le(&bytes[100], page);
    return bytes;
  };
  for (std::uint32_t page = 1; page <= kPages; ++page)
    must(writer.add_page(PageNo(page), image(page), page));
  ObjectHeader header;
  const auto sealed = must(writer.seal(header));
  const FileSource source = must(FileSource::over(sealed.object.file));
  const ObjectReader reader = must(ObjectReader::open(source));
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint32_t> right{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < reader.blocks(); i = next++) {
      Bytes raw(reader.block(i).raw);
      const auto stored = reader.read_block(i);
      if (!stored || !reader.decode_block(i, *stored, {}, raw)) return;
      for (std::size_t k = 0; k < reader.images(i).size(); ++k)
        if (std::equal(raw.begin() + static_cast<std::ptrdiff_t>(k * 4096),
                       raw.begin() + static_cast<std::ptrdiff_t>((k + 1) * 4096),
                       image(reader.images(i)[k].page.value).begin()))
          ++right;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(right == kPages);
}

BOOST_AUTO_TEST_SUITE_END()
