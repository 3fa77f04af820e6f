#include "sensor/token/token_cache.h"

namespace weir {

TokenCache::TokenCache() : keys_{HashKey::random(), HashKey::random()}, entries_(kEntries) {}

Token TokenCache::token(const Tokenizer& tokenizer, DetectorIndex detector, std::string_view detector_id,
                        std::string_view normalised) {
  const Bytes bytes(reinterpret_cast<const uint8_t*>(normalised.data()), normalised.size());
  const std::array<uint64_t, 2> name{payload_hash(keys_[0], bytes), payload_hash(keys_[1], bytes)};
  Entry& entry = entries_[name[0] & (kEntries - 1)];
  if (entry.detector != detector || entry.name != name) {
    entry.token = tokenizer.token(detector_id, normalised);
    entry.name = name;
    entry.detector = detector;
  }
  return entry.token;
}

}  // namespace weir
