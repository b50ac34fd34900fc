#include "base/json.h"

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"

namespace streamd {
namespace {

Json from_poco(const Poco::Dynamic::Var& var) {
  if (var.isEmpty()) return {};
  if (var.type() == typeid(Poco::JSON::Object::Ptr)) {
    const auto& object = var.extract<Poco::JSON::Object::Ptr>();
    Json json = Json::object();
    for (const auto& name : object->getNames()) json.set(name, from_poco(object->get(name)));
    return json;
  }
  if (var.type() == typeid(Poco::JSON::Array::Ptr)) {
    const auto& array = var.extract<Poco::JSON::Array::Ptr>();
    Json json = Json::array();
    for (const auto& value : *array) json.push(from_poco(value));
    return json;
  }
  if (var.isBoolean()) return var.convert<bool>();
  if (var.isInteger()) return static_cast<std::int64_t>(var.convert<Poco::Int64>());
  if (var.isNumeric()) return var.convert<double>();
  return var.convert<std::string>();
}

const Json kNull;
const Json::Array kNoItems;

}  // namespace

// What is no UTF-8 would make the whole document unreadable, and not only this text.
std::string json_quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char letter = text.front();
    const std::size_t length = utf8_length(text);
    if (letter == '"' || letter == '\\')
      (out += '\\') += letter;
    else if (letter == '\n')
      out += "\\n";
    else if (letter == '\r')
      out += "\\r";
    else if (letter == '\t')
      out += "\\t";
    else if (static_cast<unsigned char>(letter) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(letter));
    else
      out += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + "\"";
}

Json& Json::set(std::string name, Json value) {
  if (is_null()) value_ = Object{};
  auto& members = std::get<Object>(value_);
  for (auto& [known, old] : members)
    if (known == name) {
      old = std::move(value);
      return *this;
    }
  members.emplace_back(std::move(name), std::move(value));
  return *this;
}

void Json::push(Json value) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
}

const Json& Json::at(std::string_view name) const {
  if (const auto* members = std::get_if<Object>(&value_))
    for (const auto& [known, value] : *members)
      if (known == name) return value;
  return kNull;
}
std::string Json::string(std::string_view name, std::string fallback) const {
  const auto* text = std::get_if<std::string>(&at(name).value_);
  return text ? *text : fallback;
}
std::int64_t Json::integer(std::string_view name, std::int64_t fallback) const {
  const auto* number = std::get_if<std::int64_t>(&at(name).value_);
  return number ? *number : fallback;
}
bool Json::boolean(std::string_view name, bool fallback) const {
  const auto* flag = std::get_if<bool>(&at(name).value_);
  return flag ? *flag : fallback;
}
const Json::Array& Json::items() const {
  const auto* array = std::get_if<Array>(&value_);
  return array ? *array : kNoItems;
}

std::string Json::print(int indent) const {
  std::string out;
  print_to(out, indent, 0);
  return out;
}

void Json::print_to(std::string& out, int indent, int depth) const {
  const auto line = [&](int level) {
    if (indent > 0) out += "\n" + std::string(static_cast<std::size_t>(indent * level), ' ');
  };
  if (const auto* array = std::get_if<Array>(&value_)) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      line(depth + 1);
      (*array)[i].print_to(out, indent, depth + 1);
    }
    if (!array->empty()) line(depth);
    out += ']';
  } else if (const auto* members = std::get_if<Object>(&value_)) {
    out += '{';
    for (std::size_t i = 0; i < members->size(); ++i) {
      if (i > 0) out += ',';
      line(depth + 1);
      out += json_quote((*members)[i].first) + (indent > 0 ? ": " : ":");
      (*members)[i].second.print_to(out, indent, depth + 1);
    }
    if (!members->empty()) line(depth);
    out += '}';
  } else if (const auto* text = std::get_if<std::string>(&value_)) {
    out += json_quote(*text);
  } else if (const auto* number = std::get_if<std::int64_t>(&value_)) {
    out += std::to_string(*number);
  } else if (const auto* real = std::get_if<double>(&value_)) {
    out += fmt::format("{}", *real + 0.0);  // minus zero would be read as a whole number
  } else if (const auto* flag = std::get_if<bool>(&value_)) {
    out += *flag ? "true" : "false";
  } else {
    out += "null";
  }
}

Result<Json> Json::parse(std::string_view text) {
  try {
    Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(/*preserveObjectOrder=*/true));
    return from_poco(parser.parse(std::string(text)));
  } catch (const std::exception&) {  // GCOVR_EXCL_LINE: Poco throws nothing else
    return make_error(Code::kCorrupt, "not valid JSON");
  }
}

}  // namespace streamd
