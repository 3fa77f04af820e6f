// What bytes are written in (parsers/codec/charset.h): validity first, then frequency.
#include <algorithm>
#include <cstring>

#include "parsers/codec/charset.h"
#include "parsers/codec/charset_tables.h"
#include "parsers/codec/text_scan.h"

namespace weir {

size_t CharsetDetector::feed(uint64_t offset, Bytes bytes) {
  const size_t n = std::min<size_t>(bytes.size(), kSample - std::min(fed_, kSample));
  if (n > 0 && utf8_.state == 0 && std::memchr(bytes.data(), 0, n) == nullptr) {
    // Sound UTF-8 needs no second opinion; other readings are only weighed against faults.
    const TextScan scan = scan_text(bytes.first(n));
    if (scan.valid == n || scan.cut) {
      utf8_.good += static_cast<uint32_t>(
          std::count_if(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(scan.valid),
                        [](uint8_t b) { return b >= 0xc0; }));
      // A sample that is full is not waited for.
      const size_t taken = fed_ + n >= kSample ? n : scan.valid;
      fed_ += static_cast<uint32_t>(taken);
      return taken;
    }
  }
  if (!started_ && n > 0) {
    started_ = true;
    // Bytes of the first quad that were not seen stand as ASCII: that is what came before.
    previous_count_ = static_cast<uint8_t>(offset % 4);
    std::fill_n(previous_, previous_count_, uint8_t{' '});
  }
  for (size_t i = 0; i < n; ++i) {
    const uint8_t b = bytes[i];
    zeros_ += b == 0;
    controls_ += b != 0 && b < 0x20 && b != '\t' && b != '\n' && b != '\r';
    utf8_byte(b);
    gb_byte(b);
    big5_byte(b);
    wide_byte(offset + i, b);
  }
  fed_ += static_cast<uint32_t>(n);
  return n;
}

void CharsetDetector::utf8_byte(uint8_t b) {
  if (utf8_.state > 0) {
    if (b >= utf8_low_ && b <= utf8_high_) {
      utf8_low_ = 0x80;
      utf8_high_ = 0xbf;
      if (--utf8_.state == 0) ++utf8_.good;
      return;
    }
    ++utf8_.bad;
    utf8_.state = 0;
  }
  if (b < 0x80) return;
  if (b < 0xc2 || b > 0xf4) {
    ++utf8_.bad;
    return;
  }
  utf8_.state = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
  utf8_low_ = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
  utf8_high_ = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
}

// States: 0 between characters, 1 after a lead, 2 after lead and digit, 3 after lead, digit and third.
void CharsetDetector::gb_byte(uint8_t b) {
  const CharsetTables& t = charset_gb18030()->tables();
  switch (gb_.state) {
    case 1: {
      const size_t pair = size_t{gb_.lead & 0x7fu} * 256 + b;
      if (t.pairs[pair] != 0) {
        ++gb_.good;
        gb_.frequent += t.frequent->test(pair);
        gb_.state = 0;
        return;
      }
      if (b >= 0x30 && b <= 0x39) {
        gb_.state = 2;
        return;
      }
      ++gb_.bad;
      break;
    }
    case 2:
      if (b >= 0x81 && b <= 0xfe) {
        gb_.state = 3;
        return;
      }
      ++gb_.bad;
      break;
    case 3:
      if (b >= 0x30 && b <= 0x39) {
        ++gb_.good;
        gb_.state = 0;
        return;
      }
      gb_.bad += 2;
      break;
    default:
      break;
  }
  gb_.state = 0;
  if (b >= 0x81 && b <= 0xfe) {
    gb_.state = 1;
    gb_.lead = b;
  } else if (b >= 0x80) {
    ++gb_.bad;
  }
}

void CharsetDetector::big5_byte(uint8_t b) {
  const CharsetTables& t = charset_big5()->tables();
  if (big5_.state == 1) {
    big5_.state = 0;
    const size_t pair = size_t{big5_.lead & 0x7fu} * 256 + b;
    if (t.pairs[pair] != 0) {
      ++big5_.good;
      big5_.frequent += t.frequent->test(pair);
      return;
    }
    ++big5_.bad;
  }
  if (b < 0x80) return;
  if (t.lead[b]) {
    big5_.state = 1;
    big5_.lead = b;
  } else {
    ++big5_.bad;
  }
}

// Characters that Chinese and Western text is made of. The two bytes of such a unit the other way round
// are mostly none.
bool CharsetDetector::plausible_unit(uint32_t unit) {
  if (unit < 0x80) return (unit >= 0x20 && unit < 0x7f) || unit == '\t' || unit == '\n' || unit == '\r';
  return (unit >= 0xa0 && unit < 0x180) || (unit >= 0x2010 && unit < 0x2040) ||
         (unit >= 0x3000 && unit < 0x3100) || (unit >= 0x4e00 && unit < 0xa000) ||
         (unit >= 0xff00 && unit < 0xfff0) || unit == 0xfeff;
}

void CharsetDetector::wide_byte(uint64_t offset, uint8_t b) {
  const size_t at = offset % 4;
  if (at % 2 == 1) {
    const uint32_t before = previous_[at - 1];
    ++units_;
    le_good_ += plausible_unit(uint32_t{b} << 8 | before);
    be_good_ += plausible_unit(before << 8 | b);
    ascii_pairs_ += before >= 0x20 && before < 0x7f && b >= 0x20 && b < 0x7f;
  }
  if (at == 3) {
    const uint32_t le =
        uint32_t{b} << 24 | uint32_t{previous_[2]} << 16 | uint32_t{previous_[1]} << 8 | previous_[0];
    const uint32_t be =
        uint32_t{previous_[0]} << 24 | uint32_t{previous_[1]} << 16 | uint32_t{previous_[2]} << 8 | b;
    ++quads_;
    le32_good_ += le < 0x10000 && plausible_unit(le);
    be32_good_ += be < 0x10000 && plausible_unit(be);
  } else {
    previous_[at] = b;
  }
}

CharsetDetector::Guess CharsetDetector::decide() const {
  // At least nineteen of twenty.
  const auto most = [](uint32_t good, uint32_t all) { return all > 0 && good * 20 >= all * 19; };
  if (zeros_ > 0 || utf8_.bad > 0) {
    if (zeros_ * 2 >= fed_) {
      if (most(le32_good_, quads_) && le32_good_ > be32_good_) return {charset_utf32le(), nullptr};
      if (most(be32_good_, quads_) && be32_good_ > le32_good_) return {charset_utf32be(), nullptr};
    }
    // Without NULs (Chinese only) a few units could be anything.
    if ((zeros_ > 0 || units_ >= 4) && ascii_pairs_ * 2 <= units_) {
      const bool le = most(le_good_, units_) && le_good_ > be_good_;
      const bool be = most(be_good_, units_) && be_good_ > le_good_;
      const bool chinese = gb_.bad == 0 && gb_.frequent * 4 >= gb_.good && zeros_ == 0;
      if (le && !chinese) return {charset_utf16le(), nullptr};
      if (be && !chinese) return {charset_utf16be(), nullptr};
    }
  }
  if (utf8_.bad == 0) return {charset_utf8(), nullptr};

  // One byte in ten may be wrong: text goes on after a broken character, and stands in binary protocols.
  const auto fits = [](const Multi& m) { return m.good > 0 && m.bad * 10 <= m.good; };
  const bool mostly_utf8 = fits(utf8_);
  const bool gb = fits(gb_);
  const bool big5 = fits(big5_);
  if (mostly_utf8 && !(gb && gb_.bad == 0 && gb_.frequent > utf8_.good)) return {charset_utf8(), nullptr};
  if (gb && big5) {
    const bool gb_clean = gb_.bad == 0;
    const bool big5_clean = big5_.bad == 0;
    // Frequent characters tell: one reading has many of them, the other almost none.
    const auto clearly = [](const Multi& a, const Multi& b) {
      return a.frequent >= 4 && a.frequent >= 4 * b.frequent && a.frequent * 5 >= a.good;
    };
    if (gb_clean >= big5_clean && clearly(gb_, big5_)) return {charset_gb18030(), nullptr};
    if (big5_clean >= gb_clean && clearly(big5_, gb_)) return {charset_big5(), nullptr};
    if (big5_.frequent > gb_.frequent) return {charset_big5(), charset_gb18030()};
    return {charset_gb18030(), charset_big5()};
  }
  if (gb) return {charset_gb18030(), nullptr};
  if (big5) return {charset_big5(), nullptr};
  // Mostly ASCII with stray bytes is still text (Latin-1 names, a cut character).
  const uint32_t high = utf8_.bad + utf8_.good;
  if (high * 4 <= fed_ && (zeros_ + controls_) * 10 <= fed_) return {charset_utf8(), nullptr};
  return {charset_binary(), nullptr};
}

}  // namespace weir
