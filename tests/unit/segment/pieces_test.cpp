#include "history.h"

using namespace streamd;
using namespace streamd::segment;

namespace {

constexpr std::uint32_t kPage = 512;

// A transaction over `pages` pages, each changed a little.
Transaction rewrite(const Database& now, std::uint32_t pages, std::uint8_t mark) {
  Transaction transaction;
  for (std::uint32_t page = 1; page <= pages; ++page) {
    const auto known = now.pages.find(PageNo(page));
    Bytes image =
        known == now.pages.end() ? Bytes(kPage, static_cast<std::uint8_t>(page)) : known->second;
    image[page % kPage] = mark;
    transaction.images.emplace_back(PageNo(page), std::move(image));
  }
  transaction.pages_after = pages;
  return transaction;
}

// Adds the transaction's images and cuts after every `per_piece` of them.
std::vector<SealedObject> add_in_pieces(Capture& capture, const Transaction& transaction,
                                        std::size_t per_piece) {
  std::vector<SealedObject> pieces;
  Transaction rest;
  rest.pages_after = transaction.pages_after;
  for (const auto& [page, image] : transaction.images) {
    if (rest.images.size() == per_piece) {
      capture.add_open(rest);
      pieces.push_back(capture.piece());
      rest.images.clear();
    }
    rest.images.emplace_back(page, image);
  }
  capture.add(rest);
  return pieces;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pieces)

BOOST_AUTO_TEST_CASE(a_huge_transaction_comes_back_from_its_pieces) {
  const TempFolder folder;
  Capture capture(folder, {}, kPage, 40 * kPage);
  capture.add(rewrite(capture.now, 100, 1));
  capture.seal();
  const Database start = capture.now;
  std::vector<Database> moments;
  capture.add(rewrite(capture.now, 5, 2));
  moments.push_back(capture.now);
  std::vector<SealedObject> sealed = add_in_pieces(capture, rewrite(capture.now, 400, 3), 130);
  moments.push_back(capture.now);
  capture.add(rewrite(capture.now, 2, 4));
  moments.push_back(capture.now);
  BOOST_TEST(capture.writer->pieces() == 3u);
  BOOST_TEST(capture.writer->transactions() == 3u);
  sealed.push_back(capture.seal());
  BOOST_REQUIRE(sealed.size() == 4u);
  BOOST_TEST((sealed[3].header.piece == Piece{4, 4}));

  std::vector<FileSource> sources;
  std::vector<ObjectReader> readers;
  for (std::uint32_t i = 0; i < 4; ++i) {
    ObjectHeader header = sealed[3].header;
    header.piece.index = i + 1;
    if (i < 3) {
      BOOST_TEST(must(rewrite_header(sealed[i].file, header)) != sealed[i].hash);
      sealed[i].header = header;
    }
    sources.push_back(must(FileSource::over(sealed[i].file)));
    must(verify_object(sources.back(), Depth::kStored));
  }
  for (const FileSource& source : sources) readers.push_back(must(ObjectReader::open(source)));
  for (std::uint32_t cut = 0; cut < 3; ++cut) {
    Database restored = start;
    for (const ObjectReader& reader : readers) apply_images(restored, reader, cut);
    restored.resize(readers.back().index().transactions[cut].pages);
    BOOST_TEST((restored == moments[cut]), "transaction " << cut);
  }
  BOOST_TEST(readers[0].index().transactions.empty());
  BOOST_TEST((readers[0].header().last == readers[3].header().last));
}

BOOST_AUTO_TEST_CASE(a_piece_can_be_read_before_its_header_is_final) {
  const TempFolder folder;
  Capture capture(folder, {}, kPage, 40 * kPage);
  capture.add(rewrite(capture.now, 10, 1));
  capture.add_open(rewrite(capture.now, 4, 2));
  const SealedObject piece = capture.piece();
  const FileSource source = must(FileSource::over(piece.file));
  const ObjectReader reader = must(ObjectReader::open(source));
  BOOST_TEST((reader.header().piece == Piece{1, 2}));
  BOOST_TEST(reader.index().images.size() == 14u);
}

BOOST_AUTO_TEST_CASE(a_header_is_only_replaced_by_one_that_fits) {
  const TempFolder folder;
  Capture capture(folder, {}, kPage, 40 * kPage);
  capture.add(rewrite(capture.now, 10, 1));
  SealedObject sealed = capture.seal();
  BOOST_TEST(must(rewrite_header(sealed.file, sealed.header)) == sealed.hash);
  const auto code = [&](auto edit) {
    ObjectHeader header = sealed.header;
    edit(header);
    return rewrite_header(sealed.file, header).error().code;
  };
  BOOST_TEST((code([](ObjectHeader& header) { header.page_size = 1024; }) == Code::kInternal));
  BOOST_TEST((code([](ObjectHeader& header) { header.kind = Kind::kPart; }) == Code::kInternal));
  BOOST_TEST((code([](ObjectHeader& header) { header.piece.index = 2; }) == Code::kCorrupt));
  File empty = capture.file();
  BOOST_TEST((rewrite_header(empty, sealed.header).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_broken_promise_stops_the_next_piece) {
  const TempFolder folder;
  Capture capture(folder, {}, kPage, 40 * kPage);
  must(capture.writer->add_image(PageNo(2), Bytes(kPage), 0));
  capture.writer->end_transaction({0, 0, 2, 0});
  NoBases none;
  BOOST_TEST((capture.writer->next_piece(capture.file(), capture.header(), none).error().code ==
              Code::kInternal));
}

BOOST_AUTO_TEST_SUITE_END()
