// Bytes to UTF-8 with a map (parsers/codec/charset.h).
#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "parsers/codec/charset.h"
#include "parsers/codec/charset_tables.h"
#include "parsers/codec/text_scan.h"

namespace weir {

namespace {

// Writes text behind room that was reserved for the worst case: three bytes for each byte of the source,
// and a vector more.
class Writer {
 public:
  Writer(size_t source_size, MappedText* out) : out_(out) { out_->reserve(source_size * 3 + 24); }
  void code_point(uint32_t src, uint32_t cp, uint16_t src_unit) {
    const size_t n = put_utf8(out_->end(), cp);
    wrote(src, static_cast<uint16_t>(n), src_unit, 1);
  }
  void entry(uint32_t src, uint32_t entry, uint16_t src_unit) {
    if ((entry & kBeyond) != 0) {
      code_point(src, entry & ~kBeyond, src_unit);
      return;
    }
    std::memcpy(out_->end(), &entry, 4);
    wrote(src, static_cast<uint16_t>(entry >> 24), src_unit, 1);
  }
  void replacement(uint32_t src, uint16_t src_unit) {
    code_point(src, kReplacement, src_unit);
    ++invalid_;
  }
  // `n` bytes that are UTF-8 as they are.
  void plain(uint32_t src, const uint8_t* p, size_t n) {
    std::memcpy(out_->end(), p, n);
    wrote(src, 1, 1, n);
  }
  // ASCII from `p` on. Returns its length.
  size_t ascii(uint32_t src, const uint8_t* p, size_t n) {
    char* to = out_->end();
    size_t i = 0;
    while (i + 16 <= n) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), v);
      const auto mask = static_cast<unsigned>(_mm_movemask_epi8(v));
      if (mask != 0) {
        i += static_cast<size_t>(std::countr_zero(mask));
        wrote(src, 1, 1, i);
        return i;
      }
      i += 16;
    }
    for (; i < n && p[i] < 0x80; ++i) to[i] = static_cast<char>(p[i]);
    wrote(src, 1, 1, i);
    return i;
  }
  // Two-byte characters from `p` on, by their table, as long as each is three bytes of UTF-8. Returns the
  // bytes used.
  size_t pairs(uint32_t src, const uint32_t* table, const uint8_t* p, size_t n) {
    char* to = out_->end();
    size_t i = 0;
    size_t made = 0;
    while (i + 2 <= n && p[i] >= 0x81) {
      const uint32_t entry = table[size_t{p[i] & 0x7fu} * 256 + p[i + 1]];
      if (entry >> 24 != 3) break;
      std::memcpy(to + made, &entry, 4);
      made += 3;
      i += 2;
    }
    if (i > 0) wrote(src, 3, 2, i / 2);
    return i;
  }
  uint32_t invalid() const { return invalid_; }

 private:
  void wrote(uint32_t src, uint16_t text_unit, uint16_t src_unit, size_t units) {
    out_->map(src, text_unit, src_unit, units);
    out_->wrote(units * text_unit);
  }

  MappedText* out_;
  uint32_t invalid_ = 0;
};

Conversion from_utf8(Bytes src, bool final, MappedText* out) {
  Writer writer(src.size(), out);
  size_t i = 0;
  while (i < src.size()) {
    const TextScan scan = scan_text(src.subspan(i));
    if (scan.valid > 0) writer.plain(static_cast<uint32_t>(i), src.data() + i, scan.valid);
    i += scan.valid;
    if (i == src.size()) break;
    if (scan.cut && !final) break;
    size_t subpart;
    bool cut;
    utf8_length(src.data() + i, src.size() - i, &subpart, &cut);
    writer.replacement(static_cast<uint32_t>(i), static_cast<uint16_t>(subpart));
    i += subpart;
  }
  return {i, writer.invalid()};
}

Conversion from_single(const CharsetTables& t, Bytes src, MappedText* out) {
  Writer writer(src.size(), out);
  size_t i = 0;
  while (i < src.size()) {
    const auto at = static_cast<uint32_t>(i);
    if (src[i] < 0x80) {
      i += writer.ascii(at, src.data() + i, src.size() - i);
      continue;
    }
    const uint32_t entry = t.single[src[i]];
    if (entry != 0) {
      writer.entry(at, entry, 1);
    } else {
      writer.replacement(at, 1);
    }
    ++i;
  }
  return {i, writer.invalid()};
}

// GB18030 four-byte code at `p`: the code point, or 0.
uint32_t gb_quad(const CharsetTables& t, const uint8_t* p) {
  const uint32_t linear = gb_linear(p[0], p[1], p[2], p[3]);
  if (linear < t.quads.size()) return t.quads[linear];
  if (linear >= kGbQuadsBeyond && linear - kGbQuadsBeyond <= 0xfffff)
    return linear - kGbQuadsBeyond + 0x10000;
  return 0;
}

Conversion from_multi(const Charset& charset, Bytes src, bool final, MappedText* out) {
  const CharsetTables& t = charset.tables();
  const bool gb = charset.kind() == CharsetKind::kGb18030;
  Writer writer(src.size(), out);
  const uint8_t* p = src.data();
  const uint32_t* pairs = t.pairs.data();
  const size_t n = src.size();
  size_t i = 0;
  while (i < n) {
    const auto at = static_cast<uint32_t>(i);
    const uint8_t b = p[i];
    if (b < 0x80) {
      i += writer.ascii(at, p + i, n - i);
      continue;
    }
    if (!t.lead[b]) {
      if (t.single[b] != 0) {
        writer.entry(at, t.single[b], 1);
      } else {
        writer.replacement(at, 1);
      }
      ++i;
      continue;
    }
    if (i + 1 == n) {
      if (!final) break;
      writer.replacement(at, 1);
      ++i;
      continue;
    }
    // A run of characters that are three bytes of UTF-8: all but a few Han.
    if (const size_t run = writer.pairs(at, pairs, p + i, n - i); run > 0) {
      i += run;
      continue;
    }
    const uint8_t trail = p[i + 1];
    if (const uint32_t entry = t.pairs[size_t{b & 0x7fu} * 256 + trail]; entry != 0) {
      writer.entry(at, entry, 2);
      i += 2;
      continue;
    }
    if (gb && trail >= 0x30 && trail <= 0x39) {
      const bool third = i + 2 < n && p[i + 2] >= 0x81 && p[i + 2] <= 0xfe;
      const bool fourth = i + 3 < n && p[i + 3] >= 0x30 && p[i + 3] <= 0x39;
      if (!final && (i + 2 == n || (third && i + 3 == n))) break;
      if (third && fourth) {
        if (const uint32_t cp = gb_quad(t, p + i); cp != 0) {
          writer.code_point(at, cp, 4);
        } else {
          writer.replacement(at, 4);
        }
        i += 4;
        continue;
      }
    } else if (charset.has_triples() && b == 0x8f && trail >= 0xa1 && trail <= 0xfe) {
      if (i + 2 == n && !final) break;
      if (i + 2 < n && p[i + 2] >= 0xa1 && p[i + 2] <= 0xfe) {
        const uint16_t cp = t.quads[size_t{trail - 0xa1u} * 94 + (p[i + 2] - 0xa1u)];
        if (cp != 0) {
          writer.code_point(at, cp, 3);
        } else {
          writer.replacement(at, 3);
        }
        i += 3;
        continue;
      }
    }
    // The fault is the lead's; an ASCII byte after it stands for itself.
    const uint16_t bad = trail < 0x80 || t.lead[trail] ? 1 : 2;
    writer.replacement(at, bad);
    i += bad;
  }
  return {i, writer.invalid()};
}

Conversion from_utf16(bool big, Bytes src, bool final, MappedText* out) {
  Writer writer(src.size(), out);
  const uint8_t* p = src.data();
  const size_t n = src.size();
  const auto unit_at = [p, big](size_t i) { return uint32_t{big ? read_be16(p + i) : read_le16(p + i)}; };
  size_t i = 0;
  while (i + 2 <= n) {
    const auto at = static_cast<uint32_t>(i);
    const uint32_t unit = unit_at(i);
    if ((unit & 0xf800) != 0xd800) {
      writer.code_point(at, unit, 2);
      i += 2;
      continue;
    }
    if ((unit & 0x0400) == 0) {
      if (i + 4 > n && !final) break;
      if (i + 4 <= n && (unit_at(i + 2) & 0xfc00) == 0xdc00) {
        writer.code_point(at, 0x10000 + ((unit & 0x3ff) << 10) + (unit_at(i + 2) & 0x3ff), 4);
        i += 4;
        continue;
      }
    }
    writer.replacement(at, 2);
    i += 2;
  }
  if (final && i < n) {
    writer.replacement(static_cast<uint32_t>(i), static_cast<uint16_t>(n - i));
    i = n;
  }
  return {i, writer.invalid()};
}

Conversion from_utf32(bool big, Bytes src, bool final, MappedText* out) {
  Writer writer(src.size(), out);
  const uint8_t* p = src.data();
  size_t i = 0;
  for (; i + 4 <= src.size(); i += 4) {
    const uint32_t cp = big ? read_be32(p + i) : read_le32(p + i);
    if (cp < 0x110000 && (cp & 0xfffff800) != 0xd800) {
      writer.code_point(static_cast<uint32_t>(i), cp, 4);
    } else {
      writer.replacement(static_cast<uint32_t>(i), 4);
    }
  }
  if (final && i < src.size()) {
    writer.replacement(static_cast<uint32_t>(i), static_cast<uint16_t>(src.size() - i));
    i = src.size();
  }
  return {i, writer.invalid()};
}

}  // namespace

uint32_t gb18030_character(Bytes bytes) {
  const CharsetTables& t = charset_gb18030()->tables();
  const uint8_t* p = bytes.data();
  if (bytes.size() < 2 || !t.lead[p[0]]) return kReplacement;
  if (bytes.size() == 4) {
    const auto digit = [](uint8_t b) { return b >= 0x30 && b <= 0x39; };
    if (!digit(p[1]) || p[2] < 0x81 || p[2] > 0xfe || !digit(p[3])) return kReplacement;
    const uint32_t cp = gb_quad(t, p);
    return cp != 0 ? cp : kReplacement;
  }
  const uint32_t entry = bytes.size() == 2 ? t.pairs[size_t{p[0] & 0x7fu} * 256 + p[1]] : 0;
  if (entry == 0) return kReplacement;
  if ((entry & kBeyond) != 0) return entry & ~kBeyond;
  uint8_t utf8[4];
  std::memcpy(utf8, &entry, 4);
  size_t length;
  return utf8_at(utf8, &length);
}

Conversion to_utf8(const Charset* charset, Bytes src, bool final, MappedText* out) {
  switch (charset->kind()) {
    case CharsetKind::kUtf8:
      return from_utf8(src, final, out);
    case CharsetKind::kUtf16Le:
    case CharsetKind::kUtf16Be:
      return from_utf16(charset->kind() == CharsetKind::kUtf16Be, src, final, out);
    case CharsetKind::kUtf32Le:
    case CharsetKind::kUtf32Be:
      return from_utf32(charset->kind() == CharsetKind::kUtf32Be, src, final, out);
    case CharsetKind::kSingle:
      return from_single(charset->tables(), src, out);
    case CharsetKind::kDouble:
    case CharsetKind::kGb18030:
      return from_multi(*charset, src, final, out);
    case CharsetKind::kBinary:
      break;
  }
  out->reserve(src.size());
  out->map(0, 1, 1, src.size());
  copy_as_ascii(out->end(), src.data(), src.size());
  out->wrote(src.size());
  return {src.size(), 0};
}

}  // namespace weir
