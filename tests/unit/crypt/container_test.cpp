#include "crypt/container.h"

#include <boost/test/unit_test.hpp>
#include <random>

#include "crypt/opening.h"
#include "scene.h"

using namespace crypt_scene;

namespace {

// What a reader makes of the bytes; nullopt when it is refused. In one piece, or `step` bytes at a
// time.
std::optional<Bytes> opened(const Bytes& object, const GenerationKey& with,
                            const std::string& name = kName, std::uint64_t offset = 0,
                            std::uint64_t length = storage::kToTheEnd,
                            std::size_t step = SIZE_MAX) {
  Bytes plain;
  const storage::Sink sink = [&](ByteView bytes) -> Status {
    append(plain, bytes);
    return {};
  };
  Opening opening(
      name, offset, length, nullptr,
      [&](const Header& header) -> Result<CipherPtr> {
        if (header.key != with.id()) return make_error(Code::kCorrupt, "another key");
        return std::make_shared<const ChunkCipher>(with, header, name);
      },
      sink);
  while (!opening.done()) {
    const std::uint64_t at = opening.position(), wanted = opening.wanted();
    if (at > object.size() || (wanted != storage::kToTheEnd && wanted > object.size() - at))
      return std::nullopt;
    ByteView left = ByteView(object).subspan(at);
    if (wanted != storage::kToTheEnd) left = left.first(wanted);
    if (left.empty()) return std::nullopt;
    for (; !left.empty(); left = left.subspan(std::min(step, left.size())))
      if (!opening.take(left.first(std::min(step, left.size())))) return std::nullopt;
    if (wanted == storage::kToTheEnd && !opening.done()) return std::nullopt;
  }
  return plain;
}

const std::vector<std::size_t> kSizes{0,      1,          100,        kChunk - 1,
                                      kChunk, kChunk + 1, 2 * kChunk, 3 * kChunk + 17};

}  // namespace

BOOST_AUTO_TEST_SUITE(container)

BOOST_AUTO_TEST_CASE(sizes_go_both_ways) {
  for (const std::size_t size : kSizes) {
    BOOST_TEST(plain_size(sealed_size(size)) == size);
    const Bytes plain = content(size);
    BOOST_TEST(sealed(plain, *key()).size() == sealed_size(size));
    BOOST_TEST((opened(sealed(plain, *key()), *key()) == plain));
  }
  BOOST_TEST(plain_size(0) == 0u);
  BOOST_TEST(plain_size(kHeaderSize + kTag - 1) == 0u);
}

// Worked out by another program, from docs/formats/encrypted.md alone. The tag is of all bytes.
BOOST_AUTO_TEST_CASE(an_object_of_today) {
  Bytes plain(300);
  for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::uint8_t>(i);
  const Bytes object = sealed(plain, *key());
  BOOST_TEST(to_hex(key()->id()) == "09b166442782137062bac30c2671d623");
  BOOST_TEST(to_hex(ByteView(object).first(kHeaderSize)) ==
             "89535452454e0d0a0100000000000000efbeadde030000001011121314151617"
             "18191a1b1c1d1e1f09b166442782137062bac30c2671d6232c01000000000000"
             "db1b4f3e0f7e7f34df3b0c704d42ec0c609fc47cdb984faef7dc78eebdaae3e6");
  BOOST_TEST(to_hex(ByteView(object).last(kTag)) == "4c0b8aa4b7882008925c2a7a3fb63be8");
}

BOOST_AUTO_TEST_CASE(the_same_content_gives_the_same_bytes) {
  const Bytes plain = content(2 * kChunk + 5);
  const Bytes whole = sealed(plain, *key());
  BOOST_TEST((sealed(plain, *key()) == whole));
  const MemorySource source(plain);
  const auto again = *SealedSource::over(source, *key(), kName);
  std::mt19937 random(1);  // in any order, in any step
  for (int i = 0; i < 300; ++i) {
    const std::size_t at = random() % whole.size();
    Bytes part(random() % std::min<std::size_t>(whole.size() - at, 70'000));
    BOOST_REQUIRE(again->read_at(at, part).has_value());
    BOOST_TEST(std::equal(part.begin(), part.end(), whole.begin() + static_cast<long>(at)));
  }
  Bytes beyond(2);
  BOOST_TEST((again->read_at(whole.size() - 1, beyond).error().code == Code::kCorrupt));
}

// No key and nonce ever meet two contents.
BOOST_AUTO_TEST_CASE(another_content_name_or_key_has_another_salt) {
  const auto salt = [](const Bytes& object) {
    return Bytes(object.begin() + 64, object.begin() + 96);
  };
  const Bytes plain = content(1000);
  Bytes changed = plain;
  changed[999] ^= 1;
  const Bytes usual = salt(sealed(plain, *key()));
  BOOST_TEST((salt(sealed(changed, *key())) != usual));
  BOOST_TEST((salt(sealed(plain, *key(), kName + "x")) != usual));
  BOOST_TEST((salt(sealed(plain, *key(2))) != usual));
  BOOST_TEST((salt(sealed(content(999), *key())) != usual));
}

BOOST_AUTO_TEST_CASE(ranges) {
  const Bytes plain = content(3 * kChunk + 17);
  const Bytes object = sealed(plain, *key());
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{1}, kChunk - 1, kChunk, 2 * kChunk + 3, 3 * kChunk + 17})
    for (const std::uint64_t length :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{256}, kChunk, kChunk + 1, 2 * kChunk})
      for (const std::size_t step : {std::size_t{1009}, SIZE_MAX}) {
        if (offset >= kChunk) continue;  // read_header() comes first then
        const auto got = opened(object, *key(), kName, offset, length, step);
        BOOST_REQUIRE(got.has_value());
        BOOST_TEST(std::equal(got->begin(), got->end(), plain.begin() + static_cast<long>(offset)));
        BOOST_TEST(got->size() == length);
      }
  BOOST_TEST(!opened(object, *key(), kName, 5, plain.size()).has_value());
}

BOOST_AUTO_TEST_CASE(any_changed_bit_is_refused) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{50}, kChunk + 40}) {
    const Bytes plain = content(size), object = sealed(plain, *key());
    std::mt19937 random(2);
    for (int i = 0; i < 400; ++i) {
      Bytes changed = object;
      const std::size_t at =
          i < 100 ? static_cast<std::size_t>(i) % object.size() : random() % object.size();
      changed[at] ^= static_cast<std::uint8_t>(1u << (random() % 8));
      BOOST_TEST(!opened(changed, *key()).has_value(), at);
    }
  }
}

BOOST_AUTO_TEST_CASE(chunks_cannot_be_moved_cut_or_added) {
  const Bytes plain = content(3 * kChunk), object = sealed(plain, *key());
  const auto chunk = [&](const Bytes& of, std::size_t i) {
    return Bytes(of.begin() + static_cast<long>(kHeaderSize + i * kSealedChunk),
                 of.begin() + static_cast<long>(kHeaderSize + (i + 1) * kSealedChunk));
  };
  const auto put = [&](Bytes& into, std::size_t i, const Bytes& bytes) {
    std::copy(bytes.begin(), bytes.end(),
              into.begin() + static_cast<long>(kHeaderSize + i * kSealedChunk));
  };
  Bytes swapped = object;
  put(swapped, 0, chunk(object, 1));
  put(swapped, 1, chunk(object, 0));
  BOOST_TEST(!opened(swapped, *key()).has_value());
  Bytes other = object;
  put(other, 1, chunk(sealed(content(3 * kChunk, 99), *key()), 1));
  BOOST_TEST(!opened(other, *key()).has_value());
  for (const std::size_t cut :
       {std::size_t{1}, kSealedChunk, 2 * kSealedChunk, object.size() - 50}) {
    Bytes shorter(object.begin(), object.end() - static_cast<long>(cut));
    BOOST_TEST(!opened(shorter, *key()).has_value());
    if (shorter.size() < kHeaderSize) continue;
    store_le(shorter.data() + 56, plain_size(shorter.size()));  // and a header that says so
    BOOST_TEST(!opened(shorter, *key()).has_value());
  }
  Bytes longer = object;
  append(longer, chunk(object, 2));
  BOOST_TEST(!opened(longer, *key()).has_value());
  store_le(longer.data() + 56, plain_size(longer.size()));
  BOOST_TEST(!opened(longer, *key()).has_value());
}

BOOST_AUTO_TEST_CASE(objects_cannot_be_renamed_or_moved) {
  const Bytes object = sealed(content(100), *key());
  BOOST_TEST(opened(object, *key()).has_value());
  BOOST_TEST(!opened(object, *key(), kName + "2").has_value());
  BOOST_TEST(!opened(object, *key(2)).has_value());
  BOOST_TEST(!opened(object, *key(1, GenerationId(7))).has_value());
  Bytes moved = object;  // with a header that says it belongs there
  store_le(moved.data() + 16, std::uint64_t{7});
  BOOST_TEST(!opened(moved, *key()).has_value());
  moved = object;
  moved[24] ^= 1;  // the database
  BOOST_TEST(!opened(moved, *key()).has_value());
}

BOOST_AUTO_TEST_CASE(a_wrapped_key_that_was_exchanged_is_refused) {
  const Identity reader = Identity::make();
  WrappedKey wrapped = wrap(*key(1), {reader.public_key()});
  BOOST_TEST(unwrap(wrapped, key(1)->id(), {reader}).has_value());
  const auto other = unwrap(wrapped, key(2)->id(), {reader});
  BOOST_TEST((!other && other.error().code == Code::kCorrupt));
  wrapped.generation = GenerationId(kGeneration.value + 1);  // another place
  const auto moved = unwrap(wrapped, key(1)->id(), {reader});
  BOOST_TEST((!moved && moved.error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(headers) {
  Bytes object = sealed(content(10), *key());
  const auto header = decode(ByteView(object).first(kHeaderSize));
  BOOST_REQUIRE(header.has_value());
  BOOST_TEST(header->size == 10u);
  BOOST_TEST((header->key == key()->id()));
  object[8] = 2;
  BOOST_TEST((decode(ByteView(object).first(kHeaderSize)).error().code == Code::kUnsupported));
  object[8] = 0;
  BOOST_TEST((decode(ByteView(object).first(kHeaderSize)).error().code == Code::kCorrupt));
  object[8] = 1;
  object[12] = 1;  // reserved
  BOOST_TEST((decode(ByteView(object).first(kHeaderSize)).error().code == Code::kCorrupt));
  BOOST_TEST((decode(ByteView(object).first(10)).error().code == Code::kCorrupt));
  BOOST_TEST((decode(content(kHeaderSize)).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_SUITE_END()
