// What a replica says when it is asked: who it belongs to, what it holds.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "catalog/marker.h"
#include "catalog/timeline.h"
#include "restore/moment.h"
#include "storage/store.h"

namespace streamd::restore {

struct Replica {
  storage::Store* store = nullptr;  // borrowed
  std::string name;                 // for people
  // What it means that it is empty, when that is no proof that there is no backup.
  std::optional<Error> if_empty{};
};

struct Inventory {
  std::optional<catalog::Marker> marker;
  catalog::Timeline timeline;
};

// Reads the marker and lists the generations. Errors: the store's; kCorrupt when the marker is
// damaged, or missing although there are objects.
Result<Inventory> take_inventory(storage::Store& store, const storage::Call& call);

// What is listed, whoever it belongs to. Errors: the store's.
Result<catalog::Timeline> take_timeline(storage::Store& store, const storage::Call& call);

// Reads what resolve() needs to know beyond names. kNotFound when an object is gone meanwhile: a
// new inventory tells what took its place. A damaged one is no error where others tell the times of
// the same transactions.
Result<SeenTables> read_tables(storage::Store& store, const std::vector<Boundary>& boundaries,
                               const storage::Call& call);

}  // namespace streamd::restore
