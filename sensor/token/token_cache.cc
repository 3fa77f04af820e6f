#include "sensor/token/token_cache.h"

#include <sodium.h>

namespace weir {

struct TokenCache::Started {
  Started(const Tokenizer& tokenizer, std::string_view detector_id) { tokenizer.start(detector_id, &state); }
  ~Started() { sodium_memzero(&state, sizeof state); }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  crypto_generichash_state state;
};

TokenCache::TokenCache() : keys_{HashKey::random(), HashKey::random()}, entries_(kEntries) {}
TokenCache::~TokenCache() = default;

Token TokenCache::token(const Tokenizer& tokenizer, DetectorIndex detector, std::string_view detector_id,
                        std::string_view normalised) {
  const Bytes bytes(reinterpret_cast<const uint8_t*>(normalised.data()), normalised.size());
  const std::array<uint64_t, 2> name{payload_hash(keys_[0], bytes), payload_hash(keys_[1], bytes)};
  Entry& entry = entries_[name[0] & (kEntries - 1)];
  if (entry.detector != detector || entry.name != name) {
    if (detector >= started_.size()) started_.resize(detector + size_t{1});
    std::unique_ptr<Started>& started = started_[detector];
    if (started == nullptr) started = std::make_unique<Started>(tokenizer, detector_id);
    entry.token = Tokenizer::finish(started->state, normalised);
    entry.name = name;
    entry.detector = detector;
  }
  return entry.token;
}

}  // namespace weir
