// From one state of a database to a later one of the same generation: segments, one after the
// other, each proven by the checksum it leads to.
#pragma once
#include <functional>

#include "catalog/marker.h"
#include "restore/apply.h"
#include "restore/plan.h"

namespace streamd::restore {

// What a file of pages holds.
struct Reached {
  Txid txid{};         // the database after this one; 0 = nothing yet
  bool whole = false;  // and nothing of a later one
  std::uint32_t page_size = 0, pages = 0;
  std::uint64_t checksum = 0;
  Micros seen = 0;  // when the transaction was first seen
};

struct AdvanceOptions {
  FetchOptions fetch{};
  const Cancel* cancel = nullptr;                       // may be null
  std::function<void(const PlannedObject&)> fetched{};  // may be empty
  // After each segment; its error ends the work. May be empty.
  std::function<Status(const Reached&)> committed{};
};

// Borrows everything. `reached` says how far it came, also after an error; the file's content is
// undefined then unless reached.whole. Errors: kNotFound when an object is gone, kOutsideWindow
// when a segment cannot be entered in its middle, kCorrupt naming the object, the store's, the
// file's.
Status apply_segments(storage::Store& store, const catalog::Marker& marker, const Plan& plan,
                      Applier& applier, Reached& reached, const AdvanceOptions& options);

// Of an object of any kind. kCorrupt.
Status check_object(const segment::ObjectHeader& header, segment::Kind kind,
                    const catalog::Marker& marker, std::uint32_t page_size, const std::string& key);
Error in_object(Error error, const std::string& key);
Error wrong_object(const std::string& key, const char* why);

}  // namespace streamd::restore
