// What scripts go by.
#include "daemon/exit_code.h"

#include <boost/test/unit_test.hpp>
#include <sstream>

using namespace streamd;
using namespace streamd::daemon;

BOOST_AUTO_TEST_SUITE(exit_codes)

BOOST_AUTO_TEST_CASE(each_class_of_errors_has_one) {
  for (const auto& [code, exit] : {std::pair(Code::kUsage, kExitUsage),
                                   {Code::kNoBackup, kExitNoBackup},
                                   {Code::kTargetExists, kExitTargetExists},
                                   {Code::kOutsideWindow, kExitOutsideWindow},
                                   {Code::kNotRestorable, kExitNotRestorable},
                                   {Code::kDiverged, kExitDiverged},
                                   {Code::kFenced, kExitTakenOver},
                                   {Code::kThrottled, kExitUnreachable},
                                   {Code::kTransient, kExitUnreachable},
                                   {Code::kTimeout, kExitUnreachable},
                                   {Code::kAuth, kExitRefused},
                                   {Code::kCorrupt, kExitDamaged},
                                   {Code::kInvalidConfig, kExitConfiguration},
                                   {Code::kDaemonNotRunning, kExitDaemonNotRunning},
                                   {Code::kNotFound, kExitFailure},
                                   {Code::kPermission, kExitFailure},
                                   {Code::kCancelled, kExitFailure},
                                   {Code::kBusy, kExitFailure},
                                   {Code(0), kExitFailure}})
    BOOST_TEST(exit_code(code) == exit, code_name(code));
}

BOOST_AUTO_TEST_CASE(the_help_names_all_of_them) {
  const std::string text = exit_code_text();
  for (const ExitMeaning& each : exit_meanings())
    BOOST_TEST(text.find(std::to_string(each.code) + " " + each.meaning) != std::string::npos,
               each.meaning);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) BOOST_TEST(line.size() <= 100u);
  BOOST_TEST(text.ends_with("daemon not running."));
}

BOOST_AUTO_TEST_SUITE_END()
