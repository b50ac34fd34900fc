// The daemon.
#include "apps/daemon_run.h"
#include "apps/streamd_options.h"

int main(int argc, char** argv) {
  const auto parsed = streamd::apps::parse_streamd_options(argc, argv);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  return streamd::apps::run_streamd(std::get<streamd::apps::StreamdOptions>(parsed));
}
