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

// Writes text behind room that was reserved for the worst case: three bytes for each byte of the source
// and a character more.
class Writer {
 public:
  Writer(size_t source_size, MappedText* out) : out_(out) { out_->reserve(source_size * 3 + 8); }
  void code_point(uint32_t src, uint32_t cp, uint16_t src_unit) {
    char utf8[4];
    const size_t n = put_utf8(utf8, cp);
    unit(src, static_cast<uint16_t>(n), src_unit);
    std::memcpy(out_->end(), utf8, n);
    out_->wrote(n);
  }
  void entry(uint32_t src, uint32_t entry, uint16_t src_unit) {
    if ((entry & kBeyond) != 0) {
      code_point(src, entry & ~kBeyond, src_unit);
      return;
    }
    const auto n = static_cast<uint16_t>(entry >> 24);
    unit(src, n, src_unit);
    std::memcpy(out_->end(), &entry, 4);
    out_->wrote(n);
  }
  void replacement(uint32_t src, uint16_t src_unit) {
    code_point(src, kReplacement, src_unit);
    ++invalid_;
  }
  // `n` ASCII bytes as they are.
  void ascii(uint32_t src, const uint8_t* p, size_t n) {
    unit(src, 1, 1);
    std::memcpy(out_->end(), p, n);
    out_->wrote(n);
  }
  uint32_t invalid() const { return invalid_; }

 private:
  // The source is walked without holes: a piece begins only where the units change.
  void unit(uint32_t src, uint16_t text_unit, uint16_t src_unit) {
    if (text_unit == text_unit_ && src_unit == src_unit_) return;
    text_unit_ = text_unit;
    src_unit_ = src_unit;
    out_->piece(src, text_unit, src_unit);
  }

  MappedText* out_;
  uint32_t invalid_ = 0;
  uint16_t text_unit_ = 0;
  uint16_t src_unit_ = 0;
};

// Length of the ASCII run at `p`.
inline size_t ascii_length(const uint8_t* p, size_t n) {
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(v));
    if (mask != 0) return i + static_cast<size_t>(std::countr_zero(mask));
  }
  while (i < n && p[i] < 0x80) ++i;
  return i;
}

Conversion from_utf8(Bytes src, bool final, MappedText* out) {
  Writer writer(src.size(), out);
  size_t i = 0;
  while (i < src.size()) {
    const TextScan scan = scan_text(src.subspan(i));
    if (scan.valid > 0) writer.ascii(static_cast<uint32_t>(i), src.data() + i, scan.valid);
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
      const size_t n = ascii_length(src.data() + i, src.size() - i);
      writer.ascii(at, src.data() + i, n);
      i += n;
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
  const size_t n = src.size();
  size_t i = 0;
  while (i < n) {
    const auto at = static_cast<uint32_t>(i);
    const uint8_t b = p[i];
    if (b < 0x80) {
      const size_t run = ascii_length(p + i, n - i);
      writer.ascii(at, p + i, run);
      i += run;
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
  out->piece(0, 1, 1);
  copy_as_ascii(out->end(), src.data(), src.size());
  out->wrote(src.size());
  return {src.size(), 0};
}

}  // namespace weir
