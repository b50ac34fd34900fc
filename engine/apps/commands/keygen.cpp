// streamctl keygen
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "base/file.h"
#include "crypt/identity.h"
#include "daemon/exit_code.h"

namespace streamd::apps {
namespace {

struct KeygenOptions {
  std::string out, of;
};

Json key_json(const crypt::PublicKey& key) {
  return Json::object({{"public_key", crypt::to_text(key)}, {"recipient", crypt::name_of(key)}});
}

Result<int> print_public_keys(const Session& session, const std::string& file) {
  Json keys = Json::array();
  for (const crypt::Identity& identity : TRY(crypt::load_identities(file))) {
    keys.push(key_json(identity.public_key()));
    if (!session.json) fmt::print("{}\n", crypt::to_text(identity.public_key()));
  }
  if (session.json) print_json(Json::object({{"keys", std::move(keys)}}));
  return daemon::kExitDone;
}

// Whole and durable, or not there.
Status write_identity(const crypt::Identity& identity, const std::string& path) {
  auto created = File::create_new(path);
  if (!created && created.error().code == Code::kExists)
    return make_error(Code::kTargetExists, path + " exists: an identity is never overwritten",
                      "what was encrypted to it could not be opened any more; name another file");
  File file = TRY(std::move(created));
  const std::string text = identity.file_text();
  Status written = file.write_at(0, as_bytes(text));
  if (written) written = file.sync();
  if (written) written = sync_folder(folder_of(path));
  if (!written) TRY(remove_file(path));
  return written;
}

Result<int> run_keygen(const Session& session, const KeygenOptions& options) {
  if (!options.of.empty()) return print_public_keys(session, options.of);
  const crypt::Identity identity = crypt::Identity::make();
  if (options.out.empty()) {
    if (session.json)
      print_json(key_json(identity.public_key()).set("identity", identity.file_text()));
    else
      fmt::print("{}", identity.file_text());
    return daemon::kExitDone;
  }
  TRY(write_identity(identity, options.out));
  if (session.json)
    print_json(key_json(identity.public_key()));
  else
    fmt::print("{}\n", crypt::to_text(identity.public_key()));
  return daemon::kExitDone;
}

}  // namespace

void add_keygen(const Command& app, Session& session) {
  const Command command = declare_command(
      app, session, "keygen", "make a pair of keys: backups are encrypted to the public one",
      "streamctl keygen -o ~/streamd-identity     prints the public key for `recipients`");
  const auto options = std::make_shared<KeygenOptions>();
  declare_json(command, session);
  const Option out = command
                         .add_option("-o,--output", options->out,
                                     "the identity's file, never overwritten; default: print it")
                         .type_name("FILE");
  command.add_option("--public", options->of, "print the public key of this identity again")
      .type_name("FILE")
      .excludes(out);
  command.callback([&session, options] {
    session.run = [&session, options] { return run_keygen(session, *options); };
  });
}

}  // namespace streamd::apps
