// Character sets: which one a label names, which ones bytes may be in, and conversion to UTF-8 with a map.
//
// Conversion keeps no state between calls: it starts at a character's first byte and leaves a character
// that the end cuts for later, so windows can be converted again from any boundary. The tables are made
// from ICU's converters once for the process, at a charset's first use; after that nothing is allocated
// but the output. Everything here may be used by any number of threads.
#pragma once

#include <cstdint>
#include <string_view>

#include "parsers/codec/mapped_text.h"
#include "parsers/wire/bytes.h"

namespace weir {

class Charset;

// The charset that a label names, in any case and with blanks around it, as browsers understand it
// (WHATWG Encoding: gb2312 and gbk are GB18030, latin1 is windows-1252), else as ICU's registry does.
// Null: unknown, or one that keeps a shift state (ISO-2022-*, HZ, UTF-7) or is no superset of ASCII.
const Charset* find_charset(std::string_view label);

const Charset* charset_utf8();
const Charset* charset_gb18030();
const Charset* charset_big5();
const Charset* charset_utf16le();
const Charset* charset_utf16be();
const Charset* charset_utf32le();
const Charset* charset_utf32be();
// Not text: ASCII as it is, every other byte U+001A.
const Charset* charset_binary();

// "UTF-8", "GB18030", "Big5", "UTF-16LE", "windows-1252", …; "binary". Static.
std::string_view name_of(const Charset* charset);
// Every byte below 0x80 that begins a character is that ASCII character.
bool ascii_compatible(const Charset* charset);

struct Conversion {
  size_t consumed = 0;   // of the source; less than all only when the end cuts a character and !final
  uint32_t invalid = 0;  // U+FFFD written
};

// Appends `src` as UTF-8 to `out`. Positions of the map are those in `src`. What is no character becomes
// U+FFFD, one for each longest run of bytes that could have begun one; an ASCII byte is never swallowed by
// a fault before it. `final`: nothing follows, a cut character is a fault.
Conversion to_utf8(const Charset* charset, Bytes src, bool final, MappedText* out);

// The one GB18030 character that `bytes` (two or four) are, or U+FFFD.
uint32_t gb18030_character(Bytes bytes);

// Looks at up to kSample bytes of an item and tells what they are written in: validity in every candidate,
// then how many of the most frequent characters each reading shows. Bytes are given in as large pieces as
// there are: a piece that is sound UTF-8 by itself is not weighed as anything else.
class CharsetDetector {
 public:
  static constexpr uint32_t kSample = 4096;

  struct Guess {
    const Charset* first = nullptr;   // never null after decide()
    const Charset* second = nullptr;  // as possible as the first, or null
  };

  // `offset`: of bytes[0] in the item; UTF-16 and UTF-32 are aligned to the item's begin. Bytes over kSample
  // are left out. Returns how many were taken: not those of a character that the end cuts.
  size_t feed(uint64_t offset, Bytes bytes);
  bool full() const { return fed_ >= kSample; }
  uint32_t fed() const { return fed_; }
  Guess decide() const;
  void reset() { *this = CharsetDetector(); }

 private:
  // Validity of one multi-byte reading.
  struct Multi {
    uint32_t good = 0;      // characters of more than one byte
    uint32_t bad = 0;       // bytes that are no character
    uint32_t frequent = 0;  // of good: among the most frequent
    uint8_t state = 0;
    uint8_t lead = 0;
  };
  void weigh_utf8(Bytes sample);
  void weigh_gb(Bytes sample);
  void weigh_big5(Bytes sample);
  void weigh_wide(uint64_t offset, Bytes sample);
  static bool plausible_unit(uint32_t unit);

  uint32_t fed_ = 0;
  uint32_t zeros_ = 0;
  uint32_t controls_ = 0;  // C0 other than tab, line feed, carriage return, NUL
  Multi utf8_;
  uint8_t utf8_low_ = 0x80;
  uint8_t utf8_high_ = 0xbf;
  Multi gb_;
  Multi big5_;
  uint32_t units_ = 0;  // 16-bit units seen
  uint32_t le_good_ = 0;
  uint32_t be_good_ = 0;
  uint32_t ascii_pairs_ = 0;  // of units_: two printable ASCII bytes, which are also plausible Han
  uint32_t quads_ = 0;        // 32-bit units seen
  uint32_t le32_good_ = 0;
  uint32_t be32_good_ = 0;
  uint8_t previous_[3] = {};
  bool started_ = false;
};

// The charset of a byte-order mark at the begin of `head` (3 or 4 bytes are enough), or null.
const Charset* charset_of_mark(Bytes head);

}  // namespace weir
