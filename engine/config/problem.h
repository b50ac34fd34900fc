// What is wrong with a configuration: everything at once, each with its place and a hint.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace streamd::config {

// A place in a file, or where else a value came from.
struct Origin {
  std::string file;  // empty = built in; "command line"
  int line = 0;      // 0 = the whole file
  bool operator==(const Origin&) const = default;
};
std::string to_text(const Origin& origin);  // "/etc/streamd/streamd.toml:12", or "default"

struct Problem {
  Origin where;
  std::string message;
  std::string hint;      // may be empty
  bool warning = false;  // the configuration can be used all the same
};

class Problems {
 public:
  void error(const Origin& where, std::string message, std::string hint = {});
  void error(const Origin& where, const Error& error, const std::string& context = {});
  void warning(const Origin& where, std::string message, std::string hint = {});
  void add(const Problems& others);
  const std::vector<Problem>& all() const { return all_; }
  bool has_errors() const;

 private:
  std::vector<Problem> all_;
};

// One problem a line, "file:line: message", "  hint: ..." below it; sorted by place.
std::string check_report(const Problems& problems);
// All errors in one: the first one's words, and how many more there are.
Error to_error(const Problems& problems);

}  // namespace streamd::config
