#include "sensor/match/same_text.h"

#include <algorithm>

#include "sensor/match/characters.h"
#include "sensor/match/context.h"
#include "signatures/compiler/shape_parser.h"

namespace weir {

namespace {

// What judging looks at on each side, and some characters for the edges of words.
constexpr size_t kSide = std::max(kContextBack, kContextOn) + 8;
// Bytes on either side in which a word may end or begin that is near; no word is longer than that.
constexpr uint32_t kWordReach = 4 * kSide;
// Shorter stretches have no inside.
constexpr size_t kShortest = 2 * (kSide + kMaxValueBytes);

void add(size_t begin, size_t end, std::vector<Stretch>* out) {
  if (begin < end) out->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
}

}  // namespace

void SameText::clear() {
  equal_.clear();
  values_.clear();
  anchors_.clear();
  words_.clear();
}

// Both maps are walked together. A charset's units may be any, as long as they are the same in both.
void SameText::find_equal(const Text& plain, const Text& derived) {
  const auto from = plain.map->pieces(), to = derived.map->pieces();
  const auto end_of = [](std::span<const OffsetMap::Piece> pieces, size_t i, std::string_view text) {
    return std::min<size_t>(i + 1 < pieces.size() ? pieces[i + 1].text : text.size(), text.size());
  };
  size_t at = 0;
  for (size_t i = 0; i < to.size() && !from.empty(); ++i) {
    const OffsetMap::Piece& piece = to[i];
    const size_t end = end_of(to, i, derived.utf8);
    if (piece.item_unit == 0) continue;
    for (size_t text = piece.text; text < end;) {
      const uint64_t item = piece.item + uint64_t{(text - piece.text) / piece.text_unit} * piece.item_unit;
      while (at + 1 < from.size() && from[at + 1].item <= item) ++at;
      const OffsetMap::Piece& source = from[at];
      if (source.item > item || source.text_unit != piece.text_unit || source.item_unit != piece.item_unit ||
          (item - source.item) % source.item_unit != 0) {
        break;
      }
      const size_t begin =
          source.text + static_cast<size_t>((item - source.item) / source.item_unit) * source.text_unit;
      const size_t source_end = end_of(from, at, plain.utf8);
      if (begin >= source_end) break;
      const size_t n = std::min(end - text, source_end - begin);
      if (plain.utf8.substr(begin, n) != derived.utf8.substr(text, n)) break;
      Equal* last = equal_.empty() ? nullptr : &equal_.back();
      if (last != nullptr && last->plain + last->size == begin && last->derived + last->size == text) {
        last->size += static_cast<uint32_t>(n);
      } else {
        equal_.push_back(
            {static_cast<uint32_t>(begin), static_cast<uint32_t>(text), static_cast<uint32_t>(n)});
      }
      text += n;
    }
  }
}

void SameText::compare(const Text& plain, const Text& derived, size_t lead_in) {
  clear();
  find_equal(plain, derived);
  const std::string_view text = derived.utf8;
  for (const Equal& part : equal_) {
    if (part.size < kShortest) continue;
    const size_t begin = part.derived, end = begin + part.size;
    const size_t first = step_on(text, begin, kSide), last = step_back(text, end, kSide, begin);
    add(first, last, &values_);
    if (last < first + kMaxValueBytes + lead_in) continue;
    add(first + lead_in, last - kMaxValueBytes, &anchors_);
    // A value that is not covered begins before `first` or ends after `last`; its context goes on from there.
    // The words' places are where a character begins.
    const size_t after = step_on(text, first + kMaxValueBytes, kSide);
    const size_t before = step_back(text, last - kMaxValueBytes, kSide, begin);
    if (after < before) add(after, before, &words_);
  }
}

bool SameText::covers(size_t begin, size_t end) const {
  const auto at = std::ranges::upper_bound(values_, begin, {}, &Stretch::begin);
  return at != values_.begin() && std::prev(at)->end >= end;
}

void SettledStarts::clear() {
  for (std::vector<Start>& starts : starts_) starts.clear();
}

void SettledStarts::add(AnchorKind kind, std::string_view plain, size_t begin, bool bare) {
  // What a letter or a star in front means, more bytes before it say.
  if (begin == 0 || is_letter(plain[begin - 1])) return;
  size_t reach = begin;
  for (const ShapeAutomaton& automaton : shapes_.automata(kind)) {
    uint32_t state = ShapeAutomaton::kStart;
    for (size_t pos = begin; pos < plain.size(); ++pos) {
      state = automaton.step(state, static_cast<uint8_t>(plain[pos]));
      reach = std::max(reach, pos);
      if (state == ShapeAutomaton::kDead) break;
    }
  }
  // What decides: the byte before, and all up to the one that ends the walk; of stars, how many there are.
  if (reach + 1 == plain.size() ||
      plain.substr(begin - 1, reach + 2 - begin).find('*') != std::string_view::npos) {
    return;
  }
  starts_[static_cast<size_t>(kind)].push_back(
      {static_cast<uint32_t>(begin - 1), static_cast<uint32_t>(reach + 1), bare});
}

const SettledPlaces& SettledStarts::find_in(const SameText& same, std::span<const WordHit> words) {
  for (size_t kind = 0; kind < starts_.size(); ++kind) {
    places_[kind].clear();
    std::span<const SameText::Equal> parts = same.equal();
    std::span<const WordHit> ahead = words;
    for (const Start& start : starts_[kind]) {
      while (!parts.empty() && parts.front().plain + parts.front().size <= start.begin)
        parts = parts.subspan(1);
      if (parts.empty()) break;
      const SameText::Equal& part = parts.front();
      if (part.plain > start.begin || part.plain + part.size < start.end) continue;
      const uint32_t place = part.derived + (start.begin - part.plain) + 1;
      if (start.bare) {
        while (!ahead.empty() && ahead.front().end + kWordReach < place) ahead = ahead.subspan(1);
        if (!ahead.empty() && ahead.front().end < place + (start.end - start.begin) + 2 * kWordReach)
          continue;
      }
      places_[kind].push_back(place);
    }
  }
  return places_;
}

}  // namespace weir
