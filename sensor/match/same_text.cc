#include "sensor/match/same_text.h"

#include <algorithm>

#include "sensor/match/characters.h"
#include "sensor/match/context.h"
#include "signatures/compiler/shape_parser.h"

namespace weir {

namespace {

// What judging looks at on each side, and some characters for the edges of words.
constexpr size_t kSide = std::max(kContextBack, kContextOn) + 8;
// Shorter stretches have no inside.
constexpr size_t kShortest = 2 * (kSide + kMaxValueBytes);

void add(size_t begin, size_t end, std::vector<Stretch>* out) {
  if (begin < end) out->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
}

}  // namespace

void SameText::clear() {
  values_.clear();
  anchors_.clear();
  words_.clear();
}

void SameText::compare(const Text& plain, const Text& derived, size_t lead_in) {
  clear();
  if (!plain.map->is_identity()) return;
  const uint64_t begin = plain.map->pieces()[0].item;
  const std::string_view text = derived.utf8;
  const auto pieces = derived.map->pieces();
  for (size_t i = 0; i < pieces.size(); ++i) {
    const OffsetMap::Piece& piece = pieces[i];
    const size_t end =
        std::min<size_t>(i + 1 < pieces.size() ? pieces[i + 1].text : text.size(), text.size());
    if (piece.text_unit != 1 || piece.item_unit != 1 || end < piece.text + kShortest) continue;
    if (piece.item < begin || piece.item - begin > plain.utf8.size()) continue;
    const std::string_view here = text.substr(piece.text, end - piece.text);
    if (plain.utf8.substr(piece.item - begin, here.size()) != here) continue;
    const size_t first = step_on(text, piece.text, kSide), last = step_back(text, end, kSide, piece.text);
    add(first, last, &values_);
    if (last < first + kMaxValueBytes + lead_in) continue;
    add(first + lead_in, last - kMaxValueBytes, &anchors_);
    // A value that is not covered begins before `first` or ends after `last`; its context goes on from there.
    // The words' places are where a character begins.
    const size_t after = step_on(text, first + kMaxValueBytes, kSide);
    const size_t before = step_back(text, last - kMaxValueBytes, kSide, piece.text);
    if (after < before) add(after, before, &words_);
  }
}

bool SameText::covers(size_t begin, size_t end) const {
  const auto at = std::ranges::upper_bound(values_, begin, {}, &Stretch::begin);
  return at != values_.begin() && std::prev(at)->end >= end;
}

}  // namespace weir
