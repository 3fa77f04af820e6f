#include "parsers/codec/other_charset.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "parsers/codec/charset.h"
#include "parsers/codec/charset_tables.h"
#include "parsers/codec/legible.h"
#include "parsers/codec/text_scan.h"

namespace weir {

namespace {

bool printable(uint8_t b) { return b >= 0x20 && b < 0x7f; }
bool text_byte(uint8_t b) { return printable(b) || b == '\t' || b == '\n' || b == '\r'; }

// So many bytes of ASCII in a row are no units of two: as Chinese by chance once in some 10,000 places.
constexpr size_t kRun = 10;
// Fewer bytes behind a fault tell nothing.
constexpr size_t kLeast = 16;
constexpr size_t kSampleOfWindow = 1024;

// The begin of the first kRun bytes of ASCII; npos without one.
size_t ascii_run(Bytes bytes) {
  size_t from = 0;
  while (from + kRun <= bytes.size()) {
    size_t at = from + kRun;
    while (at > from && text_byte(bytes[at - 1])) --at;
    if (at == from) return from;
    from = at;
  }
  return std::string_view::npos;
}

// Three characters of three bytes in a row, or four that are a quarter of all that is not ASCII: double-byte
// text almost never looks like it.
bool utf8_run(Bytes bytes) {
  size_t row = 0;
  size_t all = 0;
  size_t other = 0;
  for (size_t i = 0; i + 3 <= bytes.size();) {
    const uint8_t b = bytes[i];
    size_t subpart = 1;
    bool cut = false;
    if (b >= 0xe2 && b <= 0xef && utf8_length(bytes.data() + i, bytes.size() - i, &subpart, &cut) == 3) {
      if (++row == 3) return true;
      ++all;
      i += 3;
      continue;
    }
    row = 0;
    other += b >> 7;
    ++i;
  }
  return all >= 4 && all * 9 >= other;
}

// … in any of three places.
bool utf8_somewhere(Bytes bytes) {
  constexpr size_t kPlace = 192;
  if (bytes.size() <= 3 * kPlace) return utf8_run(bytes);
  return utf8_run(bytes.first(kPlace)) || utf8_run(bytes.subspan(bytes.size() / 2, kPlace)) ||
         utf8_run(bytes.last(kPlace));
}

const Charset* detected(uint64_t offset, Bytes bytes) {
  CharsetDetector detector;
  detector.feed(offset, bytes);
  return detector.decide().first;
}

}  // namespace

bool is_wide(const Charset* charset) {
  return charset == charset_utf16le() || charset == charset_utf16be() || charset == charset_utf32le() ||
         charset == charset_utf32be();
}

const Charset* other_charset(const Charset* charset, uint64_t offset, Bytes bytes, uint32_t faults) {
  if (is_wide(charset)) {
    const size_t at = ascii_run(bytes);
    if (at == std::string_view::npos) return nullptr;
    const Bytes narrow = bytes.subspan(at);
    const TextScan scan = scan_text(narrow);
    if (scan.valid == narrow.size() || scan.cut) return charset_utf8();
    const Charset* found = detected(offset + at, narrow);
    return is_wide(found) || found == charset_binary() ? charset_utf8() : found;
  }
  if (charset == charset_binary()) {
    for (const size_t quarter : {1u, 3u}) {
      const size_t at = bytes.size() * quarter / 4;
      const Bytes sample = bytes.subspan(at, std::min(bytes.size() - at, kLegibleSample));
      if (sample.size() < kLeastSample) continue;
      if (const Charset* found = shown_charset(sample)) return found;
    }
    return nullptr;
  }
  if (charset->kind() == CharsetKind::kSingle) {
    // Every byte is a character there: only what else they could be tells.
    const size_t high = find_not_ascii(bytes);
    const Bytes sample = bytes.subspan(high, std::min(bytes.size() - high, kSampleOfWindow));
    if (sample.size() < kLeast) return nullptr;
    const Charset* found = detected(offset + high, sample);
    if (found == charset_utf8()) return utf8_run(sample) ? found : nullptr;
    return found == charset_binary() ? nullptr : found;
  }
  if (charset != charset_utf8()) {
    return (faults > 0 ? utf8_run(bytes) : utf8_somewhere(bytes)) ? charset_utf8() : nullptr;
  }
  if (faults == 0) return nullptr;
  const size_t fault = scan_text(bytes).valid;
  if (bytes.size() - fault < kLeast) return nullptr;
  const Charset* found = detected(offset + fault, bytes.subspan(fault));
  return found == charset_utf8() || found == charset_binary() ? nullptr : found;
}

namespace {

// Characters of units of `width` bytes.
struct Units {
  Bytes bytes;
  size_t width;
  bool big;

  bool whole(size_t at) const { return at + width <= bytes.size(); }
  uint32_t at(size_t i) const {
    uint32_t unit = 0;
    for (size_t k = 0; k < width; ++k) unit = unit << 8 | bytes[i + (big ? k : width - 1 - k)];
    return unit;
  }
  static bool shows(uint32_t unit) {
    if (unit < 0x80) return text_byte(static_cast<uint8_t>(unit));
    return (unit >= 0x4e00 && unit < 0xa000) || (unit >= 0x3000 && unit < 0x3100) ||
           (unit >= 0xff00 && unit < 0xfff0) || (unit >= 0x2010 && unit < 0x2040) ||
           (unit >= 0xa0 && unit < 0x100);
  }
};

constexpr size_t kAscii = 4;        // characters in a row
constexpr size_t kMostBefore = 64;  // characters of others before them

// Where from `from` on the first kAscii characters of ASCII stand, each byte at `width` from the last with
// zeros between; npos without any.
size_t next_run(Bytes bytes, size_t from, size_t* width) {
  const uint8_t* p = bytes.data();
  const auto ascii_at = [&](size_t at, size_t w) {
    if (at + w * (kAscii - 1) >= bytes.size()) return false;
    for (size_t k = 0; k < kAscii; ++k) {
      if (!text_byte(p[at + k * w])) return false;
      for (size_t z = 1; z < w && k + 1 < kAscii; ++z) {
        if (p[at + k * w + z] != 0) return false;
      }
    }
    *width = w;
    return true;
  };
  const auto zeros = [p](size_t at) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at));
    return uint64_t{static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())))};
  };
  size_t i = from;
  uint64_t before = 0;
  for (; i + 64 <= bytes.size(); i += 64) {
    const uint64_t z = zeros(i) | zeros(i + 16) << 16 | zeros(i + 32) << 32 | zeros(i + 48) << 48;
    // A zero two bytes behind another: both widths have them, other bytes hardly.
    for (uint64_t m = z & (z << 2 | before >> 62); m != 0; m &= m - 1) {
      const size_t second = i + static_cast<size_t>(std::countr_zero(m));
      if (second >= from + 3 && (ascii_at(second - 3, 2) || ascii_at(second - 3, 4))) return second - 3;
    }
    before = z;
  }
  // From where a pair may go over the last block's end.
  i = std::max(from, i - std::min<size_t>(i, 3));
  for (; i < bytes.size(); ++i) {
    if (ascii_at(i, 2) || ascii_at(i, 4)) return i;
  }
  return std::string_view::npos;
}

// Bytes that are no text: the last kGap of them one for one, so that a window's context reaches no further
// back here than in other readings; all before them in few.
constexpr uint32_t kGap = 256;

void put_gap(uint32_t from, uint32_t to, MappedText* out) {
  while (from < to) {
    const uint32_t far = to - from > kGap ? to - from - kGap : 0;
    const auto unit = static_cast<uint16_t>(far > 0 ? std::min<uint32_t>(far, UINT16_MAX) : 1);
    const uint32_t units = far > 0 ? 1 : to - from;
    out->reserve(units);
    out->map(from, 1, unit, units);
    std::memset(out->end(), 0x1a, units);
    out->wrote(units);
    from += unit * units;
  }
}

}  // namespace

bool wide_runs(Bytes bytes, uint64_t offset, std::array<const Charset*, 2> read_as, MappedText* out) {
  out->clear();
  const auto read_so = [&](size_t begin, size_t width, bool little) {
    const Charset* charset = width == 2 ? little ? charset_utf16le() : charset_utf16be()
                             : little ? charset_utf32le()
                                        : charset_utf32be();
    return (offset + begin) % width == 0 && std::ranges::find(read_as, charset) != read_as.end();
  };
  size_t done = 0;  // bytes that are in `out`
  size_t width = 2;
  for (size_t from = 0; (from = next_run(bytes, from, &width)) != std::string_view::npos;) {
    const auto zeros = [&](size_t at) {
      return at + width - 1 <= bytes.size() &&
             std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + width - 1),
                         [](uint8_t b) { return b == 0; });
    };
    // The ASCII, as far as it goes: in big-endian text the zeros stand before it.
    size_t last = from;
    while (zeros(last + 1) && last + width < bytes.size() && text_byte(bytes[last + width])) last += width;
    const bool little = from < done + width - 1 || !zeros(from - (width - 1)) || zeros(last + 1);
    const Units units{bytes, width, !little};
    const size_t first = little ? from : from - (width - 1);
    size_t end = first;
    while (units.whole(end) && Units::shows(units.at(end))) end += width;
    end = std::max(end, from + 1);
    if (!read_so(first, width, little)) {
      size_t begin = first;
      for (size_t n = 0; n < kMostBefore && begin >= done + width && Units::shows(units.at(begin - width));
           ++n) {
        begin -= width;
      }
      put_gap(static_cast<uint32_t>(done), static_cast<uint32_t>(begin), out);
      for (done = begin; units.whole(done) && Units::shows(units.at(done)); done += width) {
        const uint32_t unit = units.at(done);
        out->reserve(4);
        out->map(static_cast<uint32_t>(done),
                 static_cast<uint16_t>(unit < 0x80    ? 1
                                       : unit < 0x800 ? 2
                                                      : 3),
                 static_cast<uint16_t>(width), 1);
        out->wrote(put_utf8(out->end(), unit));
      }
    }
    from = end;
  }
  if (out->text().empty()) return false;
  put_gap(static_cast<uint32_t>(done), static_cast<uint32_t>(bytes.size()), out);
  return true;
}

}  // namespace weir
