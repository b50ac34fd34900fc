#include "catalog/key.h"

#include <boost/test/unit_test.hpp>

using namespace streamd;
using namespace streamd::catalog;

namespace {

constexpr Micros kTime = 1'795'375'549'123'000;  // 2026-11-22T19:25:49.123Z
const GenerationId kGeneration(0x00000003deadbeef);
const std::string kPrefix = "generations/00000003deadbeef/";

template <class K>
void round_trip(const K& key, const std::string& text) {
  BOOST_TEST(to_text(key) == text);
  const Key parsed = parse_key(text);
  BOOST_REQUIRE_MESSAGE(std::holds_alternative<K>(parsed), text);
  BOOST_TEST((std::get<K>(parsed) == key), text);
}

bool other(const std::string& text) {
  return std::holds_alternative<OtherKey>(parse_key(text));
}

const std::string kRange = "000000000000000a-00000000000000ff-20261122T192549123Z";

}  // namespace

BOOST_AUTO_TEST_SUITE(key)

BOOST_AUTO_TEST_CASE(every_kind_has_one_spelling) {
  round_trip(MarkerKey{}, "streamd.json");
  round_trip(WriterKey{0x2a}, "writers/0000002a.json");
  round_trip(SnapshotKey{kGeneration, Txid(255), kTime},
             kPrefix + "snapshots/00000000000000ff-20261122T192549123Z.snap");
  PartKey part{kGeneration, PageNo(4097), Txid(16), {}};
  part.hash[0] = 0xab;
  part.hash[15] = 1;
  round_trip(part,
             kPrefix + "parts/00001001-0000000000000010-ab000000000000000000000000000001.part");
}

BOOST_AUTO_TEST_CASE(segments_of_every_level_kind_and_piece) {
  for (const std::uint8_t level : std::initializer_list<std::uint8_t>{0, 4, 10, 99})
    for (const auto kind : {Completeness::kAll, Completeness::kLast, Completeness::kDelta})
      for (const Piece piece : {Piece{1, 1}, Piece{1, 2}, Piece{12, 100}}) {
        const std::string middle = piece.count == 1 ? ""
                                                    : "." + std::to_string(piece.index) + "of" +
                                                          std::to_string(piece.count);
        round_trip(SegmentKey{kGeneration, level, Txid(10), Txid(255), kTime, piece, kind},
                   kPrefix + "segments/" + std::to_string(level) + "/" + kRange + middle + "." +
                       to_text(kind));
      }
}

BOOST_AUTO_TEST_CASE(wrapped_keys) {
  KeysKey key{kGeneration, {}};
  key.id.back() = 0xab;
  round_trip(key, kPrefix + "keys/000000000000000000000000000000ab");
  BOOST_TEST(other(kPrefix + "keys/000000000000000000000000000000AB"));
  BOOST_TEST(other(kPrefix + "keys/0ab"));
  BOOST_TEST((generation_of(parse_key(kPrefix + "keys/000000000000000000000000000000ab")) ==
              GenerationId{}));
}

BOOST_AUTO_TEST_CASE(objects_of_a_generation_know_it) {
  for (const std::string& name :
       {"segments/0/" + kRange + ".all",
        std::string("snapshots/00000000000000ff-20261122T192549123Z.snap"),
        std::string("parts/00001001-0000000000000010-ab000000000000000000000000000001.part")})
    BOOST_TEST((generation_of(parse_key(kPrefix + name)) == kGeneration), name);
  BOOST_TEST((generation_of(parse_key("streamd.json")) == GenerationId{}));
}

BOOST_AUTO_TEST_CASE(a_uuid_has_its_dashes_in_their_places) {
  Uuid uuid;
  const std::string good = "00112233-4455-6677-8899-aabbccddeeff";
  BOOST_TEST(parse_uuid(good, uuid));
  BOOST_TEST(to_text(uuid) == good);
  for (const std::size_t dash : {8u, 13u, 18u, 23u}) {
    std::string moved = good;
    std::swap(moved[dash], moved[dash + 1]);
    BOOST_TEST(!parse_uuid(moved, uuid), moved);
  }
  BOOST_TEST(!parse_uuid(good.substr(1), uuid));
  BOOST_TEST(!parse_uuid(good + "0", uuid));
  BOOST_TEST(!parse_uuid("0011223--4455-6677-8899-aabbccddeeff", uuid));
  BOOST_TEST(to_text(uuid) == good);
  const Uuid made = Uuid::make();  // of version 4
  BOOST_TEST(to_text(made)[14] == '4');
  BOOST_TEST((made != Uuid::make()));
  const GenerationId generation = GenerationId::make(7);
  BOOST_TEST(to_text(generation).substr(0, 8) == "00000007");
}

BOOST_AUTO_TEST_CASE(names_carry_milliseconds_rounded_down) {
  const SnapshotKey exact{kGeneration, Txid(1), kTime}, later{kGeneration, Txid(1), kTime + 999};
  BOOST_TEST(to_text(exact) == to_text(later));
  const Key parsed = parse_key(to_text(later));
  BOOST_TEST(std::get<SnapshotKey>(parsed).time == kTime);
}

BOOST_AUTO_TEST_CASE(what_is_reserved_or_strange_is_other) {
  for (const char* text :
       {"", "/", "streamd.json/", "Streamd.json", "marks/now", "holds/x", "writers/2a.json",
        "writers/0000002A.json", "writers/0000002a", "writers/0000002a.json/x", "generations",
        "generations/00000003deadbeef", "generations/00000003deadbee/snapshots/x.snap",
        "generations/00000003deadbeef/keys/0102", "generations/00000003deadbeef/else/x",
        "something/00000003deadbeef/snapshots/00000000000000ff-20261122T192549123Z.snap"})
    BOOST_TEST(other(text), text);
}

BOOST_AUTO_TEST_CASE(damaged_snapshots_and_parts_are_other) {
  for (const char* name :
       {"snapshots/00000000000000ff-20261122T192549123Z.part", "snapshots/00000000000000ff.snap",
        "snapshots/0000000000000ff-20261122T192549123Z.snap",
        "snapshots/00000000000000ff-20260231T192549123Z.snap",
        "snapshots/00000000000000ff-20261122T192549123Z-1.snap",
        "snapshots/sub/00000000000000ff-20261122T192549123Z.snap",
        "parts/00001001-0000000000000010-ab00000000000000000000000000001.part",
        "parts/00000000-0000000000000010-ab000000000000000000000000000001.part",
        "parts/00001001-0000000000000010-AB000000000000000000000000000001.part",
        "parts/0001001-0000000000000010-ab000000000000000000000000000001.part",
        "parts/00001001-000000000000010-ab000000000000000000000000000001.part",
        "parts/00001001-0000000000000010.part",
        "parts/00001001-0000000000000010-ab000000000000000000000000000001.snap"})
    BOOST_TEST(other(kPrefix + name), name);
}

BOOST_AUTO_TEST_CASE(damaged_segments_are_other) {
  const std::string base = kPrefix + "segments/";
  for (const std::string& name :
       {"0/" + kRange,
        "0/" + kRange + ".none",
        "0/" + kRange + ".some",
        "00/" + kRange + ".all",
        "100/" + kRange + ".all",
        "-1/" + kRange + ".all",
        "/" + kRange + ".all",
        "0/" + kRange + ".1of1.all",
        "0/" + kRange + ".0of2.all",
        "0/" + kRange + ".3of2.all",
        "0/" + kRange + ".01of2.all",
        "0/" + kRange + ".1of100001.all",
        "0/" + kRange + ".12.all",
        "0/" + kRange + ".1of2.x.all",
        "0/" + kRange + ".1of99999999999.all",
        "0/" + kRange + ".xof2.all",
        "0/" + kRange + ".1of.all",
        "0/" + kRange + ".1of2x.all",
        std::string("0/00000000000000ff-000000000000000a-20261122T192549123Z.all"),
        std::string("0/0000000000000000-000000000000000a-20261122T192549123Z.all"),
        std::string("0/000000000000000a-20261122T192549123Z.all"),
        std::string("0/00000000000000a-00000000000000ff-20261122T192549123Z.all"),
        std::string("0/000000000000000a-0000000000000ff-20261122T192549123Z.all"),
        std::string("0/000000000000000a-00000000000000ff-20261122T1925Z.all")})
    BOOST_TEST(other(base + name), name);
  BOOST_TEST(!other(base + "0/" + kRange + ".all"));
}

BOOST_AUTO_TEST_CASE(prefixes_hold_what_they_say) {
  BOOST_TEST(to_text(WriterKey{1}).starts_with(writers_prefix()));
  BOOST_TEST(generation_prefix(kGeneration) == kPrefix);
  BOOST_TEST(kPrefix.starts_with(generations_prefix()));
  BOOST_TEST(snapshots_prefix(kGeneration) == kPrefix + "snapshots/");
  BOOST_TEST(parts_prefix(kGeneration) == kPrefix + "parts/");
  BOOST_TEST(segments_prefix(kGeneration) == kPrefix + "segments/");
  BOOST_TEST(segments_prefix(kGeneration, 12) == kPrefix + "segments/12/");
  BOOST_TEST(segments_from(kGeneration, 3, Txid(255)) == kPrefix + "segments/3/00000000000000ff");
  BOOST_TEST(to_text(Completeness::kNone) == std::string("none"));
  BOOST_TEST(to_text(Completeness{9}) == std::string("none"));
}

BOOST_AUTO_TEST_SUITE_END()
