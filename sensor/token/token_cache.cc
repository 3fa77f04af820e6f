#include "sensor/token/token_cache.h"

#include <sodium.h>

namespace weir {

TokenCache::TokenCache() : entries_(kEntries) {
  static_assert(crypto_shorthash_siphashx24_KEYBYTES == sizeof key_);
  static_assert(crypto_shorthash_siphashx24_BYTES == sizeof(Entry::name));
  randombytes_buf(key_.data(), key_.size());
}

Token TokenCache::token(const Tokenizer& tokenizer, DetectorIndex detector, std::string_view detector_id,
                        std::string_view normalised) {
  std::array<uint64_t, 2> name{};
  crypto_shorthash_siphashx24(reinterpret_cast<uint8_t*>(name.data()),
                              reinterpret_cast<const uint8_t*>(normalised.data()), normalised.size(),
                              key_.data());
  Entry& entry = entries_[name[0] & (kEntries - 1)];
  if (entry.detector != detector || entry.name != name) {
    entry.token = tokenizer.token(detector_id, normalised);
    entry.name = name;
    entry.detector = detector;
  }
  return entry.token;
}

}  // namespace weir
