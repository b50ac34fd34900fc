// What a replica that is behind will need when it comes back, after the objects it has not taken
// were dropped: one bit for each page they touched. An outage of any length costs this file.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "state/spool.h"
#include "wal/page.h"

namespace streamd::state {

class ChangedPages {
 public:
  ChangedPages() = default;  // nothing dropped yet

  // nullopt when there is no such file; kCorrupt when it is damaged.
  static Result<std::optional<ChangedPages>> load(const std::string& path);
  Status save(const std::string& path) const;  // atomically

  // Adds what an object touched; objects in order. One that does not continue what was added before
  // begins anew: what lies before the gap is no use. After an error nothing of it was added.
  Status add(const SpoolObject& object);

  // The transactions (from(), to()] are gone. Changes of any moment in between up to to() are among
  // the pages.
  GenerationId generation() const { return generation_; }
  Txid from() const { return from_; }
  Txid to() const { return to_; }
  std::uint64_t checksum_at_from() const { return checksum_; }  // of the database

  std::vector<PageNo> list() const;  // ascending

 private:
  void set(PageNo page);
  GenerationId generation_;
  Txid from_, to_;
  std::uint64_t checksum_ = 0;
  std::vector<std::uint8_t> bits_;  // bit 0 of byte 0 is page 1
};

// The pages of which an object of the spool holds an image. An error that is_lost() says that the
// object is damaged or gone, so that what it held is not known any more.
Status for_each_page(const SpoolObject& object, const std::function<void(PageNo)>& visit);
bool is_lost(const Error& error);

}  // namespace streamd::state
