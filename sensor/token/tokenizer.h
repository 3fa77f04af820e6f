// Subject tokens: a keyed name for a value, so that persons can be counted and found again without the
// value. Made by the worker's Matcher for every finding; compared by policy; printed in alerts.
//
// Order of use: a TokenKey at start (from its file, or random), then one Tokenizer that all workers share
// (it only reads).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/base/finding.h"

struct crypto_generichash_blake2b_state;  // libsodium's

namespace weir {

// The tenant's key. Wiped when it goes.
class TokenKey {
 public:
  TokenKey() = default;
  TokenKey(const TokenKey&) = default;
  TokenKey& operator=(const TokenKey&) = default;
  ~TokenKey();

  // In memory only: tokens of another run cannot be compared with this one's.
  static TokenKey random();
  // The key in `path`, a file of mode 0600. Makes it, with its owner's rights only, when there is none.
  // False with a reason in `error`: readable by others, not a key, damaged, not makeable.
  static bool load_or_create(const std::string& path, TokenKey* key, std::string* error);

  // "k" and eight hex digits: BLAKE2b under the key itself of a fixed label. Tokens that cannot be compared
  // do not look alike.
  const std::string& name() const { return name_; }
  const std::array<uint8_t, 32>& bytes() const { return bytes_; }

 private:
  std::string name_;
  std::array<uint8_t, 32> bytes_{};
};

class Tokenizer {
 public:
  explicit Tokenizer(const TokenKey& key);

  // Keyed BLAKE2b-128 of detector id, a zero byte and the normalised value.
  Token token(std::string_view detector_id, std::string_view normalised) const;
  // The same in two steps, for many values of one detector: `state` as far as all of them share it. It holds
  // the key: wipe it.
  void start(std::string_view detector_id, crypto_generichash_blake2b_state* state) const;
  static Token finish(const crypto_generichash_blake2b_state& started, std::string_view normalised);
  // The key's name, ":" and 32 hex digits.
  std::string text(const Token& token) const;

 private:
  TokenKey key_;
};

}  // namespace weir
