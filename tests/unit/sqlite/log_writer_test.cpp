#include "sqlite/log_writer.h"

#include <fstream>
#include <random>

#include "base/file.h"
#include "live_database.h"

using namespace streamd;
using sqlite::LogWriter;

namespace {

Bytes content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string ask(sqlite3* db, const std::string& sql) {
  std::string answer;
  sqlite3_stmt* statement = nullptr;
  BOOST_REQUIRE(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  if (sqlite3_step(statement) == SQLITE_ROW)
    answer = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  BOOST_REQUIRE(sqlite3_finalize(statement) == SQLITE_OK);
  return answer;
}

// A database that changes, its copy, and a reader of the copy.
struct Scene {
  explicit Scene(std::uint32_t size = 4096) : source(size), page_size(size) {
    source.insert(50);
    merge();
    std::filesystem::copy_file(source.path(), copy);
    writer = must(LogWriter::open(copy));
    BOOST_REQUIRE(sqlite3_open(copy.c_str(), &reader) == SQLITE_OK);
    sqlite3_exec(reader, "PRAGMA wal_autocheckpoint=0", nullptr, nullptr, nullptr);
  }
  ~Scene() { sqlite3_close(reader); }

  template <class T>
  static T must(Result<T> result) {
    BOOST_REQUIRE_MESSAGE(result, result.error().message);
    return std::move(*result);
  }
  static void must(const Status& status) { BOOST_REQUIRE_MESSAGE(status, status.error().message); }
  void merge() { source.run("PRAGMA wal_checkpoint(TRUNCATE)"); }

  // The pages of the source that differ become one commit of the copy.
  void carry_over(bool keep = true) {
    merge();
    const Bytes now = content_of(source.path());
    must(writer->begin());
    Bytes page(page_size);
    const auto pages = static_cast<std::uint32_t>(now.size() / page_size);
    for (std::uint32_t i = 0; i < pages; ++i) {
      const ByteView image = ByteView(now).subspan(std::size_t{i} * page_size, page_size);
      if (i < writer->pages()) must(writer->read(PageNo(i + 1), page));
      if (i >= writer->pages() || !std::equal(image.begin(), image.end(), page.begin()))
        must(writer->write(PageNo(i + 1), image));
    }
    if (keep)
      must(writer->commit(pages));
    else
      writer->rollback();
  }
  std::string sum(sqlite3* db) const {
    return ask(db,
               "SELECT count(*) || ' ' || coalesce(sum(length(b)), 0) || ' ' || "
               "coalesce(max(hex(b)), '') FROM t");
  }
  void check() const {
    BOOST_TEST(sum(reader) == sum(source.handle()));
    BOOST_TEST(ask(reader, "PRAGMA integrity_check") == "ok");
  }

  LiveDatabase source;
  std::uint32_t page_size;
  std::string copy = source.folder_file("copy.db");
  std::unique_ptr<LogWriter> writer;
  sqlite3* reader = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_writer)

BOOST_AUTO_TEST_CASE(readers_see_each_commit_whole) {
  for (const std::uint32_t page_size : {512u, 4096u, 65536u}) {
    Scene scene(page_size);
    std::mt19937 random(page_size);
    for (int round = 0; round < 40; ++round) {
      switch (random() % 4) {
        case 0:
          scene.source.run("DELETE FROM t WHERE id % 3 = 0");
          scene.source.run("VACUUM");
          break;
        case 1:
          scene.source.run("UPDATE t SET b = randomblob(200) WHERE id % 5 = 1");
          break;
        default:
          scene.source.insert(static_cast<int>(random() % 60 + 1));
      }
      if (random() % 5 == 0) scene.carry_over(false);
      scene.carry_over();
      scene.check();
      if (random() % 3 == 0) Scene::must(scene.writer->checkpoint());
      if (random() % 6 == 0) {
        scene.writer.reset();
        scene.writer = Scene::must(LogWriter::open(scene.copy));
      }
    }
    BOOST_TEST(Scene::must(scene.writer->checkpoint()));
    BOOST_TEST(scene.writer->log_bytes() == 0u);
    BOOST_TEST((content_of(scene.copy) == content_of(scene.source.path())));
  }
}

BOOST_AUTO_TEST_CASE(more_frames_than_a_block_of_the_index_holds) {
  Scene scene(512);
  for (int round = 0; round < 4; ++round) {
    scene.source.insert(3000, 900);
    scene.carry_over();
    scene.check();
  }
  BOOST_TEST(scene.writer->log_bytes() > 10'000u * 512);
  scene.writer.reset();
  scene.writer = Scene::must(LogWriter::open(scene.copy));
  scene.source.run("DELETE FROM t WHERE id > 10");
  scene.carry_over();
  scene.check();
}

BOOST_AUTO_TEST_CASE(a_reader_stays_where_it_began) {
  Scene scene;
  const std::string before = scene.sum(scene.source.handle());
  BOOST_REQUIRE(sqlite3_exec(scene.reader, "BEGIN; SELECT count(*) FROM t", nullptr, nullptr,
                             nullptr) == SQLITE_OK);
  for (int round = 0; round < 5; ++round) {
    scene.source.insert(100);
    scene.carry_over();
    (void)Scene::must(scene.writer->checkpoint());
    BOOST_TEST(scene.sum(scene.reader) == before);
  }
  BOOST_REQUIRE(sqlite3_exec(scene.reader, "END", nullptr, nullptr, nullptr) == SQLITE_OK);
  scene.check();
  BOOST_TEST(Scene::must(scene.writer->checkpoint()));
}

BOOST_AUTO_TEST_CASE(a_writer_that_dies_leaves_the_commit_before) {
  Scene scene;
  const std::string before = scene.sum(scene.reader);
  scene.source.insert(500);
  scene.merge();
  const Bytes now = content_of(scene.source.path());
  Scene::must(scene.writer->begin());
  Scene::must(scene.writer->write(PageNo(1), now));
  scene.writer.reset();  // its lock goes, what it wrote stays in the log
  BOOST_TEST(scene.sum(scene.reader) == before);
  sqlite3_close(scene.reader);
  std::filesystem::remove(scene.copy + "-shm");  // so that the log is read anew
  BOOST_REQUIRE(sqlite3_open(scene.copy.c_str(), &scene.reader) == SQLITE_OK);
  BOOST_TEST(scene.sum(scene.reader) == before);
  scene.writer = Scene::must(LogWriter::open(scene.copy));
  scene.carry_over();
  scene.check();
}

BOOST_AUTO_TEST_CASE(the_log_alone_tells_what_was_committed) {
  Scene scene;
  for (int round = 0; round < 3; ++round) {
    scene.source.insert(40);
    scene.carry_over();
  }
  scene.writer.reset();
  sqlite3_db_config(scene.reader, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_close(scene.reader);
  std::filesystem::remove(scene.copy + "-shm");
  BOOST_REQUIRE(sqlite3_open(scene.copy.c_str(), &scene.reader) == SQLITE_OK);
  scene.check();
}

BOOST_AUTO_TEST_CASE(other_writers_are_noticed) {
  Scene scene;
  scene.source.insert(10);
  BOOST_REQUIRE(sqlite3_exec(scene.reader, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) ==
                SQLITE_OK);
  BOOST_TEST((scene.writer->begin().error().code == Code::kBusy));
  BOOST_REQUIRE(sqlite3_exec(scene.reader, "DELETE FROM t WHERE id = 1; COMMIT", nullptr, nullptr,
                             nullptr) == SQLITE_OK);
  BOOST_TEST((scene.writer->begin().error().code == Code::kDiverged));
  // And it is kept out while we write.
  scene.writer = Scene::must(LogWriter::open(scene.copy));
  Scene::must(scene.writer->begin());
  BOOST_TEST(sqlite3_exec(scene.reader, "DELETE FROM t", nullptr, nullptr, nullptr) == SQLITE_BUSY);
  scene.writer->rollback();
}

BOOST_AUTO_TEST_CASE(anothers_checkpoint_is_no_change) {
  Scene scene;
  scene.source.insert(10);
  scene.carry_over();
  BOOST_REQUIRE(sqlite3_exec(scene.reader, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr,
                             nullptr) == SQLITE_OK);
  scene.source.insert(10);
  scene.carry_over();
  scene.check();
}

BOOST_AUTO_TEST_CASE(only_databases_in_wal_mode) {
  LiveDatabase source;
  source.run("PRAGMA journal_mode=DELETE");
  BOOST_TEST((LogWriter::open(source.path()).error().code == Code::kNotWal));
  BOOST_TEST((LogWriter::open(source.path() + "-none").error().code == Code::kNotFound));
  LiveDatabase other;
  other.insert();
  auto writer = Scene::must(LogWriter::open(other.path()));
  Scene::must(writer->begin());
  Bytes first(4096);
  Scene::must(writer->read(PageNo(1), first));
  first[18] = first[19] = 1;
  Scene::must(writer->write(PageNo(1), first));
  BOOST_TEST((writer->commit(writer->pages()).error().code == Code::kNotWal));
}

BOOST_AUTO_TEST_SUITE_END()
