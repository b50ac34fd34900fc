// A database, its local state and its replica in one folder that can be brought back to what it
// was, and lives of the daemon in processes of their own.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "application.h"
#include "base/bytes.h"
#include "temp_folder.h"

class Scene {
 private:
  TempFolder folder_;

 public:
  Scene();
  const std::string database, replica;  // paths

  // Everything as it is now, and back to it. Nobody may have the database open.
  void remember();
  void bring_back();

  // What goes wrong at the n-th change that the daemon makes to its files or to the replica.
  enum class Fault { kNone, kKill, kError };
  struct Life {
    bool killed = false;  // by the fault
    bool fault_met = false;
  };
  // The daemon attaches, sends everything, and ends.
  Life daemon_life(Fault fault = Fault::kNone, int at = 0);

  streamd::Bytes image() const;  // of the database, as SQLite shows it
  // Complaints about the replica; empty = every moment it claims can be restored and follows the
  // one before, and the newest is `newest` (unless that is empty).
  std::string check_replica(const streamd::Bytes& newest) const;

 private:
  int live(Fault fault, int at) const;
  const std::string state_;
};
