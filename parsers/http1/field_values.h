// Reads the values of the header fields that say who acts and what is sent: file names, users, client
// addresses, lists. Pure functions over one field value (folding undone), which is untrusted and may be
// in any charset. Results are cut to kMaxMetaLength.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::http1 {

// `literal` is in lower case.
bool equals_ignore_case(std::string_view text, std::string_view literal);
// Without spaces, tabs and line breaks at both ends.
std::string_view trim(std::string_view text);
// Takes the next element of a comma-separated list (RFC 9110 section 5.6.1; commas in quoted strings do not
// count) off `rest`, trimmed. False: no more. Empty elements are left out.
bool next_list_element(std::string_view* rest, std::string_view* element);

// The file name in a Content-Disposition value (RFC 6266): filename* (RFC 8187) before filename; of the
// latter also RFC 2047 words, percent-encoded UTF-8 and raw bytes in any charset, as browsers take them.
// Charsets other than UTF-8 and ISO 8859-1 (which becomes UTF-8) are left as they are. Empty: none.
std::string file_name_of(std::string_view disposition);

// The user in an Authorization value: Basic (RFC 7617) or Digest (RFC 7616). The password is not decoded.
// Empty: none.
std::string user_of(std::string_view authorization);

// Adds the client addresses of an X-Forwarded-For value, or of the for= parameters of a Forwarded value
// (RFC 7239), without ports; names ("unknown", "_hidden") are left out. At most kMaxForwarded in all.
inline constexpr size_t kMaxForwarded = 16;
void add_forwarded_for(std::string_view value, std::vector<std::string>* addresses);
void add_forwarded(std::string_view value, std::vector<std::string>* addresses);

// Cut to kMaxMetaLength.
std::string meta_string(std::string_view text);

}  // namespace weir::http1
