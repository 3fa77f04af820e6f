// What bytes are written in (parsers/codec/charset.h): validity first, then frequency.
#include <algorithm>
#include <array>
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
    std::fill_n(previous_, 3, uint8_t{' '});
  }
  const Bytes sample = bytes.first(n);
  zeros_ += static_cast<uint32_t>(std::ranges::count(sample, uint8_t{0}));
  controls_ += static_cast<uint32_t>(std::ranges::count_if(
      sample, [](uint8_t b) { return b != 0 && b < 0x20 && b != '\t' && b != '\n' && b != '\r'; }));
  weigh_utf8(sample);
  weigh_gb(sample);
  weigh_big5(sample);
  weigh_wide(offset, sample);
  fed_ += static_cast<uint32_t>(n);
  return n;
}

// The machines work on copies of their state: the bytes that they read could be anything, the compiler
// thinks, also the state itself.
void CharsetDetector::weigh_utf8(Bytes sample) {
  Multi m = utf8_;
  uint8_t low = utf8_low_;
  uint8_t high = utf8_high_;
  for (const uint8_t b : sample) {
    if (m.state > 0) {
      if (b >= low && b <= high) {
        low = 0x80;
        high = 0xbf;
        if (--m.state == 0) ++m.good;
        continue;
      }
      ++m.bad;
      m.state = 0;
    }
    if (b < 0x80) continue;
    if (b < 0xc2 || b > 0xf4) {
      ++m.bad;
      continue;
    }
    m.state = b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
    low = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : 0x80;
    high = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : 0xbf;
  }
  utf8_ = m;
  utf8_low_ = low;
  utf8_high_ = high;
}

// States: 0 between characters, 1 after a lead, 2 after lead and digit, 3 after lead, digit and third.
void CharsetDetector::weigh_gb(Bytes sample) {
  const CharsetTables& t = charset_gb18030()->tables();
  const uint32_t* pairs = t.pairs.data();
  Multi m = gb_;
  for (const uint8_t b : sample) {
    const bool digit = b >= 0x30 && b <= 0x39;
    const bool lead = b >= 0x81 && b <= 0xfe;
    if (m.state == 1) {
      const size_t pair = size_t{m.lead & 0x7fu} * 256 + b;
      if (pairs[pair] != 0) {
        ++m.good;
        m.frequent += t.frequent->test(pair);
        m.state = 0;
        continue;
      }
      if (digit) {
        m.state = 2;
        continue;
      }
      ++m.bad;
    } else if (m.state == 2) {
      if (lead) {
        m.state = 3;
        continue;
      }
      ++m.bad;
    } else if (m.state == 3) {
      if (digit) {
        ++m.good;
        m.state = 0;
        continue;
      }
      m.bad += 2;
    }
    m.state = lead ? 1 : 0;
    m.lead = b;
    m.bad += b >= 0x80 && !lead;
  }
  gb_ = m;
}

void CharsetDetector::weigh_big5(Bytes sample) {
  const CharsetTables& t = charset_big5()->tables();
  const uint32_t* pairs = t.pairs.data();
  Multi m = big5_;
  for (const uint8_t b : sample) {
    if (m.state == 1) {
      m.state = 0;
      const size_t pair = size_t{m.lead & 0x7fu} * 256 + b;
      if (pairs[pair] != 0) {
        ++m.good;
        m.frequent += t.frequent->test(pair);
        continue;
      }
      ++m.bad;
    }
    if (b < 0x80) continue;
    const bool lead = t.lead[b];
    m.state = lead ? 1 : 0;
    m.lead = b;
    m.bad += !lead;
  }
  big5_ = m;
}

// Characters that Chinese and Western text is made of. The two bytes of such a unit the other way round
// are mostly none.
bool CharsetDetector::plausible_unit(uint32_t unit) {
  if (unit < 0x80) return (unit >= 0x20 && unit < 0x7f) || unit == '\t' || unit == '\n' || unit == '\r';
  return (unit >= 0xa0 && unit < 0x180) || (unit >= 0x2010 && unit < 0x2040) ||
         (unit >= 0x3000 && unit < 0x3100) || (unit >= 0x4e00 && unit < 0xa000) ||
         (unit >= 0xff00 && unit < 0xfff0) || unit == 0xfeff;
}

void CharsetDetector::weigh_wide(uint64_t offset, Bytes sample) {
  std::array<uint8_t, 4> quad = {previous_[0], previous_[1], previous_[2], 0};
  uint32_t units = 0, le = 0, be = 0, ascii = 0, quads = 0, le32 = 0, be32 = 0;
  for (size_t i = 0; i < sample.size(); ++i) {
    const size_t at = (offset + i) % 4;
    const uint8_t b = sample[i];
    quad[at] = b;
    if (at % 2 == 0) continue;
    const uint32_t before = quad[at - 1];
    ++units;
    le += plausible_unit(uint32_t{b} << 8 | before);
    be += plausible_unit(before << 8 | b);
    ascii += before >= 0x20 && before < 0x7f && b >= 0x20 && b < 0x7f;
    if (at == 1) continue;
    const uint32_t little = read_le32(quad.data());
    const uint32_t big = read_be32(quad.data());
    ++quads;
    le32 += little < 0x10000 && plausible_unit(little);
    be32 += big < 0x10000 && plausible_unit(big);
  }
  std::copy_n(quad.begin(), 3, previous_);
  units_ += units;
  le_good_ += le;
  be_good_ += be;
  ascii_pairs_ += ascii;
  quads_ += quads;
  le32_good_ += le32;
  be32_good_ += be32;
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
