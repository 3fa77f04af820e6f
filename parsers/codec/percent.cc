// Percent escapes (parsers/codec/escapes.h): first to bytes, then the bytes to characters.
#include <algorithm>
#include <cstring>

#include "parsers/codec/charset.h"
#include "parsers/codec/escape_parts.h"
#include "parsers/codec/escapes.h"
#include "parsers/codec/text_scan.h"

namespace weir {

namespace {

constexpr uint16_t kEscape = 3;  // characters of "%41"

// Writes `text` with its escapes undone, one byte for each. True when anything changed; *high tells
// whether an escape stood for a byte over 0x7f.
bool to_bytes(std::string_view text, bool plus, bool final, bool* high, MappedText* out) {
  bool changed = false;
  size_t plain = 0;  // text from here to i is yet to be copied
  size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '+' && plus) {
      copy_plain(text, plain, i, out);
      out->map(static_cast<uint32_t>(i), 1, 1, 1);
      *out->end() = ' ';
      out->wrote(1);
      changed = true;
      plain = ++i;
      continue;
    }
    if (c != '%') {
      if (plus) {
        ++i;
      } else {
        const void* next = std::memchr(text.data() + i, '%', text.size() - i);
        i = next == nullptr ? text.size() : static_cast<size_t>(static_cast<const char*>(next) - text.data());
      }
      continue;
    }
    const int high_digit = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low_digit = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high_digit < 0 || low_digit < 0) {
      if (!final && begins_escape(text.substr(i), "%", kEscape)) break;
      ++i;
      continue;
    }
    copy_plain(text, plain, i, out);
    out->map(static_cast<uint32_t>(i), 1, kEscape, 1);
    const auto byte = static_cast<uint8_t>(high_digit * 16 + low_digit);
    *high |= byte >= 0x80;
    *out->end() = static_cast<char>(byte);
    out->wrote(1);
    changed = true;
    i += kEscape;
    plain = i;
  }
  copy_plain(text, plain, i, out);
  return changed;
}

// Turns the bytes behind a text's escapes into characters. One block of escapes after the other, with the
// plain text between.
class EscapedBlocks {
 public:
  EscapedBlocks(const MappedText& raw, bool final, MappedText* out)
      : raw_(raw),
        p_(reinterpret_cast<const uint8_t*>(raw.text().data())),
        size_(raw.text().size()),
        final_(final),
        out_(out) {}

  void run() {
    const std::vector<MapPiece>& pieces = raw_.pieces();
    size_t done = 0;  // bytes of raw that are written; a character may reach into the next piece
    for (size_t k = 0; k < pieces.size(); ++k) {
      const size_t end = k + 1 < pieces.size() ? pieces[k + 1].text : size_;
      const size_t begin = std::max<size_t>(done, pieces[k].text);
      if (begin >= end) continue;
      src_ = pieces[k].src;
      raw_begin_ = pieces[k].text;
      raw_end_ = end;
      if (pieces[k].src_unit != kEscape) {
        out_->map(static_cast<uint32_t>(src_ + (begin - raw_begin_)), 1, 1, end - begin);
        std::memcpy(out_->end(), p_ + begin, end - begin);
        out_->wrote(end - begin);
        done = end;
        continue;
      }
      done = block(begin);
      if (done < end) return;  // the end of the text cuts a character
    }
  }

 private:
  // Position in the text of byte `at`, in this block or in the plain text right behind it.
  size_t source(size_t at) const {
    const size_t inside = std::min(at, raw_end_) - raw_begin_;
    return src_ + inside * kEscape + (at > raw_end_ ? at - raw_end_ : 0);
  }
  void character(size_t at, size_t length, uint32_t cp) {
    put_character(cp, source(at), source(at + length) - source(at), out_);
  }

  // Writes the block from `i` on; returns where it stopped.
  size_t block(size_t i) {
    while (i < raw_end_) {
      if (p_[i] < 0x80) {
        character(i, 1, p_[i]);
        ++i;
        continue;
      }
      size_t end = i;
      while (end < raw_end_ && p_[end] >= 0x80) ++end;
      const bool open = end == size_ && !final_;
      const TextScan scan = scan_text(Bytes(p_ + i, end - i));
      if (scan.valid == end - i || (scan.cut && open)) {
        utf8(i, i + scan.valid);
        if (scan.valid < end - i) return i + scan.valid;
        i = end;
        continue;
      }
      size_t gb_end = i;
      bool cut = false;
      if (gb_run(i, end, &gb_end, &cut)) {
        gb(i, gb_end);
        if (cut) return gb_end;
        i = gb_end;
        continue;
      }
      i = mixed(i, end, open);
      if (i < end) return i;
    }
    return i;
  }

  void utf8(size_t i, size_t end) {
    while (i < end) {
      size_t length;
      const uint32_t cp = utf8_at(p_ + i, &length);
      character(i, length, cp);
      i += length;
    }
  }

  // Are the high bytes from i to `end` GB18030, perhaps with an ASCII trail behind them? *gb_end: where its
  // last whole character ends; *cut: a character that the text's end cuts follows.
  bool gb_run(size_t i, size_t end, size_t* gb_end, bool* cut) {
    size_t at = i;
    while (at < end) {
      size_t length = 2;
      if (at + 1 < size_ && p_[at + 1] >= 0x30 && p_[at + 1] <= 0x39) length = 4;
      if (at + length > size_ || (length == 4 && at + length > raw_end_)) {
        if (at + length <= size_ || final_) return false;
        *cut = true;
        break;
      }
      // The trail may be plain text, but not a character of it.
      if (at + 1 >= raw_end_ && p_[at + 1] >= 0x80) return false;
      if (gb_character(at, length) == kReplacement) return false;
      at += length;
    }
    *gb_end = at;
    return at > i || *cut;
  }
  uint32_t gb_character(size_t at, size_t length) const { return gb18030_character(Bytes(p_ + at, length)); }
  void gb(size_t i, size_t end) {
    while (i < end) {
      const size_t length = p_[i + 1] >= 0x30 && p_[i + 1] <= 0x39 ? 4 : 2;
      character(i, length, gb_character(i, length));
      i += length;
    }
  }
  // Neither: what is UTF-8 as such, else U+FFFD.
  size_t mixed(size_t i, size_t end, bool open) {
    while (i < end) {
      size_t subpart;
      bool cut;
      size_t length = utf8_length(p_ + i, end - i, &subpart, &cut);
      if (length == 0 && cut && open) return i;
      uint32_t cp = kReplacement;
      if (length > 0) {
        cp = utf8_at(p_ + i, &length);
      } else {
        length = subpart;
      }
      character(i, length, cp);
      i += length;
    }
    return i;
  }

  const MappedText& raw_;
  const uint8_t* p_;
  size_t size_;
  bool final_;
  MappedText* out_;
  // The block: its bytes in raw, and where it begins in the text.
  size_t src_ = 0;
  size_t raw_begin_ = 0;
  size_t raw_end_ = 0;
};

}  // namespace

bool has_percent(std::string_view text, bool plus) {
  if (plus && text.find('+') != std::string_view::npos) return true;
  for (size_t i = 0; i + kEscape <= text.size(); ++i) {
    const void* next = std::memchr(text.data() + i, '%', text.size() - i);
    if (next == nullptr) return false;
    i = static_cast<size_t>(static_cast<const char*>(next) - text.data());
    if (i + kEscape <= text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) return true;
  }
  return false;
}

bool undo_percent(std::string_view text, bool plus, bool final, MappedText* scratch, MappedText* out) {
  scratch->clear();
  scratch->reserve(text.size());
  out->clear();
  bool high = false;
  const bool changed = to_bytes(text, plus, final, &high, scratch);
  if (!high) {
    std::swap(*scratch, *out);
    return changed;
  }
  out->reserve(text.size() + 16);
  EscapedBlocks(*scratch, final, out).run();
  return changed;
}

}  // namespace weir
