// Signature Version 4 against the public test suite (signature_vectors.txt).
#include "signature.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "digest.h"

namespace streamd::s3 {
namespace {

struct Vector {
  std::string name, token;
  bool hash_is_header = false, token_is_late = false;
  std::string request, canonical, to_sign, signature;
};

std::string read_part(std::istream& in) {
  std::string text;
  for (std::string line; std::getline(in, line) && line != "%";)
    text += (text.empty() ? "" : "\n") + line;
  return text;
}

std::vector<Vector> read_vectors() {
  std::ifstream in(SIGNATURE_VECTORS);
  std::vector<Vector> all;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word != "case") continue;
    Vector one;
    words >> one.name;
    while (words >> word) {
      if (word == "body") one.hash_is_header = true;
      if (word == "late") one.token_is_late = true;
      if (word.starts_with("token=")) one.token = word.substr(6);
    }
    one.request = read_part(in);
    one.canonical = read_part(in);
    one.to_sign = read_part(in);
    one.signature = read_part(in);
    all.push_back(one);
  }
  return all;
}

Pairs parse_query(const std::string& text) {
  Pairs query;
  std::istringstream in(text);
  for (std::string pair; std::getline(in, pair, '&');) {
    const std::size_t equal = pair.find('=');
    query.emplace_back(percent_decode(pair.substr(0, equal)),
                       equal == std::string::npos ? "" : percent_decode(pair.substr(equal + 1)));
  }
  return query;
}

SignedParts parse(const Vector& vector) {
  SignedParts parts;
  std::istringstream in(vector.request);
  std::string line;
  std::getline(in, line);
  const std::size_t begin = line.find(' ') + 1, end = line.rfind(' ');
  const std::string target = line.substr(begin, end - begin);
  const std::size_t question = target.find('?');
  parts.method = line.substr(0, begin - 1);
  parts.path = percent_decode(target.substr(0, question));
  if (question != std::string::npos) parts.query = parse_query(target.substr(question + 1));
  while (std::getline(in, line) && !line.empty()) {
    if (line[0] == ' ') {  // an old way to continue a line
      parts.headers.back().second += "\n" + line;
      continue;
    }
    const std::size_t colon = line.find(':');
    parts.headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  std::string body, more;
  while (std::getline(in, more)) body += (body.empty() ? "" : "\n") + more;
  parts.payload_hash = hex(sha256(body));
  parts.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
  if (vector.hash_is_header) parts.headers.emplace_back("x-amz-content-sha256", parts.payload_hash);
  if (!vector.token.empty() && !vector.token_is_late)
    parts.headers.emplace_back("X-Amz-Security-Token", vector.token);
  return parts;
}

BOOST_AUTO_TEST_SUITE(signature)

BOOST_AUTO_TEST_CASE(public_test_suite) {
  const std::vector<Vector> vectors = read_vectors();
  BOOST_TEST(vectors.size() == 32u);
  const SigningKey key{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1",
                       "service"};
  for (const Vector& vector : vectors) {
    BOOST_TEST_CONTEXT(vector.name) {
      const SignedParts parts = parse(vector);
      BOOST_TEST(canonical_request(parts) == vector.canonical);
      BOOST_TEST(string_to_sign(parts, key, "20150830T123600Z") == vector.to_sign);
      BOOST_TEST(authorization(parts, key, "20150830T123600Z")
                     .ends_with(", Signature=" + vector.signature));
    }
  }
}

BOOST_AUTO_TEST_CASE(blanks_in_headers) {
  SignedParts parts{"GET", "/", {}, {}, "hash"};
  for (const auto& [value, canonical] :
       {std::pair(" a\t\tb ", "a b"), {"a\r\n b\n", "a b"}, {"\t", ""}, {"", ""}}) {
    parts.headers = {{"X-One", value}};
    BOOST_TEST(canonical_request(parts) ==
               std::string("GET\n/\n\nx-one:") + canonical + "\n\nx-one\nhash");
  }
}

// From the documentation of S3 ("Authenticating Requests"): signed body hash, a range, a list.
BOOST_AUTO_TEST_CASE(examples_of_the_s3_documentation) {
  const SigningKey key{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                       "us-east-1"};
  const std::string date = "20130524T000000Z", empty = hex(sha256(""));
  const Pairs common = {{"Host", "examplebucket.s3.amazonaws.com"}, {"x-amz-date", date}};
  SignedParts get{"GET", "/test.txt", {}, common, empty};
  get.headers.emplace_back("Range", "bytes=0-9");
  get.headers.emplace_back("x-amz-content-sha256", empty);
  BOOST_TEST(authorization(get, key, date) ==
             "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
             "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
             "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  const std::string body = "Welcome to Amazon S3.";
  SignedParts put{"PUT", "/test$file.text", {}, common, hex(sha256(body))};
  put.headers.emplace_back("Date", "Fri, 24 May 2013 00:00:00 GMT");
  put.headers.emplace_back("x-amz-storage-class", "REDUCED_REDUNDANCY");
  put.headers.emplace_back("x-amz-content-sha256", put.payload_hash);
  BOOST_TEST(authorization(put, key, date)
                 .ends_with("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
  SignedParts list{"GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, common, empty};
  list.headers.emplace_back("x-amz-content-sha256", empty);
  BOOST_TEST(authorization(list, key, date)
                 .ends_with("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace streamd::s3
