// E-mail addresses (RFC 5321, dot-atoms of RFC 5322, other scripts by RFC 6531) under a top-level domain.
// What looks like one in code and file names is kept out: icon@2x.png, lib@1.2.3.tgz, @scope/package, %3Dname
// before decoding.
#include <algorithm>
#include <array>

#include "signatures/validators/checks.h"
#include "signatures/validators/domains.h"
#include "signatures/validators/families.h"

namespace weir {
namespace {

constexpr size_t kMaxLocal = 64;     // RFC 5321, 4.5.3.1.1
constexpr size_t kMaxAddress = 254;  // RFC 5321, 4.5.3.1.3, without the angle brackets
constexpr size_t kMaxLabel = 63;     // RFC 1035, 2.3.4

constexpr char to_lower(char c) { return is_ascii_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }
// A byte of a letter beyond ASCII: which they are the packs' shape says.
constexpr bool is_wide(char c) { return static_cast<unsigned char>(c) >= 0x80; }
constexpr bool is_hex(char c) {
  return is_ascii_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// By byte: is it a letter, a digit or one of `others`?
constexpr std::array<bool, 256> alphanumeric_or(std::string_view others) {
  std::array<bool, 256> table{};
  for (size_t c = 0; c < 128; ++c) table[c] = is_ascii_alphanumeric(static_cast<char>(c));
  for (const char c : others) table[static_cast<unsigned char>(c)] = true;
  return table;
}

bool is_atom_character(char c) {
  static constexpr auto kTable = alphanumeric_or("!#$%&'*+-/=?^_`{|}~");
  return kTable[static_cast<unsigned char>(c)] || is_wide(c);
}

bool is_local_part(std::string_view local) {
  if (local.empty() || local.size() > kMaxLocal || local.front() == '.' || local.back() == '.') return false;
  for (size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '.') {
      if (local[i + 1] == '.') return false;
      continue;
    }
    if (!is_atom_character(local[i])) return false;
    // A percent escape that is still to be undone: its own reading has the address.
    if (local[i] == '%' && i + 2 < local.size() && is_hex(local[i + 1]) && is_hex(local[i + 2])) return false;
  }
  return true;
}

// A label in lower case; empty when it is longer than one may be.
class Lower {
 public:
  explicit Lower(std::string_view label) {
    if (label.size() > kMaxLabel) return;
    for (const char c : label) text_[size_++] = to_lower(c);
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, kMaxLabel> text_{};
  size_t size_ = 0;
};

// A byte of the scripts that are written without spaces (and of others whose characters have three bytes).
constexpr bool is_unspaced(char c) { return static_cast<unsigned char>(c) >= 0xE0; }

// RFC 3986, 3.2.1: unreserved, sub-delims, ':' and '%'.
bool is_user_character(char c) {
  static constexpr auto kTable = alphanumeric_or("-._~%!$&'()*+,;=:");
  return kTable[static_cast<unsigned char>(c)];
}

bool ends_with_word(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  const std::string_view end = text.substr(text.size() - word.size());
  return std::ranges::equal(end, word, {}, to_lower);
}

// Does the last label of `domain` name a top-level domain?
bool has_plausible_end(std::string_view domain) {
  return is_plausible_tld(Lower(domain.substr(domain.rfind('.') + 1)).text());
}

// Reads a domain from the left, and says of each place whether it may end there.
class DomainReader {
 public:
  // `text`: what follows the '@'.
  explicit DomainReader(std::string_view text) : text_(text) {}

  // Reads on to `end`. False: what was read is the beginning of no domain.
  bool read_to(size_t end) {
    for (; at_ < end; ++at_) {
      const char c = text_[at_];
      if (c == '.') {
        if (!end_label()) return false;
        ++labels_;
        label_ = at_ + 1;
      } else if (!is_ascii_alphanumeric(c) && !is_wide(c) && c != '-') {
        return false;
      }
    }
    return true;
  }

  // What was read is a whole domain.
  bool whole() const {
    DomainReader last = *this;
    if (!last.end_label() || ++last.labels_ < 2) return false;
    const Lower tld(text_.substr(label_, at_ - label_));
    if (!is_plausible_tld(tld.text())) return false;
    // icon@2x.ai, logo@3x.ps: pictures for dense screens.
    const bool scale =
        last.labels_ == 2 && text_[2] == '.' && is_ascii_digit(text_[0]) && to_lower(text_[1]) == 'x';
    return !(scale && is_file_like_tld(tld.text()));
  }

 private:
  // The label up to here is one, and a domain may still have it.
  bool end_label() {
    const std::string_view label = text_.substr(label_, at_ - label_);
    if (label.empty() || label.size() > kMaxLabel || label.front() == '-' || label.back() == '-')
      return false;
    if (all_ascii_digits(label)) ++numeric_;
    if (labels_ < 2 && is_ascii_digit(label[0])) ++leading_digit_first_;
    return numeric_ <= 1 && leading_digit_first_ <= 1;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t label_ = 0;                // where the label begins that is being read
  size_t labels_ = 0;               // before it
  size_t numeric_ = 0;              // of digits only: 163.com has one, a version number more
  size_t leading_digit_first_ = 0;  // among the first two
};

}  // namespace

size_t longest_net_email(std::string_view value, std::span<const uint16_t> ends, const ValidatorContext&) {
  // Most ends that say nothing say so by their last label; the way there is read once for all others.
  while (!ends.empty() && (ends.back() > kMaxAddress || !has_plausible_end(value.substr(0, ends.back())))) {
    ends = ends.first(ends.size() - 1);
  }
  if (ends.empty()) return 0;
  const size_t at = value.find('@');
  if (at == std::string_view::npos || !is_local_part(value.substr(0, at))) return 0;
  DomainReader domain(value.substr(at + 1));
  if (ends.back() > at + 1 && domain.read_to(ends.back() - at - 1) && domain.whole()) return ends.back();
  domain = DomainReader(value.substr(at + 1));
  size_t longest = 0;
  for (const uint16_t end : ends) {
    if (end <= at + 1) continue;
    if (!domain.read_to(end - at - 1)) break;
    if (domain.whole()) longest = end;
  }
  return longest;
}

ValidatorResult validate_net_email(std::string_view value, const ValidatorContext&) {
  if (value.size() > kMaxAddress) return {};
  const size_t at = value.find('@');
  if (at == std::string_view::npos || !is_local_part(value.substr(0, at))) return {};
  const std::string_view name = value.substr(at + 1);
  DomainReader domain(name);
  if (!domain.read_to(name.size()) || !domain.whole()) return {};
  // 王芳@公司.中国 is one. What stands before 你好@example.com may as well be a sentence: nothing ends it.
  const bool unspaced = std::ranges::any_of(value.substr(0, at), is_unspaced);
  const bool sentence = unspaced && std::ranges::none_of(name, is_wide);
  return {true, sentence ? uint8_t{kEvidenceNeedsKeyword} : uint8_t{0}};
}

Frame frame_net_email(std::string_view text, size_t begin, size_t end) {
  // ://user:password@host, in JSON :\/\/.
  const size_t floor = begin - std::min(begin, kFrameReach);
  size_t at = begin;
  while (at > floor && is_user_character(text[at - 1])) --at;
  const std::string_view before = text.substr(0, at);
  for (const std::string_view sign : {"://", ":\\/\\/"}) {
    if (!before.ends_with(sign)) continue;
    const std::string_view scheme = before.substr(0, before.size() - sign.size());
    if (scheme.empty() || !is_ascii_alphanumeric(scheme.back())) break;
    return ends_with_word(scheme, "mailto") ? Frame::kNone : Frame::kForbids;
  }
  // user@host:/path, user@host:~/path, git@host:group/name.git
  if (end >= text.size() || text[end] != ':') return Frame::kNone;
  const std::string_view path = text.substr(end + 1, kFrameReach - 1);
  if (path.starts_with('/') || path.starts_with("~/")) return Frame::kDoubts;
  size_t n = 0;
  while (n < path.size() && (is_ascii_alphanumeric(path[n]) ||
                             std::string_view("._/-").find(path[n]) != std::string_view::npos)) {
    ++n;
  }
  const std::string_view name = path.substr(0, n);
  return name.ends_with(".git") && name.find('/') != std::string_view::npos ? Frame::kDoubts : Frame::kNone;
}

std::string_view canonical_net_email(std::string_view value, std::span<char> buffer) {
  CanonicalWriter writer(buffer);
  for (char c : value) writer.put(to_lower(c));
  return writer.result();
}

}  // namespace weir
