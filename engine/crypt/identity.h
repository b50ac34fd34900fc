// Who may read a backup: pairs of X25519 keys. The public one goes into the configuration of the
// machine that makes backups (`recipients`), the secret one is kept where it cannot be stolen with
// that machine.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace streamd::crypt {

// Picks the fastest code for this processor. Called by whatever makes or reads a key; cheap.
void initialise();

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  bool operator==(const PublicKey&) const = default;
};
// "streamd-pub-" and 48 letters, of which the last ones are a checksum.
std::string to_text(const PublicKey& key);
// Spaces around it are ignored. kInvalidConfig; the message never holds the text, which may be a
// secret in the wrong place.
Result<PublicKey> parse_public_key(std::string_view text);
// What it is called where it should not be written out: 16 hex digits.
std::string name_of(const PublicKey& key);

// A secret key; its memory is cleared when it goes.
class Identity {
 public:
  static Identity make();
  // "streamd-key-" and 48 letters; as parse_public_key.
  static Result<Identity> parse(std::string_view text);
  ~Identity();
  Identity(const Identity&) = default;
  Identity& operator=(const Identity&) = default;

  const PublicKey& public_key() const { return public_; }
  const std::array<std::uint8_t, 32>& secret() const { return secret_; }
  // The file that `streamctl keygen` writes: two lines of comment and the key.
  std::string file_text() const;

 private:
  Identity() = default;
  std::array<std::uint8_t, 32> secret_{};
  PublicKey public_;
};

// The identities in a file's text: one a line, '#' begins a comment. At least one.
Result<std::vector<Identity>> parse_identities(std::string_view text);
// What a person names: a path, or the key or the text of a file itself. Errors name the path.
Result<std::vector<Identity>> load_identities(const std::string& path_or_text);

}  // namespace streamd::crypt
