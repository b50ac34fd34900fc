// Percent-encoding that every store reads, and the stores' spellings of time. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamd::cloud {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Everything but A-Z a-z 0-9 - . _ ~ becomes %XX, in capitals.
std::string percent_encode(std::string_view text);
// The same, but '/' stays.
std::string percent_encode_path(std::string_view path);
// %XX and '+' (a space); what is no valid %XX stays as it is.
std::string percent_decode(std::string_view text);
// "a=1&b=" from decoded names and values, sorted as signatures want them; no '?'.
std::string encode_query(const Pairs& query);

// Seconds since 1970 to "20150830T123600Z", and back from "Sun, 06 Nov 1994 08:49:37 GMT" and from
// "2009-10-12T17:50:30.000Z" (fractions are cut off). -1 = not understood.
std::string amz_date(std::int64_t seconds);
std::int64_t from_http_date(const std::string& text);
std::int64_t from_iso_date(const std::string& text);
// The time as streamd_object has it, in nanoseconds; the nearest one that these can tell.
std::int64_t nanoseconds_of_seconds(std::int64_t seconds);
std::int64_t nanoseconds_of_ms(std::int64_t ms);

}  // namespace streamd::cloud
