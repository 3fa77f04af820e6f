// The readings of one window: plain text first, then what a second charset, escapes and other digits give.
//
// One a worker; ItemText calls read() for each window and boundary() afterwards. Owns the text of all
// readings but those that are the bytes themselves; everything is valid until the next read(). Does not
// allocate once its buffers have grown to the window's size.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "parsers/api/item.h"
#include "parsers/codec/charset.h"
#include "parsers/codec/mapped_text.h"
#include "parsers/codec/text_scan.h"
#include "sensor/base/text.h"

namespace weir {

// What bytes are read as. `first` null: only ASCII is known of them.
struct CharsetPair {
  const Charset* first = nullptr;
  const Charset* second = nullptr;
};

class Readings {
 public:
  // Two base readings; from the first seven of escapes (two rounds of \u, percent and entities, and a last
  // \u) and two of other forms; wide text in other bytes; from the second and the wide one three of escapes
  // and one of other forms.
  static constexpr size_t kMost = 20;

  struct Request {
    Bytes bytes;              // outlive the readings
    uint64_t item_begin = 0;  // item offset of bytes[0]
    bool final = false;       // the run ends here: nothing is held back
    CharsetPair charsets;
    // Bytes before each charset's first whole character; where there is no second one, those of
    // `last_second`, if it is found again.
    std::array<uint32_t, 2> skip{};
    const Charset* last_second = nullptr;
    Escapes escapes = Escapes::kAny;
  };
  // Returns the readings, at least one. *item_end: item offset up to which every base reading goes; a
  // character that the end cuts lies behind it.
  std::span<const Text> read(const Request& request, uint64_t* item_end);

  // What the last window was read as: bytes that contradict a single charset are read as a second one.
  const CharsetPair& charsets() const { return charsets_; }
  // First item offset from `offset` on at which a character of the n-th charset begins (in the last
  // window), for Request::skip of the next.
  uint64_t boundary(size_t charset, uint64_t offset) const;

  // Of the last window: all of it was sound UTF-8, with something beyond ASCII in it.
  bool sound_utf8() const { return !bases_[0].mapped && !bases_[0].scan.ascii; }
  // … bytes that were no character of the first charset.
  uint32_t faults() const { return bases_[0].mapped ? bases_[0].faults : 0; }

  // Bytes that the buffers hold.
  size_t capacity() const;

 private:
  struct Base {
    std::string_view text;
    Bytes bytes;            // as given, from `begin` on
    uint64_t begin = 0;     // item offset of the first character
    uint64_t consumed = 0;  // item offset after the last
    bool mapped = false;    // text is in `converted`, else the bytes are the text
    MappedText converted;
    bool used = false;
    uint32_t faults = 0;  // of the conversion
    TextScan scan;        // of text
  };

  void base(const Request& request, size_t index);
  void derive(const Request& request);
  void derive_once(const Text& from, const Request& request);
  void read_wide(const Request& request);
  void add(std::string_view text, bool derived);
  const Text* step(const MappedText& text, const Text& from);
  void fold(const Text& from, bool final);

  std::array<Base, 2> bases_;
  CharsetPair charsets_;
  std::array<MappedText, kMost> derived_;
  MappedText scratch_;
  std::array<OffsetMap, kMost> maps_;
  std::array<Text, kMost> texts_;
  size_t count_ = 0;
};

}  // namespace weir
