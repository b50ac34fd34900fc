#include "crypt/identity.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "temp_folder.h"

using namespace streamd;
using namespace streamd::crypt;

namespace {

// Of a secret of 32 bytes 0, 1, ... 31; written down so that keys of today open tomorrow.
const std::string kSecret = "streamd-key-AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh_49oMo";
const std::string kPublic = "streamd-pub-j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF9gUqUT";

}  // namespace

BOOST_AUTO_TEST_SUITE(identity)

BOOST_AUTO_TEST_CASE(texts_come_back) {
  const Identity made = Identity::make();
  const auto read = parse_identities(made.file_text());
  BOOST_REQUIRE(read.has_value());
  BOOST_REQUIRE(read->size() == 1u);
  BOOST_TEST((read->front().secret() == made.secret()));
  BOOST_TEST((read->front().public_key() == made.public_key()));
  const std::string text = to_text(made.public_key());
  BOOST_TEST(text.size() == 60u);
  BOOST_TEST((*parse_public_key("  " + text + "\n") == made.public_key()));
  BOOST_TEST(made.file_text().find(text) != std::string::npos);
  BOOST_TEST(name_of(made.public_key()).size() == 16u);
  BOOST_TEST(name_of(made.public_key()) != name_of(Identity::make().public_key()));
}

BOOST_AUTO_TEST_CASE(a_wrong_letter_shows) {
  const Identity made = Identity::make();
  const std::string text = to_text(made.public_key());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
    BOOST_TEST(!parse_public_key(wrong).has_value(), wrong);
    BOOST_TEST(!parse_public_key(text.substr(0, i)).has_value());
  }
  BOOST_TEST(!parse_public_key(text + "A").has_value());
  BOOST_TEST(!parse_public_key("age1qqq").has_value());
}

BOOST_AUTO_TEST_CASE(one_kind_is_not_taken_for_the_other) {
  const Identity made = Identity::make();
  const std::string text = made.file_text();
  const std::string secret = text.substr(text.find("streamd-key-"));
  const auto as_public = parse_public_key(secret);
  BOOST_REQUIRE(!as_public.has_value());
  BOOST_TEST(as_public.error().message.find("secret") != std::string::npos);
  BOOST_TEST(as_public.error().message.find(secret.substr(12, 20)) == std::string::npos);
  const auto as_secret = Identity::parse(to_text(made.public_key()));
  BOOST_REQUIRE(!as_secret.has_value());
  BOOST_TEST(as_secret.error().message.find("public key") != std::string::npos);
  std::string renamed = secret;
  renamed.replace(8, 3, "pub");
  BOOST_TEST(!parse_public_key(renamed).has_value());
}

BOOST_AUTO_TEST_CASE(files_and_texts) {
  const TempFolder folder;
  const Identity first = Identity::make(), second = Identity::make();
  std::ofstream(folder.file("two")) << first.file_text() << "\n" << second.file_text();
  BOOST_TEST(load_identities(folder.file("two"))->size() == 2u);
  BOOST_TEST(load_identities(first.file_text())->size() == 1u);
  const std::string text = first.file_text();
  BOOST_TEST(load_identities(text.substr(text.find("streamd-key-")))->size() == 1u);
  std::ofstream(folder.file("none")) << "# nothing\n";
  for (const std::string& bad : {folder.file("none"), folder.file("absent"), std::string(),
                                 std::string("streamd-key-AAAA")}) {
    const auto read = load_identities(bad);
    BOOST_REQUIRE(!read.has_value());
    BOOST_TEST((read.error().code == Code::kInvalidConfig));
  }
  std::ofstream(folder.file("bad")) << "\nstreamd-key-AAAA\n";
  BOOST_TEST(load_identities(folder.file("bad")).error().message.find("line 2") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_of_today) {
  const auto read = Identity::parse(kSecret);
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(to_text(read->public_key()) == kPublic);
  BOOST_TEST(name_of(read->public_key()) == "357fd15fe2b6a349");
}

BOOST_AUTO_TEST_SUITE_END()
