// Which parts of a database lie in a replica: what the table says after it was written, and what it
// no longer says.
#include "replicate/part_table.h"

#include <boost/test/unit_test.hpp>

#include "temp_folder.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

constexpr std::uint32_t kPage = 512, kPerPart = 4;

struct Scene {
  PartTable open(std::uint32_t page_size = kPage, std::uint32_t per_part = kPerPart) const {
    auto opened = PartTable::open(path, database, page_size, per_part);
    BOOST_REQUIRE(opened.has_value());
    return std::move(opened).take();
  }
  static PartRecord record(std::uint32_t number) {
    PartRecord record;
    record.key.generation.value = 7;
    record.key.first_page = PageNo(number * kPerPart + 1);
    record.key.txid = Txid(number + 10);
    record.bytes = 1000 + number;
    record.pages = kPerPart;
    return record;
  }
  static std::vector<std::uint64_t> hashes(std::uint32_t number) {
    return {number + 1u, number + 2u, number + 3u, number + 4u};
  }
  // Numbers of the parts that are there.
  static std::vector<std::uint32_t> there(const PartTable& table) {
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t number = 0; number < 10; ++number) {
      const auto& part = table.part(number);
      if (!part) continue;
      numbers.push_back(number);
      BOOST_TEST((part->key == record(number).key));
      BOOST_TEST(part->bytes == record(number).bytes);
      BOOST_TEST(part->pages == record(number).pages);
      BOOST_TEST((table.hashes(number).value() == hashes(number)));
    }
    return numbers;
  }
  void put(PartTable& table, std::uint32_t number) const {
    BOOST_REQUIRE(table.put(number, record(number), hashes(number)));
  }
  const TempFolder folder;
  const std::string path = folder.file("parts");
  Uuid database = Uuid::make();
};

using Numbers = std::vector<std::uint32_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(part_table)

BOOST_AUTO_TEST_CASE(what_is_put_is_there_in_the_next_life) {
  const Scene scene;
  {
    PartTable table = scene.open();
    for (const std::uint32_t number : {2u, 0u, 5u}) scene.put(table, number);
    BOOST_TEST((Scene::there(table) == Numbers{0, 2, 5}));
  }
  BOOST_TEST((Scene::there(scene.open()) == Numbers{0, 2, 5}));
}

BOOST_AUTO_TEST_CASE(of_a_database_that_shrank_only_what_is_left_is_remembered) {
  const Scene scene;
  {
    PartTable table = scene.open();
    for (std::uint32_t number = 0; number < 5; ++number) scene.put(table, number);
    BOOST_REQUIRE(table.forget_from(5));
    BOOST_TEST(table.size() == 5u);
    BOOST_REQUIRE(table.forget_from(2));
    BOOST_TEST(table.size() == 2u);
    BOOST_TEST((Scene::there(table) == Numbers{0, 1}));
    BOOST_TEST((Scene::there(scene.open()) == Numbers{0, 1}));
    scene.put(table, 4);  // it has grown again
    BOOST_TEST((Scene::there(table) == Numbers{0, 1, 4}));
  }
  BOOST_TEST((Scene::there(scene.open()) == Numbers{0, 1, 4}));
}

BOOST_AUTO_TEST_CASE(what_the_replica_has_lost_is_forgotten_for_good) {
  const Scene scene;
  {
    PartTable table = scene.open();
    for (std::uint32_t number = 0; number < 3; ++number) scene.put(table, number);
    BOOST_REQUIRE(table.forget(1));
    BOOST_TEST((Scene::there(table) == Numbers{0, 2}));
  }
  BOOST_TEST((Scene::there(scene.open()) == Numbers{0, 2}));
}

BOOST_AUTO_TEST_CASE(a_record_or_hashes_that_are_damaged_say_nothing) {
  constexpr std::uint64_t kHeader = 64, kRecord = 72, kSlot = kRecord + kPerPart * 8;
  for (const std::uint64_t damaged : {kHeader + kSlot, kHeader + kSlot + kRecord - 1,
                                      kHeader + kSlot + kRecord, kHeader + 2 * kSlot - 1}) {
    const Scene scene;
    {
      PartTable table = scene.open();
      for (std::uint32_t number = 0; number < 3; ++number) scene.put(table, number);
    }
    {
      File file = std::move(File::open_write(scene.path)).take();
      Bytes byte(1);
      BOOST_REQUIRE(file.read_at(damaged, byte));
      byte[0] ^= 0x10;
      BOOST_REQUIRE(file.write_at(damaged, byte));
    }
    BOOST_TEST((Scene::there(scene.open()) == Numbers{0, 2}), "byte " << damaged);
  }
}

BOOST_AUTO_TEST_CASE(one_of_another_layout_or_database_is_emptied) {
  for (const int other : {0, 1, 2}) {
    Scene scene;
    {
      PartTable table = scene.open();
      scene.put(table, 0);
    }
    if (other == 0) BOOST_TEST(!scene.open(1024).part(0));
    if (other == 1) BOOST_TEST(!scene.open(kPage, 8).part(0));
    if (other == 2) scene.database = Uuid::make();
    BOOST_TEST((Scene::there(scene.open()) == Numbers{}), "case " << other);
  }
}

BOOST_AUTO_TEST_SUITE_END()
