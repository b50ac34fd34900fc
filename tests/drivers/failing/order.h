// Which call of a driver fails, as the environment says; the words are those of
// tests/faults/interposer/fault.h.
//
//   FAULTS_CALL    driver-probe driver-put driver-get driver-stat driver-list driver-remove
//   FAULTS_FILE    a glob of keys; a star does not match a slash. Calls without one have ""
//   FAULTS_NTH     the how many'th such call fails, from 1
//   FAULTS_ERROR   a code by name (TRANSIENT); AFTER: it takes effect, and its answer is lost;
//                  CUT: a get or a list breaks off in the middle; KILL: the process dies there
//   FAULTS_STICKY, FAULTS_ARMED, FAULTS_LIFTED, FAULTS_HITS, FAULTS_TRACE   as there
#pragma once
#include <streamd/driver.h>

#include <string>

namespace failing {

struct Turn {
  streamd_code code = STREAMD_OK;  // what to answer; OK = nothing is wrong with this call
  bool after = false, cut = false;
};
// Called once for each call, on its thread. May not return (KILL).
Turn turn_of(const char* call, const std::string& key);

}  // namespace failing
