// The tokens of the last values, so that a value that comes again (an address in every line, a number in
// every record) is not hashed again: BLAKE2b takes several times as long as finding its answer here.
//
// One a worker, beside the Tokenizer that all share. It keeps no value: an entry is known by two 64-bit
// hashes under random keys of its own, too long to meet another value's by chance.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sensor/base/finding.h"
#include "sensor/base/keyed_hash.h"
#include "sensor/token/tokenizer.h"

namespace weir {

class TokenCache {
 public:
  TokenCache();
  ~TokenCache();
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  // What tokenizer.token(detector_id, normalised) gives. Always with the same tokenizer; `detector` is the
  // index that belongs to the id.
  Token token(const Tokenizer& tokenizer, DetectorIndex detector, std::string_view detector_id,
              std::string_view normalised);

 private:
  static constexpr size_t kEntries = 1024;  // a power of two; 34 KiB
  struct Entry {
    std::array<uint64_t, 2> name{};  // hash of the value
    Token token;
    DetectorIndex detector = kNoDetector;
  };

  std::array<HashKey, 2> keys_;
  std::vector<Entry> entries_;
  // By detector: the hash up to the value, once one was asked for. A flood of new values takes the cache by
  // nothing; each then costs no more than its own bytes.
  struct Started;
  std::vector<std::unique_ptr<Started>> started_;
};

}  // namespace weir
