#include "encoding.h"

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "digest.h"

namespace streamd::cloud {
namespace {

BOOST_AUTO_TEST_SUITE(encoding)

BOOST_AUTO_TEST_CASE(percent) {
  BOOST_TEST(percent_encode("a b+c/~\xc3\xa4%") == "a%20b%2Bc%2F~%C3%A4%25");
  BOOST_TEST(percent_encode_path("/a//../b c") == "/a//../b%20c");
  BOOST_TEST(percent_encode("AZaz09-._~") == "AZaz09-._~");
  BOOST_TEST(percent_encode("@[`{:") == "%40%5B%60%7B%3A");
  BOOST_TEST(percent_decode("a%20b+c%2Bd%2") == "a b c+d%2");
  BOOST_TEST(percent_decode("%c3%C3") == "\xc3\xc3");
  for (const char* text : {"%zz", "%Gg", "%2g", "%2z", "%2:", "%:2", "%2`", "%2/", "%@0"})
    BOOST_TEST(percent_decode(text) == text, text);
  for (const std::string text : {"", "plain", "a&b=c?d#e", "\x01\x7f\xff", "%41", "a/b"})
    BOOST_TEST(percent_decode(percent_encode(text)) == text);
}

BOOST_AUTO_TEST_CASE(query_is_sorted_after_encoding) {
  BOOST_TEST(encode_query({}) == "");
  BOOST_TEST(encode_query({{"uploads", ""}}) == "uploads=");
  BOOST_TEST(encode_query({{"b", "2"}, {"a", "x y"}, {"a", "x"}}) == "a=x&a=x%20y&b=2");
}

BOOST_AUTO_TEST_CASE(times) {
  BOOST_TEST(amz_date(1440938160) == "20150830T123600Z");
  BOOST_TEST(from_http_date("Sun, 30 Aug 2015 12:36:00 GMT") == 1440938160);
  BOOST_TEST(from_iso_date("2015-08-30T12:36:00.000Z") == 1440938160);
  BOOST_TEST(from_iso_date("2015-08-30T12:36:00Z") == 1440938160);
  for (const std::string text :
       {"", "yesterday", "Sun, 30 Abc 2015 12:36:00 GMT", "Sun, 30 anF 2015 12:36:00 GMT"})
    BOOST_TEST(from_http_date(text) == -1);
  BOOST_TEST(from_iso_date("2015") == -1);
  BOOST_TEST(nanoseconds_of_seconds(2) == 2'000'000'000);
  BOOST_TEST(nanoseconds_of_ms(-2) == -2'000'000);
  BOOST_TEST(nanoseconds_of_seconds(from_iso_date("9999-12-31T23:59:59Z")) == INT64_MAX);
  BOOST_TEST(nanoseconds_of_ms(INT64_MIN) == INT64_MIN);
}

BOOST_AUTO_TEST_CASE(hashes) {
  BOOST_TEST(hex(sha256("abc")) ==
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  DigestStream sha1(DigestStream::Kind::kSha1), sha256_stream(DigestStream::Kind::kSha256);
  BOOST_TEST(sha1.finish() == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  for (const char* piece : {"a", "bc"}) {
    sha1.add(piece, std::strlen(piece));
    sha256_stream.add(piece, std::strlen(piece));
  }
  BOOST_TEST(sha1.finish() == "a9993e364706816aba3e25717850c26c9cd0d89d");
  BOOST_TEST(sha256_stream.finish() == hex(sha256("abc")));
  BOOST_TEST(hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")) ==
             "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
  DigestStream md5(DigestStream::Kind::kMd5);
  md5.add("abc", 3);
  BOOST_TEST(md5.finish_base64() == md5_base64("abc"));
  BOOST_TEST(md5_base64("") == "1B2M2Y8AsgTpgAmY7PhCfg==");
  for (const std::string text : {"", "a", "ab", "abc", "abcd"})
    BOOST_TEST(from_base64(base64(text)) == text);
  BOOST_TEST(from_base64("not base64!") == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::cloud
