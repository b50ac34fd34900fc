// The fault that the environment orders, and whether it is this call's turn.
//
//   FAULTS_CALL    the kind of call (name_of in watched.h)
//   FAULTS_FILE    a glob of whole paths; a star does not match a slash
//   FAULTS_NTH     the how many'th such call fails, from 1
//   FAULTS_ERROR   an errno by name (EIO), for calls of SQLite one of its codes (IOERR); SHORT: a
//                  read or write does half; DONE: a call of SQLite is done and fails; KILL: the
//                  process dies
//   FAULTS_STICKY  1: all later such calls fail too, with this errno; SHORT: the first one is short
//   FAULTS_ARMED   a path: nothing is counted before it exists
//   FAULTS_LIFTED  a path: nothing fails any more once it exists
//   FAULTS_HITS    a file that gets one line for each call that failed
//   FAULTS_LYING   a glob: files whose syncs do nothing and are said to have worked (for controls)
//   FAULTS_TRACE   a file that gets the kind and path of each call that is watched
#pragma once
#include <string>

#include "watched.h"

namespace faults {

struct Turn {
  int error = 0;  // the errno to fail with
  bool half = false;
  std::string name;  // FAULTS_ERROR when it is this call's turn
};
// Called once before each call. May not return (KILL).
Turn turn_of(Call call, const std::string& path);

bool sync_lies(const std::string& path);

}  // namespace faults
