// Removing by version, so that nothing stays behind, hidden and billed.
#pragma once
#include <map>
#include <memory>
#include <streamd/driver.hpp>
#include <string>
#include <vector>

#include "client.h"

namespace streamd::b2 {

class Removal {
 public:
  // All is borrowed. Keys that no file can have are to be left out.
  Removal(Client& client, const sdk::Call& call, const std::string& what)
      : client_(client), call_(call), what_(what) {}
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;

  // Sets the code of each key, which it was given with any. The first that is not OK comes back,
  // with the error filled for it.
  streamd_code run(std::map<std::string, streamd_code>& keys);

 private:
  using Codes = std::map<std::string, streamd_code>;
  struct Job {
    std::string name;
    std::vector<std::string> ids;  // the newest first: the last goes first
    int attempt = 1;
  };
  struct Lane {
    std::unique_ptr<Job> job;
    SessionPointer used;
    std::unique_ptr<Transfer> transfer;
  };

  streamd_code find_versions(const Codes& keys);
  streamd_code ask_page(const std::string& prefix, const std::string& name, const std::string& id,
                        std::size_t left, FilePage& page);
  streamd_code start(Wire& wire, Lane& lane);
  streamd_code settle(Lane& lane);
  streamd_code delete_all(Codes& keys);

  Client& client_;
  const sdk::Call& call_;
  const std::string& what_;
  std::vector<std::unique_ptr<Job>> jobs_;
};

}  // namespace streamd::b2
