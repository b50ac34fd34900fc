// The C++ layer alone, used as far as a compiler needs to look at it.
#include <streamd/driver.hpp>

namespace {
class Nothing final : public streamd::sdk::Driver {
 public:
  static constexpr const char* kName = "nothing";
  static constexpr const char* kVersion = "1";
  static constexpr const char* kSummary = "refuses everything";
  static constexpr streamd_option kOptions[] = {{}};
  static streamd_code open(const streamd::sdk::Options& options, const streamd::sdk::Call& call,
                           std::unique_ptr<streamd::sdk::Driver>& instance) {
    call.log(STREAMD_LOG_INFO, options.text("name", "none"));
    if (options.has("x") && options.flag("x") && options.number("y") > 1)
      return call.error(STREAMD_INVALID_CONFIG).http(400).provider("no").message("x and %d", 1);
    instance = std::make_unique<Nothing>();
    return STREAMD_OK;
  }
  streamd_code probe(const streamd::sdk::Call& call, streamd_caps&) override {
    return call.check();
  }
  streamd_code put(const streamd::sdk::Call& call, const streamd_put& request,
                   const streamd_source&, streamd_object&) override {
    return call.fail(STREAMD_UNSUPPORTED, "cannot store %s", request.key);
  }
  streamd_code get(const streamd::sdk::Call&, const streamd_get&, const streamd_sink&,
                   streamd_object&) override {
    return STREAMD_NOT_FOUND;
  }
  streamd_code stat(const streamd::sdk::Call&, const char*, streamd_object& out) override {
    out = streamd::sdk::make_object(1, 2, "etag");
    return STREAMD_OK;
  }
  streamd_code list(const streamd::sdk::Call&, const streamd_list&,
                    const streamd_list_sink&) override {
    return STREAMD_OK;
  }
  streamd_code remove(const streamd::sdk::Call&, const char* const*, std::size_t,
                      streamd_code*) override {
    return STREAMD_OK;
  }
};
}  // namespace

STREAMD_DRIVER(Nothing)
