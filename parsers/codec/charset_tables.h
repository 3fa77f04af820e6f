// The tables behind parsers/codec/charset.h. Only its own sources include this.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class CharsetKind : uint8_t {
  kUtf8,
  kUtf16Le,
  kUtf16Be,
  kUtf32Le,
  kUtf32Be,
  kSingle,   // one byte a character
  kDouble,   // one or two bytes (Big5, Shift_JIS, EUC-KR); EUC-JP's three-byte characters are told apart
  kGb18030,  // one, two or four
  kBinary,
};

// A table entry: the character as UTF-8 in the low bytes, its length in the top one; 0 is no character.
// Characters outside the BMP do not fit: kBeyond and the code point.
inline constexpr uint32_t kBeyond = 0x80000000;
uint32_t table_entry(uint32_t cp);

struct CharsetTables {
  std::array<uint32_t, 256> single{};            // bytes that are a character alone
  std::array<bool, 256> lead{};                  // bytes that begin one of two
  std::vector<uint32_t> pairs;                   // (lead - 0x80) * 256 + trail; empty for kSingle
  std::vector<uint16_t> quads;                   // GB18030: BMP characters of four bytes, by linear index
  std::unique_ptr<std::bitset<32768>> frequent;  // pairs that are among the most frequent characters
};

class Charset {
 public:
  Charset(CharsetKind kind, std::string name) : kind_(kind), name_(std::move(name)) {}

  CharsetKind kind() const { return kind_; }
  std::string_view name() const { return name_; }
  const CharsetTables& tables() const { return tables_; }
  CharsetTables& tables() { return tables_; }
  bool has_triples() const { return triples_; }
  void set_triples() { triples_ = true; }

 private:
  CharsetKind kind_;
  bool triples_ = false;  // 0x8f begins a character of three bytes (EUC-JP)
  std::string name_;
  CharsetTables tables_;
};

// GB18030 four-byte codes: the linear index of the first BMP ones and of U+10000 (GB 18030-2022).
inline constexpr uint32_t kGbQuadsBmp = 39420;
inline constexpr uint32_t kGbQuadsBeyond = 189000;
inline uint32_t gb_linear(uint8_t b1, uint8_t b2, uint8_t b3, uint8_t b4) {
  return ((uint32_t{b1} - 0x81) * 10 + (uint32_t{b2} - 0x30)) * 1260 + (uint32_t{b3} - 0x81) * 10 +
         (uint32_t{b4} - 0x30);
}

}  // namespace weir
