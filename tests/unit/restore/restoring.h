// A folder to restore into, and shorthand for what every test of a restore does.
#pragma once
#include <boost/test/unit_test.hpp>

#include "replica_builder.h"
#include "restore/restore.h"
#include "temp_folder.h"

namespace streamd::restore {

struct RestoreFixture {
  RestoreFixture() { options.out = folder.file("out.db"); }
  TempFolder folder;
  RestoreOptions options;

  static Replica of(const ReplicaBuilder& builder, std::string name = "one") {
    return {builder.store.get(), std::move(name)};
  }
  Result<RestoreReport> restore(const ReplicaBuilder& builder) {
    const Replica replica = of(builder);
    return streamd::restore::restore({&replica, 1}, options);
  }
  RestoreReport must_restore(const ReplicaBuilder& builder) { return must(restore(builder)); }
  // The code of the failure that is expected.
  Code failure(const ReplicaBuilder& builder) {
    const auto report = restore(builder);
    BOOST_REQUIRE(!report);
    last_error = report.error();
    return last_error.code;
  }
  Error last_error;
  void fresh() { must(remove_file(options.out)); }
  Bytes content() const { return must(read_file(options.out)); }
  std::vector<std::string> names() const { return must(list_folder(folder.path())); }
};

}  // namespace streamd::restore

namespace streamd {
inline std::ostream& boost_test_print_type(std::ostream& out, Code code) {
  return out << code_name(code);
}
}  // namespace streamd
