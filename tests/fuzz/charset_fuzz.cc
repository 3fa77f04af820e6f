// Charsets, escapes and digits: the first byte picks the charset. Output is always UTF-8, maps never go
// back, and text converted in two windows equals the whole.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "parsers/codec/charset.h"
#include "parsers/codec/escapes.h"
#include "parsers/codec/text_scan.h"

namespace {

void check(const weir::MappedText& text, size_t source_size) {
  const std::string_view utf8 = text.text();
  if (weir::scan_text(weir::as_bytes(utf8)).valid != utf8.size()) std::abort();
  uint32_t last = 0;
  for (size_t i = 0; i <= utf8.size(); ++i) {
    const uint32_t at = text.source(i);
    if (at < last || at > source_size) std::abort();
    last = at;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static constexpr std::string_view kLabels[] = {"utf-8",    "gb18030",  "big5",       "utf-16le",
                                                 "utf-16be", "utf-32le", "utf-32be",   "shift_jis",
                                                 "euc-jp",   "euc-kr",   "iso-8859-1", "koi8-r"};
  const weir::Bytes bytes(data + 2, size - 2);
  weir::CharsetDetector detector;
  detector.feed(0, bytes);
  const weir::CharsetDetector::Guess guess = detector.decide();
  if (guess.first == nullptr) std::abort();
  const weir::Charset* charset =
      data[0] % 13 == 12 ? guess.first : weir::find_charset(kLabels[data[0] % 13 % std::size(kLabels)]);
  if (charset == nullptr) std::abort();

  weir::MappedText whole;
  if (weir::to_utf8(charset, bytes, true, &whole).consumed != bytes.size()) std::abort();
  check(whole, bytes.size());
  const size_t cut = bytes.empty() ? 0 : data[1] * bytes.size() / 255;
  weir::MappedText first;
  const size_t used = weir::to_utf8(charset, bytes.first(cut), false, &first).consumed;
  weir::MappedText second;
  weir::to_utf8(charset, bytes.subspan(used), true, &second);
  if (std::string(first.text()) + std::string(second.text()) != whole.text()) std::abort();

  weir::MappedText scratch;
  weir::MappedText out;
  for (const bool final : {false, true}) {
    weir::undo_percent(whole.text(), data[1] % 2 == 1, final, &scratch, &out);
    check(out, whole.text().size());
    weir::undo_unicode_escapes(whole.text(), final, &out);
    check(out, whole.text().size());
    weir::fold_forms(whole.text(), final, &out);
    check(out, whole.text().size());
  }
  return 0;
}
