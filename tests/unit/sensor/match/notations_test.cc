// Whatever a value is written in, the masker leaves no more of it than a mask may show. The test writes each
// of the packs' samples in every notation below, character by character, and takes the notation back from
// what the masker gave by the same table, so that nothing of the code's own decoding is used.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

std::string hex(unsigned c, int digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (int i = digits - 1; i >= 0; --i) out += kDigits[(c >> (4 * i)) & 15];
  return out;
}

// One character in some notation.
using Write = std::function<std::string(char)>;

struct Notation {
  const char* name;
  Write write;
  bool digits_only = false;  // it writes digits, all else stays
};

// The ten digits of a script, and all else as it stands.
Write digits(std::vector<std::string> of) {
  return [of = std::move(of)](char c) {
    return c >= '0' && c <= '9' ? of[static_cast<size_t>(c - '0')] : std::string(1, c);
  };
}

std::vector<Notation> notations() {
  std::vector<Notation> out = {
      {"plain", [](char c) { return std::string(1, c); }},
      {"percent", [](char c) { return "%" + hex(static_cast<unsigned>(c), 2); }},
      {"percent twice", [](char c) { return "%25" + hex(static_cast<unsigned>(c), 2); }},
      {"percent three times", [](char c) { return "%2525" + hex(static_cast<unsigned>(c), 2); }},
      {"percent of percent",
       [](char c) {
         std::string all;
         for (const char h : "%" + hex(static_cast<unsigned>(c), 2))
           all += "%" + hex(static_cast<unsigned>(h), 2);
         return all;
       }},
      {"%u", [](char c) { return "%u" + hex(static_cast<unsigned>(c), 4); }},
      {"\\u", [](char c) { return "\\u" + hex(static_cast<unsigned>(c), 4); }},
      {"\\u in percent", [](char c) { return "%5cu" + hex(static_cast<unsigned>(c), 4); }},
      {"\\u{}", [](char c) { return "\\u{" + hex(static_cast<unsigned>(c), 2) + "}"; }},
      {"\\U", [](char c) { return "\\U" + hex(static_cast<unsigned>(c), 8); }},
      {"\\x", [](char c) { return "\\x" + hex(static_cast<unsigned>(c), 2); }},
      {"\\x{}", [](char c) { return "\\x{" + hex(static_cast<unsigned>(c), 4) + "}"; }},
      {"octal",
       [](char c) {
         return std::string("\\") + static_cast<char>('0' + (c >> 6)) +
                static_cast<char>('0' + ((c >> 3) & 7)) + static_cast<char>('0' + (c & 7));
       }},
      {"\\N{}", [](char c) { return "\\N{U+" + hex(static_cast<unsigned>(c), 4) + "}"; }},
      {"\\o{}",
       [](char c) {
         return std::string("\\o{") + static_cast<char>('0' + (c >> 6)) +
                static_cast<char>('0' + ((c >> 3) & 7)) + static_cast<char>('0' + (c & 7)) + "}";
       }},
      {"chr()", [](char c) { return "chr(" + std::to_string(int{c}) + ")+"; }},
      {"0x", [](char c) { return "0x" + hex(static_cast<unsigned>(c), 2) + " "; }, true},
      {"entity", [](char c) { return "&#" + std::to_string(int{c}) + ";"; }},
      {"entity, open", [](char c) { return "&#" + std::to_string(int{c}); }},
      {"entity, padded", [](char c) { return "&#000" + std::to_string(int{c}) + ";"; }},
      {"entity, hexadecimal", [](char c) { return "&#x" + hex(static_cast<unsigned>(c), 2) + ";"; }},
      {"entity in percent", [](char c) { return "%26%23" + std::to_string(int{c}) + "%3B"; }},
      {"entity of an entity", [](char c) { return "&amp;#" + std::to_string(int{c}) + ";"; }},
      {"tags", [](char c) { return "<b>" + std::string(1, c) + "</b>"; }},
      {"full width", digits({"０", "１", "２", "３", "４", "５", "６", "７", "８", "９"}), true},
      {"Arabic-Indic", digits({"٠", "١", "٢", "٣", "٤", "٥", "٦", "٧", "٨", "٩"}), true},
      {"Devanagari", digits({"०", "१", "२", "३", "४", "५", "६", "७", "८", "९"}), true},
      {"Suzhou", digits({"〇", "〡", "〢", "〣", "〤", "〥", "〦", "〧", "〨", "〩"}), true},
      {"Han", digits({"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"}), true},
      {"Han, spoken", digits({"洞", "幺", "两", "三", "四", "五", "六", "拐", "八", "勾"}), true},
      {"Han, of banks", digits({"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"}), true},
      {"Han, of banks, traditional", digits({"零", "壹", "貳", "參", "肆", "伍", "陸", "柒", "捌", "玖"}),
       true},
      {"circled", digits({"⓪", "①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨"}), true},
      {"parenthesised", digits({"0", "⑴", "⑵", "⑶", "⑷", "⑸", "⑹", "⑺", "⑻", "⑼"}), true},
      {"black circles", digits({"⓿", "❶", "❷", "❸", "❹", "❺", "❻", "❼", "❽", "❾"}), true},
      {"mathematical", digits({"𝟎", "𝟏", "𝟐", "𝟑", "𝟒", "𝟓", "𝟔", "𝟕", "𝟖", "𝟗"}), true},
      {"superscript", digits({"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"}), true},
      {"subscript", digits({"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"}), true},
      {"keycaps",
       digits({"0️⃣", "1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣",
               "8️⃣", "9️⃣"}),
       true},
      {"Roman", digits({"0", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "Ⅵ", "Ⅶ", "Ⅷ", "Ⅸ"}), true},
  };
  // Digits of a script, escaped.
  out.push_back({"full width in percent",
                 [](char c) {
                   if (c < '0' || c > '9') return std::string(1, c);
                   return "%EF%BC%9" + std::string(1, c);
                 },
                 true});
  out.push_back({"circled in \\u",
                 [](char c) {
                   if (c < '1' || c > '9') return std::string(1, c);
                   return "\\u" + hex(0x2460u + static_cast<unsigned>(c - '1'), 4);
                 },
                 true});
  return out;
}

const std::vector<std::string> kBetween = {
    "",
    " ",
    "-",
    ".",
    ",",
    ";",
    "/",
    "_",
    ":",
    "|",
    "·",
    "—",
    "ー",
    "　",
    " - ",
    ") (",
    "*",
    "~",
    "'",
    "\"",
    "=",
    "+",
    "%20",
    "%00",
    "%0a",
    "%2F",
    "%E2%80%8E",
    "%C2%A0",
    "%ff",
    "&nbsp;",
    "&#32;",
    "&#x200b;",
    "&zwj;",
    "&ndash;",
    "\\t",
    "\\n",
    "\\u200b",
    "<br>",
    "\xE2\x80\x8B",
    "\xE2\x80\x8E",
    "\xE2\x80\xAE",
    "\xE2\x81\xA0",
    "\xEF\xBB\xBF",
    "\xC2\xAD",
    "\xCC\x81",
    "\x01",
    "\x7F",
    "\t",
    "\r\n",
    "\xff",
    "\xC2\x85",
    "\x1b[1m",
    std::string(1, '\0'),
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  if (what.empty() || what == by) return text;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

class Notations : public testing::Test {
 protected:
  // The longest part of `value` that `out` still shows, the notation taken back.
  static size_t shown(const Notation& notation, const std::string& between, const std::string& value,
                      std::string out) {
    const auto take_back = [&] {
      for (char c = ' ' + 1; c < 0x7F; ++c) {
        // As clean text has it: what is not UTF-8 and control characters are replaced.
        if (std::string(1, c).find_first_of("<>%\\&*") == std::string::npos)
          out = replaced(out, notation.write(c), std::string(1, c));
      }
    };
    if (between != "*") {
      for (const std::string& b : {between, std::string(" "), std::string("\xEF\xBF\xBD")}) {
        if (!between.empty()) out = replaced(out, b, "");
      }
      take_back();
    } else {
      take_back();
    }
    size_t longest = 0;
    for (size_t i = 0; i < value.size(); ++i) {
      size_t n = longest + 1;
      while (i + n <= value.size() && out.find(value.substr(i, n)) != std::string::npos) longest = n++;
    }
    return longest;
  }

  std::unique_ptr<MetadataMasker> masker = make_metadata_masker(builtin_patterns());
};

std::vector<std::pair<const DetectorSpec*, std::string>> samples() {
  std::vector<std::pair<const DetectorSpec*, std::string>> out;
  for (const DetectorSpec& d : builtin_patterns()->detectors()) {
    for (const PackSample& sample : d.samples) {
      if (sample.valid) out.emplace_back(&d, sample.value);
    }
  }
  return out;
}

// Every value, each of its characters written so.
TEST_F(Notations, NoValueIsShown) {
  for (const auto& [detector, value] : samples()) {
    const bool address = value.find('@') != std::string::npos;
    const std::string secret = address ? value.substr(0, value.find('@') + 1) : value;
    for (const Notation& notation : notations()) {
      if (notation.digits_only && address) continue;
      std::string written;
      for (const char c : value)
        written += static_cast<unsigned char>(c) < 0x80 ? notation.write(c) : std::string(1, c);
      for (const auto& [before, after] :
           {std::pair("", ""), std::pair("/u/", "/p"), std::pair("报表 ", ".xlsx"), std::pair("a=", "&b=1"),
            std::pair("%E7%8E%8B", "%E7%8E%8B"), std::pair("\"", "\"")}) {
        const std::string out = masker->mask(before + written + after);
        EXPECT_LE(shown(notation, "", secret, out), 4u) << detector->id << " in " << notation.name << ": "
                                                        << before << written << after << " gave " << out;
        EXPECT_EQ(masker->mask(out), out);
      }
    }
  }
}

// Every number, whatever stands between its digits or between groups of them.
TEST_F(Notations, NoNumberIsShownWhateverSeparatesIt) {
  std::set<const DetectorSpec*> done;
  for (const auto& [detector, value] : samples()) {
    std::string number;
    for (const char c : value) {
      if (c >= '0' && c <= '9') number += c;
    }
    if (number.size() < 7 || number.size() + 1 < value.size()) continue;
    if (!done.insert(detector).second) continue;  // one of each kind: there are many ways to write it
    for (const Notation& notation : notations()) {
      for (const std::string& between : kBetween) {
        for (const size_t group : {size_t{1}, size_t{3}, size_t{4}, size_t{6}}) {
          std::string written;
          for (size_t i = 0; i < number.size(); ++i) {
            if (i > 0 && i % group == 0) written += between;
            written += notation.write(number[i]);
          }
          const std::string out = masker->mask("x " + written + " y");
          ASSERT_LE(shown(notation, between, number, out), 4u)
              << detector->id << " in " << notation.name << ", '" << between << "' each " << group << ": "
              << written << " gave " << out;
        }
      }
    }
  }
}

// As a whole: RFC 4648, RFC 2047, RFC 2231. Nothing of the encoded text is left but what is too short to say
// much.
TEST_F(Notations, NoEncodedValueIsShown) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto base64 = [](std::string_view bytes, bool padded) {
    std::string out;
    for (size_t i = 0; i < bytes.size(); i += 3) {
      uint32_t bits = 0;
      const size_t n = std::min<size_t>(3, bytes.size() - i);
      for (size_t k = 0; k < 3; ++k)
        bits = bits << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0u);
      for (size_t k = 0; k <= n; ++k) out += kAlphabet[bits >> (18 - 6 * k) & 63];
      if (padded) out.append(3 - n, '=');
    }
    return out;
  };
  const auto utf16 = [](std::string_view text) {
    std::string out;
    for (const char c : text) out += std::string(1, c) + '\0';
    return out;
  };
  const auto q = [](std::string_view text) {
    std::string out;
    for (const char c : text) out += "=" + hex(static_cast<unsigned char>(c), 2);
    return out;
  };
  for (const auto& [detector, value] : samples()) {
    if (value.size() < 8) continue;
    const size_t half = value.size() / 2;
    const bool ascii =
        std::ranges::all_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    const std::string wide = ascii ? utf16(value) : value;
    for (const std::string& payload :
         {base64(value, true), base64(value, false), base64("张" + value + "李", true),
          base64("id=" + value + ";", true), base64(base64(value, true), true), base64(wide, true)}) {
      for (const auto& [before, after] :
           {std::pair("", ""), std::pair("/u/", "/p"), std::pair("cv_", ".txt"), std::pair("a-", "-b"),
            std::pair("=?UTF-8?B?", "?="), std::pair("x =?gbk?b?", "?= y"), std::pair("=?utf-8?B?", "")}) {
        const std::string out = masker->mask(before + payload + after);
        for (size_t i = 0; i + 10 <= payload.size(); ++i) {
          EXPECT_EQ(out.find(payload.substr(i, 10)), std::string::npos)
              << detector->id << ": " << before << payload << after << " gave " << out;
        }
      }
    }
    for (const std::string& words :
         {"=?UTF-8?Q?" + q(value) + "?=", "=?iso-8859-1*en?q?" + value + "?=",
          "=?UTF-8?B?" + base64(value.substr(0, half), true) + "?= =?UTF-8?B?" +
              base64(value.substr(half), true) + "?=",
          "=?UTF-8?Q?" + q(value.substr(0, half)) + "?=\r\n =?UTF-8?Q?" + q(value.substr(half)) + "?="}) {
      EXPECT_EQ(masker->mask(words).find_first_of("0123456789"), std::string::npos)
          << words << " gave " << masker->mask(words);
    }
  }
}

}  // namespace
}  // namespace weir
