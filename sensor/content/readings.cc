#include "sensor/content/readings.h"

#include <algorithm>
#include <cstring>

#include "parsers/codec/escapes.h"
#include "parsers/codec/other_charset.h"
#include "parsers/codec/text_scan.h"

namespace weir {

namespace {

// Puts pieces of units behind each other, and makes one of those that go on.
class MapWriter {
 public:
  explicit MapWriter(OffsetMap* out) : out_(out) { out_->clear(); }
  void add(uint32_t text, uint64_t item, uint32_t text_unit, uint32_t item_unit, uint32_t units) {
    if (text_unit != text_unit_ || item_unit != item_unit_ || text != text_end_ || item != item_end_) {
      out_->append(text, item, text_unit, item_unit);
      text_unit_ = text_unit;
      item_unit_ = item_unit;
    }
    text_end_ = text + units * text_unit;
    item_end_ = item + uint64_t{units} * item_unit;
  }
  uint64_t item_end() const { return item_end_; }

 private:
  OffsetMap* out_;
  uint32_t text_unit_ = 0;
  uint32_t item_unit_ = 0;
  uint32_t text_end_ = 0;
  uint64_t item_end_ = 0;
};

// The map of a text that was made from `parent`'s text: positions there, through its map.
void compose(const MappedText& child, const OffsetMap& parent, OffsetMap* out) {
  MapWriter writer(out);
  const std::span<const OffsetMap::Piece> ways = parent.pieces();
  const std::vector<MapPiece>& pieces = child.pieces();
  size_t way = 0;  // the parent's piece that the current position lies in
  const auto item_of = [&](uint32_t at) {
    while (way + 1 < ways.size() && ways[way + 1].text <= at) ++way;
    const OffsetMap::Piece& w = ways[way];
    const uint32_t inside = at - w.text;
    return w.item + uint64_t{w.text_unit == 1 ? inside : inside / w.text_unit} * w.item_unit;
  };
  for (size_t i = 0; i < pieces.size(); ++i) {
    const MapPiece& p = pieces[i];
    const auto end = i + 1 < pieces.size() ? pieces[i + 1].text : static_cast<uint32_t>(child.text().size());
    uint32_t text = p.text;
    uint32_t src = p.src;
    while (text < end) {
      const uint64_t item = item_of(src);
      const OffsetMap::Piece& w = ways[way];
      const uint32_t src_room = way + 1 == ways.size() ? UINT32_MAX : ways[way + 1].text - src;
      if (p.text_unit == 1 && p.src_unit == 1) {
        // As it stands in the parent.
        const uint32_t n = std::min(end - text, src_room);
        writer.add(text, item, w.text_unit, w.item_unit, w.text_unit == 1 ? n : n / w.text_unit);
        text += n;
        src += n;
      } else if (w.text_unit == 1 && w.item_unit == 1 &&
                 (end - text) / p.text_unit * p.src_unit <= src_room) {
        // The parent's bytes are the item's.
        writer.add(text, item, p.text_unit, p.src_unit, (end - text) / p.text_unit);
        text = end;
      } else {
        const uint64_t next = item_of(src + p.src_unit);
        writer.add(text, item, p.text_unit, static_cast<uint32_t>(next - item), 1);
        text += p.text_unit;
        src += p.src_unit;
      }
    }
  }
  if (pieces.empty()) out->set_identity(item_of(0));
}

}  // namespace

void Readings::base(const Request& request, size_t index) {
  const Charset* charset = index == 0 ? charsets_.first : charsets_.second;
  if (charset == nullptr) charset = charset_utf8();
  Base& b = bases_[index];
  const bool known = index == 0 || request.charsets.second != nullptr || charset == request.last_second;
  const size_t skip = known ? std::min<size_t>(request.skip[index], request.bytes.size()) : 0;
  b.bytes = request.bytes.subspan(skip);
  b.begin = request.item_begin + skip;
  b.used = true;
  b.mapped = false;
  if (ascii_compatible(charset)) {
    b.scan = scan_text(b.bytes);
    const bool whole = b.scan.valid == b.bytes.size();
    const bool utf8 = charset == charset_utf8() && (whole || (b.scan.cut && !request.final));
    if (utf8 || (whole && b.scan.ascii)) {
      b.text = as_text(b.bytes.first(b.scan.valid));
      b.consumed = b.begin + b.scan.valid;
      return;
    }
  }
  b.mapped = true;
  b.converted.clear();
  const Conversion done = to_utf8(charset, b.bytes, request.final, &b.converted);
  b.text = b.converted.text();
  b.consumed = b.begin + done.consumed;
  b.faults = done.invalid;
  b.scan = scan_text(as_bytes(b.text));
}

void Readings::add(std::string_view text, bool derived) {
  texts_[count_] = Text{text, &maps_[count_], derived};
  ++count_;
}

// Puts `made`, undone from `from`, among the readings.
const Text* Readings::step(const MappedText& made, const Text& from) {
  compose(made, *from.map, &maps_[count_]);
  add(made.text(), true);
  return &texts_[count_ - 1];
}

void Readings::fold(const Text& from, bool final) {
  MappedText& out = derived_[count_];
  if (fold_forms(from.utf8, final, &out)) step(out, from);
}

// Escapes go in two rounds of \u, percent and entities, and a last \u. Each step that changes something is a
// reading of its own, because undoing an escape may eat digits that only looked like one. Forms are folded
// last.
void Readings::derive(const Request& request) {
  const bool final = request.final;
  const TextScan& scan = bases_[0].scan;
  const Text* base = &texts_[0];
  const Text* current = base;
  const auto unicode = [&] {
    if (!has_unicode_escape(current->utf8)) return;
    MappedText& out = derived_[count_];
    if (undo_unicode_escapes(current->utf8, final, &out)) current = step(out, *current);
  };
  const auto percent = [&](bool plus) {
    if (!has_percent(current->utf8, plus)) return;
    MappedText& out = derived_[count_];
    if (undo_percent(current->utf8, plus, final, &scratch_, &out)) current = step(out, *current);
  };
  const auto entities = [&] {
    if (!has_entity(current->utf8)) return;
    MappedText& out = derived_[count_];
    if (undo_entities(current->utf8, final, &out)) current = step(out, *current);
  };
  const bool plus = request.escapes == Escapes::kForm;
  if (scan.backslash) unicode();
  if (scan.percent || scan.backslash || (plus && scan.plus)) percent(plus);
  entities();
  if (current != base) {
    unicode();
    percent(false);
    entities();
    unicode();
    if (scan_text(as_bytes(current->utf8)).special) fold(*current, final);
  }
  if (scan.special) fold(*base, final);
}

// One round of each, for the readings beside the first.
void Readings::derive_once(const Text& from, const Request& request) {
  const TextScan scan = scan_text(as_bytes(from.utf8));
  const bool plus = request.escapes == Escapes::kForm;
  const Text* current = &from;
  if (scan.backslash && has_unicode_escape(from.utf8)) {
    MappedText& out = derived_[count_];
    if (undo_unicode_escapes(from.utf8, request.final, &out)) current = step(out, from);
  }
  if ((scan.percent || (plus && scan.plus)) && has_percent(current->utf8, plus)) {
    MappedText& out = derived_[count_];
    if (undo_percent(current->utf8, plus, request.final, &scratch_, &out)) current = step(out, *current);
  }
  if (has_entity(current->utf8)) {
    MappedText& out = derived_[count_];
    if (undo_entities(current->utf8, request.final, &out)) current = step(out, *current);
  }
  if (current == &from ? scan.special : scan_text(as_bytes(current->utf8)).special)
    fold(*current, request.final);
}

// Text of two or four bytes a character that no base reading takes for such.
void Readings::read_wide(const Request& request) {
  if (charsets_.first == nullptr) return;  // ASCII without zeros
  const Bytes bytes = request.bytes;
  if (bytes.empty() || std::memchr(bytes.data(), 0, bytes.size()) == nullptr) return;
  MappedText& out = derived_[count_];
  if (!wide_runs(bytes, request.item_begin, {charsets_.first, charsets_.second}, &out)) return;
  OffsetMap& map = maps_[count_];
  map.clear();
  for (const MapPiece& p : out.pieces()) {
    map.append(p.text, request.item_begin + p.src, p.text_unit, p.src_unit);
  }
  add(out.text(), true);
  derive_once(texts_[count_ - 1], request);
}

std::span<const Text> Readings::read(const Request& request, uint64_t* item_end) {
  count_ = 0;
  bases_[1].used = false;
  charsets_ = request.charsets;
  for (size_t i = 0; i < 2; ++i) {
    if (i == 1 && charsets_.second == nullptr && bases_[0].mapped) {
      const Charset* first = charsets_.first == nullptr ? charset_utf8() : charsets_.first;
      charsets_.second = other_charset(first, bases_[0].begin, bases_[0].bytes, bases_[0].faults);
    }
    if (i == 1 && charsets_.second == nullptr) break;
    // Plain ASCII is the same in both.
    if (i == 1 && !bases_[0].mapped && bases_[0].scan.ascii && ascii_compatible(charsets_.second)) break;
    base(request, i);
    Base& b = bases_[i];
    OffsetMap& map = maps_[count_];
    if (b.mapped) {
      map.clear();
      for (const MapPiece& p : b.converted.pieces()) {
        map.append(p.text, b.begin + p.src, p.text_unit, p.src_unit);
      }
      if (b.converted.pieces().empty()) map.set_identity(b.begin);
    } else {
      map.set_identity(b.begin);
    }
    add(b.text, i > 0);
  }
  *item_end = bases_[0].consumed;
  if (bases_[1].used) *item_end = std::min(*item_end, bases_[1].consumed);
  const bool two = count_ == 2;
  derive(request);
  // Escapes are ASCII: what is narrow in both was undone in the first.
  if (two && (is_wide(charsets_.first) || is_wide(charsets_.second))) {
    derive_once(texts_[1], request);
  } else if (two && bases_[1].scan.special) {
    fold(texts_[1], request.final);
  }
  read_wide(request);
  return {texts_.data(), count_};
}

uint64_t Readings::boundary(size_t charset, uint64_t offset) const {
  const Base& b = bases_[charset];
  if (!b.used || offset <= b.begin) return b.used ? b.begin : offset;
  if (offset >= b.consumed) return std::max(offset, b.consumed);
  if (!b.mapped) {
    size_t at = static_cast<size_t>(offset - b.begin);
    while (at < b.text.size() && (static_cast<uint8_t>(b.text[at]) & 0xc0) == 0x80) ++at;
    return b.begin + at;
  }
  // Pieces grow in the source too: the last one that begins at or before the offset.
  const auto src = static_cast<uint32_t>(offset - b.begin);
  const std::vector<MapPiece>& pieces = b.converted.pieces();
  const auto after = std::upper_bound(pieces.begin(), pieces.end(), src,
                                      [](uint32_t s, const MapPiece& p) { return s < p.src; });
  if (after == pieces.begin()) return b.begin;
  const MapPiece& p = *std::prev(after);
  const uint32_t inside = src - p.src;
  const uint32_t unit = std::max<uint32_t>(p.src_unit, 1);
  if (p.text_unit == 1 && p.src_unit == 1) {
    // Plain pieces of UTF-8 hold characters of several bytes.
    size_t at = p.text + inside;
    size_t skipped = 0;
    while (at + skipped < b.text.size() && (static_cast<uint8_t>(b.text[at + skipped]) & 0xc0) == 0x80)
      ++skipped;
    return offset + skipped;
  }
  return b.begin + p.src + (inside + unit - 1) / unit * unit;
}

size_t Readings::capacity() const {
  size_t n = scratch_.capacity();
  for (const Base& b : bases_) n += b.converted.capacity();
  for (const MappedText& t : derived_) n += t.capacity();
  return n;
}

}  // namespace weir
