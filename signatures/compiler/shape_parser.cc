#include "signatures/compiler/shape_parser.h"

#include <algorithm>
#include <optional>

namespace weir {

namespace {

constexpr size_t kMaxNesting = 50;
constexpr size_t kMaxNodes = 20000;
constexpr uint32_t kLastCode = 0x10FFFF;

using Kind = ShapeNode::Kind;

void normalise(std::vector<CodeRange>* ranges) {
  std::ranges::sort(*ranges, {}, &CodeRange::first);
  std::vector<CodeRange> out;
  for (const CodeRange& r : *ranges) {
    if (!out.empty() && r.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, r.last);
    } else {
      out.push_back(r);
    }
  }
  *ranges = std::move(out);
}

void negate(std::vector<CodeRange>* ranges) {
  normalise(ranges);
  std::vector<CodeRange> out;
  uint32_t next = 0;
  for (const CodeRange& r : *ranges) {
    if (r.first > next) out.push_back({next, r.first - 1});
    next = r.last + 1;
  }
  if (next <= kLastCode) out.push_back({next, kLastCode});
  *ranges = std::move(out);
}

void fold_case(std::vector<CodeRange>* ranges) {
  const size_t n = ranges->size();
  for (size_t i = 0; i < n; ++i) {
    const CodeRange r = (*ranges)[i];
    const auto add = [&](uint32_t first, uint32_t last, int shift) {
      const uint32_t lo = std::max(r.first, first), hi = std::min(r.last, last);
      if (lo <= hi) {
        ranges->push_back({static_cast<uint32_t>(static_cast<int>(lo) + shift),
                           static_cast<uint32_t>(static_cast<int>(hi) + shift)});
      }
    };
    add('a', 'z', -32);
    add('A', 'Z', 32);
  }
}

const std::vector<CodeRange> kDigitRanges = {{'0', '9'}};
const std::vector<CodeRange> kWordRanges = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
const std::vector<CodeRange> kSpaceRanges = {{9, 13}, {' ', ' '}};

size_t utf8_length(uint32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

class ShapeReader {
 public:
  ShapeReader(std::string_view pattern, bool fold, ParsedShape* out)
      : pattern_(pattern), fold_(fold), out_(*out) {}

  bool read(std::string* error) {
    out_ = ParsedShape{};
    const std::optional<uint32_t> root = alternation(0);
    if (root && at_ < pattern_.size()) fail("a ')' without its '('");
    if (!failed_ && root) {
      out_.root = *root;
      out_.max_bytes = longest(*root);
      if (out_.max_bytes == 0) {
        fail("it matches nothing but the empty text");
      } else if (out_.max_bytes > kMaxValueBytes) {
        fail("a value could be longer than " + std::to_string(kMaxValueBytes) + " bytes");
      }
    }
    if (failed_) *error = error_;
    return !failed_;
  }

 private:
  bool fail(const std::string& what) {
    if (!failed_) {
      failed_ = true;
      error_ = what + ", at character " + std::to_string(at_ + 1);
    }
    return false;
  }
  bool more() const { return at_ < pattern_.size(); }
  bool accept(std::string_view text) {
    if (!pattern_.substr(at_).starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  uint32_t add(ShapeNode node) {
    if (out_.nodes.size() >= kMaxNodes) fail("the shape is too large");
    out_.nodes.push_back(std::move(node));
    return static_cast<uint32_t>(out_.nodes.size() - 1);
  }
  uint32_t empty() { return add(ShapeNode{}); }
  uint32_t set(std::vector<CodeRange> ranges) {
    if (fold_) fold_case(&ranges);
    normalise(&ranges);
    for (const CodeRange& r : ranges) {
      if ((r.first <= 'z' && r.last >= 'a') || (r.first <= 'Z' && r.last >= 'A')) out_.holds_letters = true;
    }
    ShapeNode node;
    node.kind = Kind::kSet;
    node.ranges = std::move(ranges);
    return add(std::move(node));
  }

  std::optional<uint32_t> alternation(size_t depth) {
    if (depth > kMaxNesting) {
      fail("groups are nested too deep");
      return std::nullopt;
    }
    ShapeNode node;
    node.kind = Kind::kAlternate;
    do {
      const std::optional<uint32_t> branch = concatenation(depth);
      if (!branch) return std::nullopt;
      node.children.push_back(*branch);
    } while (accept("|"));
    return node.children.size() == 1 ? node.children[0] : add(std::move(node));
  }

  std::optional<uint32_t> concatenation(size_t depth) {
    ShapeNode node;
    node.kind = Kind::kConcat;
    while (more() && pattern_[at_] != '|' && pattern_[at_] != ')') {
      std::optional<uint32_t> part = atom(depth);
      if (part) part = repeated(*part);
      if (!part || failed_) return std::nullopt;
      node.children.push_back(*part);
    }
    return add(std::move(node));
  }

  std::optional<uint32_t> repeated(uint32_t part) {
    uint32_t min = 1, max = 1;
    if (accept("?")) {
      min = 0;
    } else if (more() && (pattern_[at_] == '*' || pattern_[at_] == '+')) {
      fail("'*' and '+' have no bound; write {0,n} or {1,n}");
      return std::nullopt;
    } else if (more() && pattern_[at_] == '{') {
      ++at_;
      if (!number(&min)) return std::nullopt;
      max = min;
      if (accept(",")) {
        if (more() && pattern_[at_] == '}') {
          fail("{n,} has no bound; write {n,m}");
          return std::nullopt;
        }
        if (!number(&max)) return std::nullopt;
      }
      if (!accept("}") || max < min || max > kMaxValueBytes) {
        fail("a repeat is written {n} or {n,m}, n <= m <= " + std::to_string(kMaxValueBytes));
        return std::nullopt;
      }
    } else {
      return part;
    }
    // Lazy or not is the same language; a possessive one is not.
    if (accept("+")) {
      out_.exact = false;
    } else {
      accept("?");
    }
    ShapeNode node;
    node.kind = Kind::kRepeat;
    node.min = min;
    node.max = max;
    node.children = {part};
    return add(std::move(node));
  }

  bool number(uint32_t* value) {
    size_t digits = 0;
    uint32_t n = 0;
    while (more() && pattern_[at_] >= '0' && pattern_[at_] <= '9' && digits < 5) {
      n = n * 10 + static_cast<uint32_t>(pattern_[at_++] - '0');
      ++digits;
    }
    *value = n;
    return digits > 0 || fail("a number was expected");
  }

  std::optional<uint32_t> atom(size_t depth) {
    const char c = pattern_[at_];
    if (c == '(') return group(depth);
    if (c == '[') return bracket();
    if (c == '\\') return escape();
    if (c == '.') {
      ++at_;
      return set({{0, '\n' - 1}, {'\n' + 1, kLastCode}});
    }
    if (c == '^' || c == '$') {
      fail("'^' and '$' are not allowed: boundaries are the matcher's own");
      return std::nullopt;
    }
    if (c == '*' || c == '+' || c == '?' || c == '{') {
      fail("a repeat has nothing to repeat");
      return std::nullopt;
    }
    const std::optional<uint32_t> code = code_point();
    if (!code) return std::nullopt;
    return set({{*code, *code}});
  }

  std::optional<uint32_t> group(size_t depth) {
    ++at_;
    bool looks_around = false, captures = false;
    std::string name;
    if (accept("?")) {
      if (accept(":")) {
      } else if (accept(">")) {
        out_.exact = false;
      } else if (accept("=") || accept("!") || accept("<=") || accept("<!")) {
        looks_around = true;
        out_.exact = false;
      } else if (accept("<") || accept("P<")) {
        captures = true;
        while (more() && pattern_[at_] != '>') name += pattern_[at_++];
        if (!accept(">")) fail("a group's name has no end");
      } else {
        fail("this kind of group is not understood; use (?:…), (…), (?<name>…) or look-around");
      }
    } else {
      captures = true;
    }
    if (failed_) return std::nullopt;
    const size_t index = groups_.size();
    if (captures) groups_.push_back({name, std::nullopt});
    const std::optional<uint32_t> inner = alternation(depth + 1);
    if (!inner) return std::nullopt;
    if (!accept(")")) {
      fail("a '(' without its ')'");
      return std::nullopt;
    }
    if (captures) groups_[index].node = *inner;
    return looks_around ? empty() : *inner;
  }

  std::optional<uint32_t> back_reference(std::string_view name, uint32_t number) {
    out_.exact = false;
    for (size_t i = 0; i < groups_.size(); ++i) {
      const bool named = !name.empty() ? groups_[i].name == name : i + 1 == number;
      if (named && groups_[i].node) return *groups_[i].node;
    }
    fail("a back reference to a group that is not closed before it");
    return std::nullopt;
  }

  std::optional<uint32_t> escape() {
    const size_t start = at_++;
    if (!more()) {
      fail("a '\\' at the end");
      return std::nullopt;
    }
    const char c = pattern_[at_];
    std::vector<CodeRange> ranges;
    if (class_escape(c, &ranges)) {
      ++at_;
      return set(std::move(ranges));
    }
    if (c >= '1' && c <= '9') {
      ++at_;
      return back_reference({}, static_cast<uint32_t>(c - '0'));
    }
    if (c == 'g' || c == 'k') {
      ++at_;
      const char close = accept("{") ? '}' : accept("<") ? '>' : '\0';
      std::string name;
      while (close != '\0' && more() && pattern_[at_] != close) name += pattern_[at_++];
      if (close == '\0' || name.empty() || !more()) {
        fail("a back reference is written \\1, \\g{1} or \\k<name>");
        return std::nullopt;
      }
      ++at_;
      const bool numeric = std::ranges::all_of(name, [](char d) { return d >= '0' && d <= '9'; });
      return numeric && name.size() < 4 ? back_reference({}, static_cast<uint32_t>(std::stoul(name)))
                                        : back_reference(name, 0);
    }
    at_ = start;
    const std::optional<uint32_t> code = code_point();
    if (!code) return std::nullopt;
    return set({{*code, *code}});
  }

  static bool class_escape(char c, std::vector<CodeRange>* ranges) {
    switch (c) {
      case 'd':
      case 'D':
        *ranges = kDigitRanges;
        break;
      case 'w':
      case 'W':
        *ranges = kWordRanges;
        break;
      case 's':
      case 'S':
        *ranges = kSpaceRanges;
        break;
      default:
        return false;
    }
    if (c < 'a') negate(ranges);
    return true;
  }

  std::optional<uint32_t> bracket() {
    ++at_;
    const bool negated = accept("^");
    std::vector<CodeRange> ranges;
    bool first = true;
    while (more() && (pattern_[at_] != ']' || first)) {
      first = false;
      if (pattern_[at_] == '[' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] == ':') {
        fail("[:class:] is not understood");
        return std::nullopt;
      }
      std::vector<CodeRange> escaped;
      if (pattern_[at_] == '\\' && at_ + 1 < pattern_.size() && class_escape(pattern_[at_ + 1], &escaped)) {
        at_ += 2;
        ranges.insert(ranges.end(), escaped.begin(), escaped.end());
        continue;
      }
      const std::optional<uint32_t> low = code_point();
      if (!low) return std::nullopt;
      CodeRange range{*low, *low};
      if (at_ + 1 < pattern_.size() && pattern_[at_] == '-' && pattern_[at_ + 1] != ']') {
        ++at_;
        const std::optional<uint32_t> high = code_point();
        if (!high) return std::nullopt;
        if (*high < *low) {
          fail("a range in [...] runs backwards");
          return std::nullopt;
        }
        range.last = *high;
      }
      ranges.push_back(range);
    }
    if (!accept("]")) {
      fail("a '[' without its ']'");
      return std::nullopt;
    }
    if (negated) {
      if (fold_) fold_case(&ranges);
      negate(&ranges);
    }
    return set(std::move(ranges));
  }

  // One character, escaped or not.
  std::optional<uint32_t> code_point() {
    const auto c = static_cast<unsigned char>(pattern_[at_]);
    if (c == '\\') return escaped_code_point();
    if (c < 0x80) {
      ++at_;
      return c;
    }
    const size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || at_ + n > pattern_.size()) {
      fail("not valid UTF-8");
      return std::nullopt;
    }
    uint32_t code = c & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; ++i) {
      const auto next = static_cast<unsigned char>(pattern_[at_ + i]);
      if ((next & 0xC0) != 0x80) {
        fail("not valid UTF-8");
        return std::nullopt;
      }
      code = (code << 6) | (next & 0x3Fu);
    }
    at_ += n;
    return code;
  }

  std::optional<uint32_t> escaped_code_point() {
    ++at_;
    if (!more()) {
      fail("a '\\' at the end");
      return std::nullopt;
    }
    const char c = pattern_[at_++];
    switch (c) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 'x':
        return hexadecimal();
      default:
        break;
    }
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || static_cast<unsigned char>(c) >= 0x80) {
      --at_;
      fail(std::string("'\\") + c + "' is not understood");
      return std::nullopt;
    }
    return static_cast<unsigned char>(c);
  }

  std::optional<uint32_t> hexadecimal() {
    const bool braces = accept("{");
    const size_t most = braces ? 6 : 2;
    uint32_t code = 0;
    size_t n = 0;
    while (more() && n < most) {
      const char d = pattern_[at_];
      const int value = d >= '0' && d <= '9'   ? d - '0'
                        : d >= 'a' && d <= 'f' ? d - 'a' + 10
                        : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                               : -1;
      if (value < 0) break;
      code = code * 16 + static_cast<uint32_t>(value);
      ++at_;
      ++n;
    }
    if (n == 0 || (braces && !accept("}")) || code > kLastCode || (code >= 0xD800 && code < 0xE000)) {
      fail("a character is written \\xHH or \\x{HHHH}");
      return std::nullopt;
    }
    return code;
  }

  // Longest value in bytes; saturates just above the limit. Nodes are shared by back references: each is
  // looked at once.
  size_t longest(uint32_t index) {
    longest_.resize(out_.nodes.size(), kUnknown);
    if (longest_[index] != kUnknown) return longest_[index];
    const ShapeNode& node = out_.nodes[index];
    size_t n = 0;
    switch (node.kind) {
      case Kind::kEmpty:
        break;
      case Kind::kSet:
        n = node.ranges.empty() ? 0 : utf8_length(node.ranges.back().last);
        break;
      case Kind::kConcat:
        for (const uint32_t child : node.children) n = std::min(n + longest(child), kOver);
        break;
      case Kind::kAlternate:
        for (const uint32_t child : node.children) n = std::max(n, longest(child));
        break;
      case Kind::kRepeat:
        n = std::min(longest(node.children[0]) * node.max, kOver);
        break;
    }
    return longest_[index] = n;
  }
  static constexpr size_t kUnknown = ~size_t{0};
  static constexpr size_t kOver = 1u << 20;

  struct Group {
    std::string name;
    std::optional<uint32_t> node;
  };
  std::string_view pattern_;
  bool fold_;
  ParsedShape& out_;
  size_t at_ = 0;
  std::vector<Group> groups_;
  std::vector<size_t> longest_;
  bool failed_ = false;
  std::string error_;
};

void encode(uint32_t code, uint8_t* bytes, uint8_t* length) {
  if (code < 0x80) {
    bytes[0] = static_cast<uint8_t>(code);
    *length = 1;
    return;
  }
  const auto n = static_cast<uint8_t>(utf8_length(code));
  for (uint8_t i = n; i-- > 1;) {
    bytes[i] = static_cast<uint8_t>(0x80 | (code & 0x3F));
    code >>= 6;
  }
  const unsigned lead = n == 2 ? 0xC0u : n == 3 ? 0xE0u : 0xF0u;
  bytes[0] = static_cast<uint8_t>(lead | code);
  *length = n;
}

}  // namespace

bool parse_shape(std::string_view pattern, bool case_insensitive, ParsedShape* shape, std::string* error) {
  return ShapeReader(pattern, case_insensitive, shape).read(error);
}

void utf8_sequences(CodeRange range, std::vector<ByteSequence>* out) {
  // Surrogates have no UTF-8.
  if (range.first < 0xD800 && range.last >= 0xD800) {
    utf8_sequences({range.first, 0xD7FF}, out);
    if (range.last < 0xE000) return;
    range.first = 0xE000;
  } else if (range.first >= 0xD800 && range.first < 0xE000) {
    if (range.last < 0xE000) return;
    range.first = 0xE000;
  }
  for (const uint32_t last : {0x7Fu, 0x7FFu, 0xFFFFu}) {
    if (range.first <= last && range.last > last) {
      utf8_sequences({range.first, last}, out);
      utf8_sequences({last + 1, range.last}, out);
      return;
    }
  }
  if (range.last >= 0x80) {
    // Split until every byte but the last changing one spans its whole range.
    for (unsigned i = 1; i < 4; ++i) {
      const uint32_t low_bits = (1u << (6 * i)) - 1;
      if ((range.first & ~low_bits) == (range.last & ~low_bits)) continue;
      if ((range.first & low_bits) != 0) {
        utf8_sequences({range.first, range.first | low_bits}, out);
        utf8_sequences({(range.first | low_bits) + 1, range.last}, out);
        return;
      }
      if ((range.last & low_bits) != low_bits) {
        utf8_sequences({range.first, (range.last & ~low_bits) - 1}, out);
        utf8_sequences({range.last & ~low_bits, range.last}, out);
        return;
      }
    }
  }
  ByteSequence sequence;
  uint8_t length = 0;
  encode(range.first, sequence.first, &length);
  encode(range.last, sequence.last, &sequence.length);
  out->push_back(sequence);
}

}  // namespace weir
