// What a check has found.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace streamd::doctor {

enum class Severity : std::uint8_t {
  kOk,       // looked at, and fine
  kNote,     // worth knowing; nothing has to be done
  kWarning,  // will be a problem, or may be one
  kProblem,  // something is not protected, or would not be restored
};
const char* severity_name(Severity severity);  // "ok", "note", "warning", "problem"

struct Finding {
  Severity severity = Severity::kOk;
  std::string subject;          // "database /data/app.db", "replica offsite of /data/app.db"
  std::string what;             // one sentence without its period
  std::string hint;             // what to do; empty with kOk
  Code code = Code::kInternal;  // of a problem: decides the exit code
};

// In the order in which they were made. One thread.
class Findings {
 public:
  void ok(const std::string& subject, std::string what);
  void note(const std::string& subject, std::string what, std::string hint);
  void warning(const std::string& subject, std::string what, std::string hint);
  void problem(const std::string& subject, const Error& error);

  const std::vector<Finding>& all() const { return all_; }
  std::size_t count(Severity severity) const;

 private:
  std::vector<Finding> all_;
};

// A line each, the hint below it.
std::string report(const Findings& findings);
Json to_json(const Findings& findings);

}  // namespace streamd::doctor
