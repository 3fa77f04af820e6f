// Walking over UTF-8 by characters. Texts are valid UTF-8 (sensor/base/text.h); what is not walks bytewise
// without ever leaving the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alphanumeric(char c) { return is_digit(c) || is_letter(c); }
constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The position `characters` before `pos`, not before `floor`.
size_t step_back(std::string_view text, size_t pos, size_t characters, size_t floor = 0);

// The position `characters` after `pos`, where a character begins; or the text's end. `*left`: characters
// that were not there.
size_t step_on(std::string_view text, size_t pos, size_t characters, size_t* left = nullptr);

// Characters that begin in `text`.
size_t count_characters(std::string_view text);

// For tests: with one variant. False, and nothing done, where the processor lacks it.
enum class CountVariant : uint8_t { kSse2, kAvx2 };
bool count_characters_with(CountVariant variant, std::string_view text, size_t* count);

// The character at `pos` as a code point; `*length` its bytes (1 for what is no character).
uint32_t code_point_at(std::string_view text, size_t pos, size_t* length);

}  // namespace weir
