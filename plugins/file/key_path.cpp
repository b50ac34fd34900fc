#include "key_path.h"

namespace streamd::file_driver {
namespace {

constexpr std::size_t kPieceMax = 200;  // with suffixes well below the 255 bytes of a file name
constexpr std::string_view kPieceSuffix = "%~";
constexpr std::string_view kEmptyName = "%00";  // no key holds a NUL
constexpr std::string_view kUnsafe = "\"%*+:<>?\\|\x7f";

bool must_escape(char byte, bool first, bool last) {
  if (static_cast<unsigned char>(byte) < 0x20 || kUnsafe.find(byte) != std::string_view::npos)
    return true;
  return (byte == '.' && (first || last)) || (byte == ' ' && last);
}

void append_byte(std::string& to, char byte, bool first, bool last) {
  constexpr char digits[] = "0123456789ABCDEF";
  if (!must_escape(byte, first, last)) {
    to += byte;
    return;
  }
  const auto value = static_cast<unsigned char>(byte);
  to += '%';
  to += digits[value >> 4];
  to += digits[value & 15];
}

// `ends_name`: the last byte is the last of the whole name.
std::string escape(std::string_view raw, bool ends_name) {
  if (raw.empty()) return std::string(kEmptyName);
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i)
    append_byte(out, raw[i], i == 0, ends_name && i + 1 == raw.size());
  return out;
}

bool needs_mark(std::string_view raw, bool is_folder) {
  return (raw.find('.') != std::string_view::npos) == is_folder;
}

void append_name(std::string& path, std::string_view raw, bool is_folder) {
  std::string piece = escape(raw, true);
  while (piece.size() > kPieceMax) {
    std::size_t taken = 0;
    std::string head;
    std::string next;
    for (; taken < raw.size(); ++taken) {  // GCOVR_EXCL_LINE: too long, so its end is never reached
      next = head;
      append_byte(next, raw[taken], taken == 0, taken + 1 == raw.size());
      if (next.size() > kPieceMax) break;
      head = std::move(next);
    }
    path += head;
    path += kPieceSuffix;
    path += '/';
    raw.remove_prefix(taken);
    piece = escape(raw, true);
  }
  path += piece;
  if (needs_mark(raw, is_folder)) path += '%';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> unescape(std::string_view text) {
  if (text == kEmptyName) return std::string();
  std::string raw;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      raw += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    raw += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return raw;
}

}  // namespace

std::string object_path(std::string_view key) {
  const std::size_t slash = key.rfind('/');
  const std::size_t name = slash == std::string_view::npos ? 0 : slash + 1;
  std::string path = name == 0 ? std::string() : folder_path(key.substr(0, name)) + "/";
  append_name(path, key.substr(name), false);
  return path;
}

std::string folder_path(std::string_view prefix) {
  if (prefix.empty()) return ".";
  std::string path;
  while (!prefix.empty()) {
    const std::size_t slash = prefix.find('/');
    if (!path.empty()) path += '/';
    append_name(path, prefix.substr(0, slash), true);
    prefix.remove_prefix(slash + 1);
  }
  return path;
}

std::optional<Entry> decode_entry(std::string_view disk_name, bool is_folder) {
  if (disk_name.size() > kPieceSuffix.size() && disk_name.ends_with(kPieceSuffix)) {
    const std::string_view text = disk_name.substr(0, disk_name.size() - kPieceSuffix.size());
    auto raw = unescape(text);
    if (!is_folder || !raw || escape(*raw, false) != text) return std::nullopt;
    return Entry{EntryKind::kPiece, std::move(*raw)};
  }
  const bool marked = disk_name.ends_with('%');
  if (marked) disk_name.remove_suffix(1);
  auto raw = unescape(disk_name);
  if (!raw || escape(*raw, true) != disk_name || needs_mark(*raw, is_folder) != marked)
    return std::nullopt;
  return Entry{is_folder ? EntryKind::kFolder : EntryKind::kObject, std::move(*raw)};
}

}  // namespace streamd::file_driver
