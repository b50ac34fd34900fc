#include "base/result.h"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <set>

using namespace streamd;

namespace {
Result<int> half(int number) {
  if (number % 2 != 0) return make_error(Code::kUsage, "odd", "give an even number");
  return number / 2;
}
Result<int> quarter(int number) {
  return TRY(half(TRY(half(number))));
}
Status check(int number) {
  TRY(half(number));
  return {};
}
}  // namespace

BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(try_hands_on_values_and_errors) {
  BOOST_TEST(quarter(12).value() == 3);
  const auto odd = quarter(6);
  BOOST_REQUIRE(!odd);
  BOOST_TEST(odd.error().message == "odd");
  BOOST_TEST(odd.error().hint == "give an even number");
  BOOST_TEST(check(2).has_value());
  BOOST_TEST(!check(1).has_value());
}

BOOST_AUTO_TEST_CASE(errno_becomes_a_class) {
  BOOST_TEST((errno_error(ENOSPC, "write x").code == Code::kNoSpace));
  BOOST_TEST((errno_error(ENOENT, "open x").code == Code::kNotFound));
  BOOST_TEST((errno_error(EEXIST, "open x").code == Code::kExists));
  BOOST_TEST((errno_error(EACCES, "open x").code == Code::kPermission));
  BOOST_TEST((errno_error(EPERM, "open x").code == Code::kPermission));
  BOOST_TEST((errno_error(EDQUOT, "write x").code == Code::kNoSpace));
  BOOST_TEST((errno_error(EIO, "read x").code == Code::kIo));
  BOOST_TEST(errno_error(ENOSPC, "write x").message == "write x: No space left on device");
}

BOOST_AUTO_TEST_CASE(every_class_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (int code = 1; code <= static_cast<int>(Code::kInternal); ++code)
    names.insert(code_name(Code(code)));
  for (int code = static_cast<int>(Code::kUsage); code <= static_cast<int>(Code::kDaemonNotRunning);
       ++code)
    names.insert(code_name(Code(code)));
  BOOST_TEST(names.size() == 25u);
  BOOST_TEST(code_name(Code(0)) == std::string("internal"));
}

BOOST_AUTO_TEST_CASE(context_goes_in_front) {
  BOOST_TEST(make_error(Code::kIo, "disk on fire").with_context("seal").message ==
             "seal: disk on fire");
}

BOOST_AUTO_TEST_SUITE_END()
