#include "crypt/identity.h"

#include <sodium.h>

#include <cstdlib>

#include "base/file.h"

namespace streamd::crypt {
namespace {

constexpr std::string_view kPublic = "streamd-pub-", kSecret = "streamd-key-";
constexpr std::size_t kKey = 32, kCheck = 4;
constexpr int kLetters = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr std::uint64_t kFileLimit = 64 * kKiB;
constexpr const char* kMakeOne = "`streamctl keygen -o FILE` makes a pair of keys";

static_assert(crypto_box_PUBLICKEYBYTES == kKey && crypto_box_SECRETKEYBYTES == kKey);

using Check = std::array<std::uint8_t, kCheck>;

// Of the kind and the key, so that one kind is never taken for the other.
Check check_of(std::string_view kind, ByteView key) {
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, hash.size());
  crypto_generichash_update(&state, as_bytes(kind).data(), kind.size());
  crypto_generichash_update(&state, key.data(), key.size());
  crypto_generichash_final(&state, hash.data(), hash.size());
  Check check{};
  std::copy_n(hash.begin(), check.size(), check.begin());
  return check;
}

std::string spell(std::string_view kind, ByteView key) {
  std::array<std::uint8_t, kKey + kCheck> raw{};
  const Check check = check_of(kind, key);
  std::copy(key.begin(), key.end(), raw.begin());
  std::copy(check.begin(), check.end(), raw.begin() + kKey);
  std::string text(sodium_base64_encoded_len(raw.size(), kLetters), '\0');
  sodium_bin2base64(text.data(), text.size(), raw.data(), raw.size(), kLetters);
  text.pop_back();  // the zero at the end
  sodium_memzero(raw.data(), raw.size());
  return std::string(kind) + text;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// False when it is not a key of this kind, whole.
bool parse(std::string_view kind, std::string_view text, std::array<std::uint8_t, kKey>& key) {
  text = trimmed(text);
  if (!text.starts_with(kind)) return false;
  text.remove_prefix(kind.size());
  std::array<std::uint8_t, kKey + kCheck> raw{};
  std::size_t length = 0;
  const char* end = nullptr;
  const int decoded = sodium_base642bin(raw.data(), raw.size(), text.data(), text.size(), nullptr,
                                        &length, &end, kLetters);
  const bool whole = decoded == 0 && end == text.data() + text.size() && length == raw.size();
  std::copy_n(raw.begin(), kKey, key.begin());
  const Check check = check_of(kind, key);
  const bool right = whole && std::equal(check.begin(), check.end(), raw.begin() + kKey);
  sodium_memzero(raw.data(), raw.size());
  return right;
}

}  // namespace

void initialise() {
  static const int done = sodium_init();
  if (done < 0) std::abort();  // the system has no source of random numbers
}

std::string to_text(const PublicKey& key) {
  return spell(kPublic, key.bytes);
}

std::string name_of(const PublicKey& key) {
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
  crypto_generichash(hash.data(), hash.size(), key.bytes.data(), key.bytes.size(), nullptr, 0);
  return to_hex(ByteView(hash).first(8));
}

Result<PublicKey> parse_public_key(std::string_view text) {
  initialise();
  PublicKey key;
  if (parse(kPublic, text, key.bytes)) return key;
  if (trimmed(text).starts_with(kSecret))
    return make_error(Code::kInvalidConfig,
                      "a recipient is a secret key where a public key belongs",
                      "`streamctl keygen --public FILE` prints the public one; make a new pair if "
                      "others could read this");
  return make_error(Code::kInvalidConfig,
                    "a recipient is no public key (streamd-pub-...), or a letter of it is wrong",
                    kMakeOne);
}

Identity Identity::make() {
  initialise();
  Identity identity;
  crypto_box_keypair(identity.public_.bytes.data(), identity.secret_.data());
  return identity;
}

Result<Identity> Identity::parse(std::string_view text) {
  initialise();
  Identity identity;
  if (!crypt::parse(kSecret, text, identity.secret_))
    return make_error(Code::kInvalidConfig,
                      trimmed(text).starts_with(kPublic)
                          ? "this is a public key: it encrypts, and opens nothing"
                          : "this is no identity (streamd-key-...), or a letter of it is wrong",
                      kMakeOne);
  crypto_scalarmult_base(identity.public_.bytes.data(), identity.secret_.data());
  return identity;
}

Identity::~Identity() {
  sodium_memzero(secret_.data(), secret_.size());
}

std::string Identity::file_text() const {
  return "# an identity of streamd: it opens backups; keep it secret, and keep a copy elsewhere\n"
         "# public key: " +
         to_text(public_) + "\n" + spell(kSecret, secret_) + "\n";
}

Result<std::vector<Identity>> parse_identities(std::string_view text) {
  std::vector<Identity> found;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view content = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (content.empty() || content.front() == '#') continue;
    auto identity = Identity::parse(content);
    if (!identity) return std::move(identity.error()).with_context("line " + std::to_string(line));
    found.push_back(std::move(*identity));
  }
  if (found.empty())
    return make_error(Code::kInvalidConfig, "there is no identity in it", kMakeOne);
  return found;
}

Result<std::vector<Identity>> load_identities(const std::string& path_or_text) {
  const std::string_view text = trimmed(path_or_text);
  const bool is_path = text.find('\n') == std::string_view::npos && text.find("streamd-") != 0;
  if (!is_path) {
    auto found = parse_identities(text);
    if (!found) return std::move(found.error()).with_context("identity");
    return found;
  }
  auto raw = read_file(path_or_text, kFileLimit);
  if (!raw) {
    Error error = std::move(raw.error()).with_context("identity");
    error.code = Code::kInvalidConfig;
    return error;
  }
  auto found = parse_identities(as_text(*raw));
  sodium_memzero(raw->data(), raw->size());
  if (!found) return std::move(found.error()).with_context("identity " + path_or_text);
  return found;
}

}  // namespace streamd::crypt
