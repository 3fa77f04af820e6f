// Shapes: the reader of their syntax, and automata against PCRE2 over every string of a small alphabet.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <gtest/gtest.h>
#include <pcre2.h>

#include <functional>

#include "signatures/compiler/shape_parser.h"
#include "signatures/compiler/shape_set.h"

namespace weir {
namespace {

std::string refusal(std::string_view pattern) {
  ParsedShape shape;
  std::string error;
  return parse_shape(pattern, false, &shape, &error) ? "" : error;
}

TEST(ShapeParser, RefusesWhatHasNoBoundOrIsBroken) {
  EXPECT_NE(refusal("[0-9]+").find("no bound"), std::string::npos);
  EXPECT_NE(refusal("a*").find("no bound"), std::string::npos);
  EXPECT_NE(refusal("a{2,}").find("no bound"), std::string::npos);
  EXPECT_NE(refusal("(a").find("without its ')'"), std::string::npos);
  EXPECT_NE(refusal("a)").find("without its '('"), std::string::npos);
  EXPECT_NE(refusal("[a").find("without its ']'"), std::string::npos);
  EXPECT_NE(refusal("^a").find("boundaries"), std::string::npos);
  EXPECT_NE(refusal("a$").find("boundaries"), std::string::npos);
  EXPECT_NE(refusal("\\ba").find("not understood"), std::string::npos);
  EXPECT_NE(refusal("[z-a]").find("backwards"), std::string::npos);
  EXPECT_NE(refusal("?a").find("nothing to repeat"), std::string::npos);
  EXPECT_NE(refusal("a{3,2}").find("{n,m}"), std::string::npos);
  EXPECT_NE(refusal("").find("empty"), std::string::npos);
  EXPECT_NE(refusal("(?i)a").find("not understood"), std::string::npos);
  EXPECT_NE(refusal("\\1a").find("back reference"), std::string::npos);
  EXPECT_NE(refusal("a{300}b{300}").find("longer than"), std::string::npos);
  EXPECT_NE(refusal(std::string(60, '(') + "a" + std::string(60, ')')).find("too deep"), std::string::npos);
  EXPECT_NE(refusal("a\xFF").find("UTF-8"), std::string::npos);
}

TEST(ShapeParser, KnowsLengthsAndLetters) {
  const auto parsed = [](std::string_view pattern) {
    ParsedShape shape;
    std::string error;
    EXPECT_TRUE(parse_shape(pattern, false, &shape, &error)) << pattern << ": " << error;
    return shape;
  };
  EXPECT_EQ(parsed("[0-9]{17}[0-9Xx]").max_bytes, 18u);
  EXPECT_TRUE(parsed("[0-9]{17}[0-9Xx]").holds_letters);
  EXPECT_FALSE(parsed("[0-9]{3}-[0-9]{2}").holds_letters);
  EXPECT_EQ(parsed("（[0-9]{3,4}）").max_bytes, 10u);
  EXPECT_EQ(parsed("a|bcd|ef").max_bytes, 3u);
  EXPECT_TRUE(parsed("(a)b").exact);
  EXPECT_FALSE(parsed("([ -]?)a\\1").exact);
  EXPECT_FALSE(parsed("a(?!b)c").exact);
  // Groups that double twenty times over: refused at once, not after a million steps.
  std::string bomb = "(a)";
  for (int i = 1; i < 9; ++i) bomb += "((\\" + std::to_string(i) + "\\" + std::to_string(i) + "){9})";
  EXPECT_NE(refusal(bomb), "");
}

TEST(Utf8Sequences, CoverARangeExactly) {
  for (const CodeRange range :
       {CodeRange{0, 0x10FFFF}, CodeRange{0x41, 0x41}, CodeRange{0x7F, 0x80}, CodeRange{0x3B1, 0x4E25},
        CodeRange{0xD7FF, 0xE001}, CodeRange{0xFFFE, 0x10001}}) {
    std::vector<ByteSequence> sequences;
    utf8_sequences(range, &sequences);
    uint64_t covered = 0;
    for (const ByteSequence& s : sequences) {
      uint64_t n = 1;
      for (uint8_t i = 0; i < s.length; ++i) n *= s.last[i] - s.first[i] + 1u;
      covered += n;
    }
    uint64_t expected = range.last - range.first + 1;
    for (uint32_t c = std::max(range.first, 0xD800u); c <= std::min(range.last, 0xDFFFu); ++c) --expected;
    EXPECT_EQ(covered, expected) << range.first;
  }
}

// Longest match of the whole text's beginning, by PCRE2: the longest prefix that the pattern matches whole.
std::vector<size_t> ends_by_pcre2(const std::string& pattern, const std::string& text, bool fold) {
  std::vector<size_t> ends;
  int code = 0;
  PCRE2_SIZE where = 0;
  pcre2_code* compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                    PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | (fold ? PCRE2_CASELESS : 0u), &code, &where, nullptr);
  EXPECT_NE(compiled, nullptr) << pattern;
  if (compiled == nullptr) return ends;
  pcre2_match_data* data = pcre2_match_data_create_from_pattern(compiled, nullptr);
  for (size_t n = 1; n <= text.size(); ++n) {
    if (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) continue;
    if (pcre2_match(compiled, reinterpret_cast<PCRE2_SPTR>(text.data()), n, 0,
                    PCRE2_ANCHORED | PCRE2_ENDANCHORED, data, nullptr) >= 0) {
      ends.push_back(n);
    }
  }
  pcre2_match_data_free(data);
  pcre2_code_free(compiled);
  return ends;
}

void every_text(const std::vector<std::string>& alphabet, size_t length,
                const std::function<void(const std::string&)>& visit) {
  std::function<void(std::string, size_t)> grow = [&](const std::string& text, size_t left) {
    visit(text);
    if (left == 0) return;
    for (const std::string& c : alphabet) grow(text + c, left - 1);
  };
  grow("", length);
}

TEST(ShapeSet, AutomataAgreeWithPcre2OnEveryShortText) {
  struct Case {
    const char* pattern;
    bool fold;
    std::vector<std::string> alphabet;
  };
  const std::vector<Case> cases = {
      {"a{1,2}(?:b|ab)?c{0,2}", false, {"a", "b", "c"}},
      {"(?:ab?){1,3}", false, {"a", "b"}},
      {"[^a]{2}b?", false, {"a", "b", "中"}},
      {"[a-b]x?", true, {"A", "b", "X", "c"}},
      {"（[12]{1,2}）|\\([12]{1,2}\\)", false, {"（", "）", "(", ")", "1"}},
      {"([ab])c\\1", false, {"a", "b", "c"}},
      {"(?<sep>[ -]?)1\\k<sep>2\\g{1}1", false, {"1", "2", " ", "-"}},
      {"a(?!b)[abc]b?", false, {"a", "b", "c"}},
      {"\\d\\w\\s?", false, {"1", "_", " ", "-"}},
      {"[一-龥]{1,2}1", false, {"中", "文", "1", "é"}},
      {"[\\x{4e2d}\\-\\]]\\x41", false, {"中", "-", "]", "A"}},
      {"", false, {}},
  };
  for (const Case& c : cases) {
    if (*c.pattern == '\0') continue;
    ParsedShape shape;
    std::string error;
    ASSERT_TRUE(parse_shape(c.pattern, c.fold, &shape, &error)) << c.pattern << ": " << error;
    ShapeSet set;
    ASSERT_TRUE(set.add(AnchorKind::kDigits, c.pattern, c.fold, shape, &error)) << error;
    set.finish();
    ShapeScratch scratch;
    ASSERT_EQ(set.automata(AnchorKind::kDigits).size(), 1u);
    const ShapeAutomaton& automaton = set.automata(AnchorKind::kDigits)[0];
    size_t matches = 0;
    every_text(c.alphabet, 5, [&](const std::string& text) {
      std::vector<size_t> ends;
      automaton.walk(text, 0, [&](size_t end, std::span<const uint16_t>) {
        if (set.confirm(0, std::string_view(text).substr(0, end), scratch)) ends.push_back(end);
      });
      EXPECT_EQ(ends, ends_by_pcre2(c.pattern, text, c.fold)) << c.pattern << " on " << text;
      matches += ends.size();
    });
    EXPECT_GT(matches, 0u) << c.pattern;
  }
}

// Long repeats are left open in the automaton that short values take: at and about every bound it must agree.
TEST(ShapeSet, LongRepeatsKeepTheirBounds) {
  const std::string pattern = "[ab%][ab%.-]{0,63}@[ab.-]{1,130}[.](?:a-[ab-]{3,20}|[ab]{2,14})";
  ParsedShape shape;
  std::string error;
  ASSERT_TRUE(parse_shape(pattern, false, &shape, &error)) << error;
  ShapeSet set;
  ASSERT_TRUE(set.add(AnchorKind::kAtSign, pattern, false, shape, &error)) << error;
  set.finish();
  ASSERT_EQ(set.automata(AnchorKind::kAtSign).size(), 1u);
  const ShapeAutomaton& automaton = set.automata(AnchorKind::kAtSign)[0];
  ASSERT_GT(automaton.states(), 1000u);
  size_t matches = 0;
  for (const size_t local : {1u, 2u, 20u, 61u, 62u, 63u, 64u, 65u, 66u}) {
    for (const size_t domain :
         {1u, 2u, 10u, 40u, 58u, 60u, 61u, 62u, 63u, 64u, 128u, 129u, 130u, 131u, 132u}) {
      for (const char* tail :
           {".bbb", ".a-abab.b", ".", ".bbbbbbbbbbbbbbbb", ".a-aaaaaaaaaaaaaaaaaaaaaaaa", "x"}) {
        const std::string text = std::string(local, 'a') + "@" + std::string(domain, 'a') + tail;
        std::vector<size_t> ends;
        automaton.walk(text, 0, [&](size_t end, std::span<const uint16_t>) { ends.push_back(end); });
        EXPECT_EQ(ends, ends_by_pcre2(pattern, text, false)) << text;
        matches += ends.size();
      }
    }
  }
  EXPECT_GT(matches, 500u);
}

TEST(ShapeSet, OneAutomatonTellsSeveralShapesApart) {
  ShapeSet set;
  for (const char* pattern : {"[0-9]{3}", "[0-9]{2,4}", "1[0-9]{2}x"}) {
    ParsedShape shape;
    std::string error;
    ASSERT_TRUE(parse_shape(pattern, false, &shape, &error));
    ASSERT_TRUE(set.add(AnchorKind::kDigits, pattern, false, shape, &error));
  }
  set.finish();
  ASSERT_EQ(set.automata(AnchorKind::kDigits).size(), 1u);
  std::vector<std::pair<size_t, std::vector<uint16_t>>> seen;
  const bool alive =
      set.automata(AnchorKind::kDigits)[0].walk("123x", 0, [&](size_t end, std::span<const uint16_t> d) {
        seen.emplace_back(end, std::vector<uint16_t>(d.begin(), d.end()));
      });
  const std::vector<std::pair<size_t, std::vector<uint16_t>>> expected = {{2, {1}}, {3, {0, 1}}, {4, {2}}};
  EXPECT_EQ(seen, expected);
  EXPECT_TRUE(alive);  // it ended with the text
  EXPECT_FALSE(set.automata(AnchorKind::kDigits)[0].walk("1a", 0, [](size_t, std::span<const uint16_t>) {}));
}

TEST(ShapeSet, AShapeWithTooManyStatesIsRefused) {
  // The fifteenth letter from the end is an a: two to the fifteenth states.
  const std::string pattern = "[ab]{0,40}a[ab]{15}c";
  ParsedShape shape;
  std::string error;
  ASSERT_TRUE(parse_shape(pattern, false, &shape, &error));
  ShapeSet set;
  EXPECT_FALSE(set.add(AnchorKind::kDigits, pattern, false, shape, &error));
  EXPECT_NE(error.find("too many states"), std::string::npos);
}

}  // namespace
}  // namespace weir
