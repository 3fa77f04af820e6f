// Detectors over text that is no traffic: a file, a pipe, one line of it. Content and match as for an item of
// a flow; no policy, no alert.
//
// One TextScanner for any number of texts: begin(), feed() any number of times, end().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/wire/bytes.h"
#include "sensor/base/finding.h"
#include "sensor/pipeline/worker.h"

namespace weir {

struct ScanMatch {
  DetectorIndex detector = kNoDetector;
  uint64_t begin = 0;  // byte offsets into what was fed
  uint64_t end = 0;
  int score = 0;  // the text's bonuses included
  ReasonSet reasons;
  std::string masked;
};

struct ScanResult {
  std::vector<ScanMatch> matches;  // by begin; those at low or above
  bool complete = true;            // false: more than kMaxScanMatches, the rest was left out
};
inline constexpr size_t kMaxScanMatches = 1'000'000;

class TextScanner {
 public:
  // `setup` needs patterns, tokenizer and catalogue. `now`: what dates are judged by.
  TextScanner(const SharedSetup& setup, Nanoseconds now);
  ~TextScanner();
  TextScanner(const TextScanner&) = delete;
  TextScanner& operator=(const TextScanner&) = delete;

  // `declared_type`: as a Content-Type header says it; empty: found out.
  void begin(std::string_view declared_type);
  void feed(Bytes bytes);
  ScanResult end();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
