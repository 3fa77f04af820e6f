#include "parsers/codec/legible.h"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <bit>

#include "parsers/codec/charset.h"
#include "parsers/codec/charset_tables.h"
#include "parsers/codec/text_scan.h"

namespace weir {

namespace {

bool printable(uint8_t b) { return (b >= 0x20 && b < 0x7f) || b == '\t' || b == '\n' || b == '\r'; }

// Three of four bytes are printable ASCII. Plain text goes no further than here.
bool mostly_ascii(Bytes sample) {
  size_t good = 0;
  size_t i = 0;
  for (; i + 16 <= sample.size(); i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(sample.data() + i));
    // Signed: bytes from 0x80 on are below zero. 0x09 to 0x0d are tabs and line ends, near enough.
    const __m128i shown =
        _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(0x1f)), _mm_cmplt_epi8(v, _mm_set1_epi8(0x7f)));
    const __m128i blank =
        _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(0x08)), _mm_cmplt_epi8(v, _mm_set1_epi8(0x0e)));
    good += static_cast<size_t>(
        std::popcount(static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(shown, blank)))));
  }
  for (; i < sample.size(); ++i) good += printable(sample[i]);
  return good * 4 >= sample.size() * 3;
}

// As even as chance: of all pairs of bytes at most one in 28 are equal. Random bytes: one in 256. JSON behind
// a mask of four bytes, the least even of what is meant: about one in 48. English: one in 15; a tenth of
// zeros alone: one in 90, a fifth: one in 25.
bool even(Bytes sample) {
  std::array<uint8_t, 256> seen{};
  uint32_t equal = 0;
  for (const uint8_t b : sample) equal += seen[b]++;
  const size_t pairs = sample.size() * (sample.size() - 1) / 2;
  return equal * 28 <= pairs;
}

// Seven of eight bytes are UTF-8 or printable; the ends may cut a character.
bool shows_utf8(Bytes sample) {
  size_t good = 0;
  for (size_t i = 0; i < sample.size();) {
    if ((i - good) * 8 > sample.size()) return false;
    if (sample[i] < 0x80) {
      good += printable(sample[i]);
      ++i;
      continue;
    }
    size_t subpart = 1;
    bool cut = false;
    const size_t n = utf8_length(sample.data() + i, sample.size() - i, &subpart, &cut);
    const bool end = n == 0 && cut && i + subpart == sample.size();
    const bool begin = n == 0 && i < 3 && (sample[i] & 0xc0) == 0x80;
    good += n != 0 ? n : end ? subpart : begin ? 1 : 0;
    i += n != 0 ? n : subpart;
  }
  return good * 8 >= sample.size() * 7;
}

// Seven of eight bytes are characters of two bytes or printable, and one in eight of the characters is among
// the frequent ones: by chance one in fifty is.
bool shows_pairs(Bytes sample, const Charset* charset) {
  const CharsetTables& t = charset->tables();
  for (const size_t phase : {size_t{0}, size_t{1}}) {
    size_t good = phase;
    size_t characters = 0;
    size_t frequent = 0;
    size_t i = phase;
    while (i < sample.size() && (i - std::min(i, good)) * 8 <= sample.size()) {
      if (sample[i] < 0x80) {
        good += printable(sample[i++]);
        continue;
      }
      if (i + 1 == sample.size()) {
        ++good;
        break;
      }
      const auto digit = [](uint8_t b) { return b >= '0' && b <= '9'; };
      if (charset->kind() == CharsetKind::kGb18030 && digit(sample[i + 1])) {  // one of four bytes
        const size_t there = std::min<size_t>(sample.size() - i, 4);
        const bool whole = there == 4 && sample[i + 2] >= 0x81 && digit(sample[i + 3]);
        good += whole || there < 4 ? there : 0;
        i += whole || there < 4 ? there : 1;
        continue;
      }
      const size_t pair = size_t{sample[i] & 0x7fu} * 256 + sample[i + 1];
      if (t.pairs[pair] == 0) {
        ++i;
        continue;
      }
      good += 2;
      ++characters;
      frequent += t.frequent->test(pair);
      i += 2;
    }
    if (i >= sample.size() - 1 && good * 8 >= sample.size() * 7 && frequent * 8 >= characters) return true;
  }
  return false;
}

// Seven of eight units of two bytes are what Chinese or Western text is made of: by chance some more than a
// third is.
bool shows_units(Bytes sample) {
  for (const size_t phase : {size_t{0}, size_t{1}}) {
    size_t little = 0;
    size_t big = 0;
    size_t units = 0;
    const auto plausible = [](uint32_t unit) {
      return unit < 0x80 ? printable(static_cast<uint8_t>(unit))
                         : (unit >= 0x3000 && unit < 0x3100) || (unit >= 0x4e00 && unit < 0xa000) ||
                               (unit >= 0xff00 && unit < 0xfff0) || (unit >= 0x2010 && unit < 0x2040) ||
                               (unit >= 0xa0 && unit < 0x180) || (unit >= 0x370 && unit < 0x530) ||
                               (unit >= 0xd800 && unit < 0xe000) || unit == 0xfeff;
    };
    for (size_t i = phase; i + 1 < sample.size(); i += 2, ++units) {
      if ((units - std::max(little, big)) * 16 > sample.size()) break;
      little += plausible(uint32_t{sample[i + 1]} << 8 | sample[i]);
      big += plausible(uint32_t{sample[i]} << 8 | sample[i + 1]);
    }
    if ((units + 1) * 2 + phase > sample.size() && std::max(little, big) * 8 >= units * 7) return true;
  }
  return false;
}

// Sixteen bytes that are ASCII, or eight characters of it as UTF-16: by chance once in a hundred million
// places.
bool shows_run(Bytes bytes) {
  const __m128i low = _mm_set1_epi8(0x1f);
  const __m128i high = _mm_set1_epi8(0x7f);
  for (size_t i = 0; i + 16 <= bytes.size(); i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes.data() + i));
    // Signed: bytes from 0x80 on are below 0x1f.
    const __m128i ascii = _mm_and_si128(_mm_cmpgt_epi8(v, low), _mm_cmplt_epi8(v, high));
    const int mask = _mm_movemask_epi8(ascii);
    if (mask == 0xffff) return true;
    if (mask != 0x5555 && mask != 0xaaaa) continue;
    if (_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())) == (mask ^ 0xffff)) return true;
  }
  return false;
}

}  // namespace

bool faults_tell(const Charset* charset) {
  return charset != nullptr && charset->kind() == CharsetKind::kDouble && charset != charset_big5();
}

const Charset* shown_charset(Bytes sample) {
  if (mostly_ascii(sample)) return nullptr;
  if (shows_utf8(sample)) return charset_utf8();
  if (!even(sample) && std::ranges::count(sample, uint8_t{0}) > 0) return nullptr;
  for (const Charset* charset : {charset_gb18030(), charset_big5()}) {
    if (shows_pairs(sample, charset)) return charset;
  }
  return nullptr;
}

bool says_text(Bytes bytes) {
  if (bytes.size() >= kLeastSample && what_shows(bytes) == Shows::kNothing) return false;
  const auto few = [&](auto odd) {
    return static_cast<size_t>(std::ranges::count_if(bytes, odd)) * 20 <= bytes.size();
  };
  const TextScan scan = scan_text(bytes);
  if (scan.valid == bytes.size() || scan.cut) {
    return few([](uint8_t b) { return !printable(b) && b < 0x80; });
  }
  if (bytes.size() < kLeastSample) return false;
  CharsetDetector detector;
  detector.feed(0, bytes);
  const Charset* charset = detector.decide().first;
  if (charset == charset_binary()) return false;
  const bool narrow = ascii_compatible(charset);
  return few([narrow](uint8_t b) { return b < 0x20 && !printable(b) && (narrow || b != 0); });
}

Shows what_shows(Bytes bytes) {
  const size_t n = std::min(bytes.size(), kLegibleSample);
  const Bytes sample = bytes.subspan((bytes.size() - n) / 2, n);
  if (mostly_ascii(sample) || !even(sample) || shows_utf8(sample) || shows_units(sample) ||
      shows_pairs(sample, charset_gb18030()) || shows_pairs(sample, charset_big5())) {
    return Shows::kText;
  }
  return shows_run(bytes) ? Shows::kSome : Shows::kNothing;
}

}  // namespace weir
