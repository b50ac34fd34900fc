#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "crypt/encrypted_store.h"
#include "memory_store.h"
#include "scene.h"
#include "temp_folder.h"

using namespace crypt_scene;

namespace {

using Operation = storage::Operation;
const storage::Call kCall;

// A machine with its local state in front of a store that several see.
struct Machine {
  Machine(std::shared_ptr<MemoryStore> below, std::vector<PublicKey> recipients,
          std::vector<Identity> identities = {}, const std::string& folder = "")
      : keys(*Keyring::open({folder, std::move(recipients), std::move(identities)})),
        store(std::move(below), keys) {}

  Bytes read(const std::string& name) {
    auto bytes = storage::get_all(store, name, kGiB, kCall);
    BOOST_TEST_CONTEXT(name) BOOST_REQUIRE_MESSAGE(bytes.has_value(), bytes.error().message);
    return *bytes;
  }
  Error failure(const std::string& name) {
    auto bytes = storage::get_all(store, name, kGiB, kCall);
    BOOST_REQUIRE(!bytes);
    return bytes.error();
  }
  void put(const std::string& name, const Bytes& bytes) {
    BOOST_REQUIRE(store.put(name, MemorySource(bytes), {}, kCall).has_value());
  }
  std::map<std::string, std::uint64_t> list(const std::string& prefix) {
    std::map<std::string, std::uint64_t> sizes;
    const auto note = [&](const std::string& key, const storage::ObjectStat& stat) -> Status {
      sizes[key] = stat.size;
      return {};
    };
    BOOST_REQUIRE(store.list(prefix, "", note, kCall).has_value());
    return sizes;
  }

  std::shared_ptr<Keyring> keys;
  EncryptedStore store;
};

std::string in(GenerationId generation, Txid txid) {
  return catalog::to_text(
      catalog::SegmentKey{generation, 0, txid, txid, 0, {}, catalog::Completeness::kAll});
}

const GenerationId kOld(0x0000000100000001), kNew(0x0000000200000002);

struct Scene {
  TempFolder folder;
  std::shared_ptr<MemoryStore> below = std::make_shared<MemoryStore>();
  Identity alice = Identity::make(), bob = Identity::make(), eve = Identity::make();
  std::string name = in(kNew, Txid(1));

  Machine writer(std::vector<PublicKey> recipients) {
    return Machine(below, std::move(recipients), {}, folder.file("keys"));
  }
  // With an encrypted generation of one object.
  Bytes begin(Machine& machine, std::size_t size = 3 * kChunk + 9) {
    BOOST_REQUIRE(machine.keys->begin(kNew, uuid(0x10)).has_value());
    BOOST_REQUIRE(machine.keys->publish(machine.store, kNew, kCall).has_value());
    const Bytes plain = content(size);
    machine.put(name, plain);
    return plain;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(encrypted_store, Scene)

BOOST_AUTO_TEST_CASE(each_recipient_can_read_and_nobody_else) {
  Machine writer = this->writer({alice.public_key(), bob.public_key()});
  const Bytes plain = begin(writer);
  BOOST_TEST((writer.read(name) == plain));
  BOOST_TEST((below->content(name) != plain));
  BOOST_TEST(below->content(name).size() == sealed_size(plain.size()));
  for (const Identity& identity : {alice, bob}) {
    Machine reader(below, {}, {eve, identity});
    BOOST_TEST((reader.read(name) == plain));
    BOOST_TEST(reader.list("")[name] == plain.size());
    BOOST_TEST(reader.store.stat(name, kCall)->size == plain.size());
  }
  const Error none = Machine(below, {}).failure(name);
  BOOST_TEST((none.code == Code::kAuth));
  BOOST_TEST(none.message.find("no identity") != std::string::npos);
  const Error wrong = Machine(below, {}, {eve}).failure(name);
  BOOST_TEST((wrong.code == Code::kAuth));
  for (const Identity& named : {alice, bob, eve})
    BOOST_TEST(wrong.message.find(name_of(named.public_key())) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ranges_and_pieces_as_they_arrive) {
  Machine writer = this->writer({alice.public_key()});
  const Bytes plain = begin(writer);
  for (const std::size_t chunk : {std::size_t{777}, std::size_t{100'000}, SIZE_MAX}) {
    below->chunk = chunk;
    for (const bool fresh : {true, false})
      for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{5}, kChunk, 3 * kChunk})
        for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{4}, kChunk + 2}) {
          if (offset + length > plain.size()) continue;
          Machine reader(below, {}, {alice});
          if (!fresh) reader.read(name);
          Bytes part(length);
          const auto source = storage::object_source(reader.store, name, plain.size(), kCall);
          BOOST_REQUIRE(source->read_at(offset, part).has_value());
          BOOST_TEST(
              std::equal(part.begin(), part.end(), plain.begin() + static_cast<long>(offset)));
        }
  }
  const auto ignore = [](ByteView) -> Status { return {}; };
  BOOST_TEST(
      (writer.store.get(name, 1, plain.size(), ignore, kCall).error().code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(an_object_that_is_read_whole_costs_one_request) {
  Machine writer = this->writer({alice.public_key()});
  const Bytes plain = begin(writer);
  Machine reader(below, {}, {alice}, folder.file("keys"));
  const int before = below->calls(Operation::kGet);
  Bytes whole(plain.size());
  BOOST_REQUIRE(storage::object_source(reader.store, name, plain.size(), kCall)
                    ->read_at(0, whole)
                    .has_value());
  BOOST_TEST((whole == plain));
  BOOST_TEST(below->calls(Operation::kGet) == before + 1);
}

BOOST_AUTO_TEST_CASE(an_empty_object_is_proven_too) {
  Machine writer = this->writer({alice.public_key()});
  BOOST_TEST(begin(writer, 0).empty());
  BOOST_TEST(writer.read(name).empty());
  Bytes object = below->content(name);
  object.back() ^= 1;
  below->set(name, object);
  BOOST_TEST((writer.failure(name).code == Code::kCorrupt));
}

// Generations from before encryption stay as they are, beside encrypted ones.
BOOST_AUTO_TEST_CASE(a_mixed_replica) {
  Machine plain_writer(below, {});
  BOOST_REQUIRE(plain_writer.keys->begin(kOld, uuid(0x10)).has_value());
  const std::string old = in(kOld, Txid(7)), marker = "streamd.json";
  plain_writer.put(old, content(500));
  plain_writer.put(marker, content(40));
  Machine writer = this->writer({alice.public_key()});
  begin(writer, 1000);
  for (const bool ordered : {true, false}) {
    below->ordered = ordered;
    Machine reader(below, {}, {alice});
    const auto all = reader.list("");
    BOOST_TEST(all.at(old) == 500u);
    BOOST_TEST(all.at(name) == 1000u);
    BOOST_TEST(all.at(marker) == 40u);
    Machine other(below, {}, {alice});
    BOOST_TEST(other.list(catalog::segments_prefix(kNew)).at(name) == 1000u);
    BOOST_TEST(other.list(catalog::segments_prefix(kOld)).at(old) == 500u);
    BOOST_TEST((reader.read(old) == content(500)));
    BOOST_TEST((reader.read(marker) == content(40)));
  }
}

BOOST_AUTO_TEST_CASE(objects_that_changed_places_are_refused) {
  Machine writer = this->writer({alice.public_key()});
  begin(writer);
  const std::string second = in(kNew, Txid(2));
  writer.put(second, content(3 * kChunk + 9, 77));
  const Bytes first = below->content(name), other = below->content(second);
  below->set(name, other);
  below->set(second, first);
  Machine reader(below, {}, {alice});
  BOOST_TEST((reader.failure(name).code == Code::kCorrupt));
  BOOST_TEST((reader.failure(second).code == Code::kCorrupt));
  below->set(name, content(500));  // a plain one in an encrypted generation
  BOOST_TEST((Machine(below, {}, {alice}).failure(name).code == Code::kCorrupt));
  below->set(name, Bytes(first.begin(), first.end() - 1));
  BOOST_TEST((Machine(below, {}, {alice}).failure(name).code == Code::kCorrupt));
  below->set(name, Bytes(first.begin(), first.begin() + 3));
  BOOST_TEST((Machine(below, {}, {alice}).failure(name).code == Code::kCorrupt));
}

// With a key that is held the header is read with the rest, to the end: also where that is nothing.
BOOST_AUTO_TEST_CASE(an_object_without_all_of_its_header_is_cut_short,
                     *boost::unit_test::timeout(60)) {
  Machine writer = this->writer({alice.public_key()});
  begin(writer);
  const Bytes whole = below->content(name);
  for (const std::size_t left : {std::size_t{0}, std::size_t{3}, kHeaderSize - 1, kHeaderSize}) {
    below->set(name, Bytes(whole.begin(), whole.begin() + left));
    Machine again = this->writer({alice.public_key()});
    const Error cut = again.failure(name);
    BOOST_TEST((cut.code == Code::kCorrupt));
    if (left < kHeaderSize) BOOST_TEST(cut.message.find("cut short") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(another_generation_or_database) {
  Machine writer = this->writer({alice.public_key()});
  begin(writer);
  const auto keys = writer.list(catalog::keys_prefix(kNew));
  const std::string wrapped = keys.begin()->first;
  // Object and key copied into another generation.
  const GenerationId third(0x0000000300000003);
  below->set(in(third, Txid(1)), below->content(name));
  below->set(catalog::keys_prefix(third) + wrapped.substr(wrapped.rfind('/') + 1),
             below->content(wrapped));
  BOOST_TEST((Machine(below, {}, {alice}).failure(in(third, Txid(1))).code == Code::kCorrupt));
  // The key's object names another database.
  std::string text(as_text(below->content(wrapped)));
  const std::size_t at = text.find(to_text(uuid(0x10)));
  BOOST_REQUIRE(at != std::string::npos);
  text.replace(at, 36, to_text(uuid(0x20)));
  below->set(wrapped, Bytes(text.begin(), text.end()));
  BOOST_TEST((Machine(below, {}, {alice}).failure(name).code == Code::kCorrupt));
  below->set(wrapped, {'{', '}'});
  BOOST_TEST((Machine(below, {}, {alice}).failure(name).code == Code::kCorrupt));
}

BOOST_AUTO_TEST_CASE(a_new_life_goes_on_with_the_same_key) {
  Bytes plain;
  {
    Machine first = writer({alice.public_key()});
    plain = begin(first);
    struct stat info {};
    const auto files = list_folder(folder.file("keys"));
    BOOST_REQUIRE(files->size() == 1u);
    BOOST_REQUIRE(::stat((folder.file("keys") + "/" + files->front()).c_str(), &info) == 0);
    BOOST_TEST((info.st_mode & 0777) == 0600u);
  }
  Machine second = writer({alice.public_key()});
  BOOST_TEST(second.keys->fits(kNew));
  BOOST_TEST((second.read(name) == plain));
  const Bytes before = below->content(name);
  second.put(name, plain);  // again: the same bytes
  BOOST_TEST((below->content(name) == before));
  const std::string wrapped = second.list(catalog::keys_prefix(kNew)).begin()->first;
  below->erase(wrapped);  // what the replica lost is put again
  BOOST_REQUIRE(second.keys->publish(second.store, kNew, kCall).has_value());
  BOOST_TEST(below->has(wrapped));
  BOOST_TEST((Machine(below, {}, {alice}).read(name) == plain));
}

BOOST_AUTO_TEST_CASE(which_generations_fit) {
  Machine first = writer({alice.public_key()});
  BOOST_TEST(!first.keys->fits(kNew));  // recipients, and no key yet
  begin(first);
  BOOST_TEST(first.keys->fits(kNew));
  BOOST_TEST(writer({alice.public_key(), alice.public_key()}).keys->fits(kNew));
  BOOST_TEST(!writer({alice.public_key(), bob.public_key()}).keys->fits(kNew));
  BOOST_TEST(!writer({bob.public_key()}).keys->fits(kNew));
  BOOST_TEST(!writer({}).keys->fits(kNew));
  BOOST_TEST(writer({}).keys->fits(kOld));
  Machine stranger(below, {});
  stranger.list("");
  BOOST_TEST(!stranger.keys->fits(kNew));
  BOOST_TEST(
      (stranger.store.put(name, MemorySource(content(5)), {}, kCall).error().code == Code::kAuth));
}

BOOST_AUTO_TEST_CASE(damaged_key_files_are_as_good_as_lost) {
  Machine first = writer({alice.public_key()});
  begin(first);
  const std::string path = folder.file("keys") + "/" + list_folder(folder.file("keys"))->front();
  Bytes raw = *read_file(path);
  raw[20] ^= 1;
  BOOST_REQUIRE(replace_file(path, raw).has_value());
  BOOST_TEST(!writer({alice.public_key()}).keys->fits(kNew));
  BOOST_REQUIRE(replace_file(path, Bytes(3)).has_value());
  BOOST_TEST(!writer({alice.public_key()}).keys->fits(kNew));
}

BOOST_AUTO_TEST_CASE(a_restore_keeps_the_keys_for_the_daemon) {
  Machine first = writer({alice.public_key(), bob.public_key()});
  const Bytes plain = begin(first);
  Machine restoring(below, {}, {bob});
  restoring.list("");
  BOOST_REQUIRE(restoring.keys->keep(restoring.store, folder.file("restored"), kCall).has_value());
  Machine next(below, {bob.public_key(), alice.public_key()}, {}, folder.file("restored"));
  BOOST_TEST(next.keys->fits(kNew));
  BOOST_TEST((next.read(name) == plain));
  Machine without(below, {}, {eve});
  without.list("");
  BOOST_REQUIRE(without.keys->keep(without.store, folder.file("nothing"), kCall).has_value());
  BOOST_TEST(!*stat_path(folder.file("nothing")));
}

BOOST_AUTO_TEST_CASE(a_lost_wrapped_key_is_said) {
  Machine first = writer({alice.public_key()});
  begin(first);
  Machine reader(below, {}, {alice});
  reader.list("");
  below->erase(reader.list(catalog::keys_prefix(kNew)).begin()->first);
  const Error lost = reader.failure(name);
  BOOST_TEST((lost.code == Code::kCorrupt));
  BOOST_TEST(lost.message.find("keys/") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_damaged_wrapped_key_is_put_anew) {
  Machine first = writer({alice.public_key(), bob.public_key()});
  const Bytes plain = begin(first);
  const std::string wrapped = first.list(catalog::keys_prefix(kNew)).begin()->first;
  const Bytes whole = below->content(wrapped);
  BOOST_TEST(!*first.keys->publish(first.store, kNew, kCall));
  for (const std::size_t at : {std::size_t{3}, whole.size() / 2, whole.size() - 30}) {
    Bytes damaged = whole;
    damaged[at] = damaged[at] == 'a' ? 'b' : 'a';
    below->set(wrapped, damaged);
    BOOST_TEST(*first.keys->publish(first.store, kNew, kCall));
    BOOST_TEST((below->content(wrapped) == whole));
  }
  BOOST_TEST((Machine(below, {}, {bob}).read(name) == plain));
}

BOOST_AUTO_TEST_CASE(who_holds_no_key_judges_a_wrapped_one_by_the_identities) {
  Machine first = writer({alice.public_key()});
  begin(first);
  const KeyId id = first.keys->held_ids(kNew).at(0);
  const std::string wrapped = first.list(catalog::keys_prefix(kNew)).begin()->first;
  const Machine reader(below, {}, {alice}), stranger(below, {}, {eve});
  BOOST_TEST(reader.keys->check(*below, kNew, id, kCall).has_value());
  BOOST_TEST(stranger.keys->check(*below, kNew, id, kCall).has_value());
  Bytes damaged = below->content(wrapped);
  const std::string needle = "\"key\": \"";
  const auto at = std::search(damaged.begin(), damaged.end(), needle.begin(), needle.end());
  BOOST_REQUIRE(at != damaged.end());
  auto& digit = *(at + static_cast<std::ptrdiff_t>(needle.size()) + 70);
  digit = digit == '0' ? '1' : '0';
  below->set(wrapped, damaged);
  BOOST_TEST((reader.keys->check(*below, kNew, id, kCall).error().code == Code::kCorrupt));
  BOOST_TEST(stranger.keys->check(*below, kNew, id, kCall).has_value());  // it cannot know
  below->erase(wrapped);
  BOOST_TEST((reader.keys->check(*below, kNew, id, kCall).error().code == Code::kNotFound));
}

BOOST_AUTO_TEST_CASE(a_plain_generation_that_begins_costs_no_request) {
  Machine plain(below, {});
  BOOST_REQUIRE(plain.keys->begin(kNew, uuid(0x10)).has_value());
  BOOST_REQUIRE(plain.keys->publish(plain.store, kNew, kCall).has_value());
  plain.put(name, content(10));
  BOOST_TEST(below->calls(Operation::kList) == 0);
  BOOST_TEST(below->calls(Operation::kStat) == 0);
  BOOST_TEST((below->content(name) == content(10)));
}

BOOST_AUTO_TEST_SUITE_END()
