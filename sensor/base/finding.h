// A decided match. What is told of every one is a small plain record (Match); what only an alert shows (the
// token, the masked value, words and fields around it) is made for those that one may show (MatchDetails).
// The clear value never leaves the worker.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sensor/base/catalogue.h"

namespace weir {

// Keyed BLAKE2b-128 of detector and normalised value under the tenant's key.
struct Token {
  std::array<uint8_t, 16> bytes{};
  friend auto operator<=>(const Token&, const Token&) = default;
};

// What a value of a detector is called inside this process: two findings with one name are one value. SipHash
// under a random key, so that no sender can aim at another's name; nothing that leaves the sensor depends on
// it.
struct ValueName {
  std::array<uint8_t, 16> bytes{};
  friend auto operator<=>(const ValueName&, const ValueName&) = default;
};

// Why a score is what it is; in the order in which the alert tells them.
enum class Reason : uint8_t {
  kShape,            // the shape alone
  kAssignedRange,    // assigned prefix, issuer range, structural rule, brackets: +10
  kCheckDigit,       // one check character: +20
  kCheckAndDate,     // check character with a real date: +30
  kStrongCheck,      // mod 97 or an MRZ composite: +30
  kRegionDate,       // region and date without a check: +10
  kRegionDateCheck,  // region, date and check: +40
  kKeyword,          // keyword near: +30
  kFieldName,        // field name says so: +30
  kKeywordInItem,    // keyword elsewhere in the item: +5
  kContraryWord,     // order number and the like: -30
  kSequential,       // ascending or descending digits: -20
  kPublishedSample,  // capped at 59
  kSoftCheckFailed,  // a soft check failed: no bonus
  kDecoded,          // found only after escapes, wide digits or another charset
  kSeveral,          // item: several distinct values of the kind: +5, +10, +15
  kPersonRecord,     // item: name, identity and phone within 200 characters: +15
  kMostlyInvalid,    // item: most candidates of this shape fail their check: -20
  kCount,
};
constexpr std::string_view name_of(Reason r) {
  constexpr std::string_view kNames[] = {
      "shape",         "assigned_range",    "check_digit",      "check_and_date",    "strong_check",
      "region_date",   "region_date_check", "keyword",          "field_name",        "keyword_in_item",
      "contrary_word", "sequential",        "published_sample", "soft_check_failed", "decoded",
      "several",       "person_record",     "mostly_invalid"};
  return kNames[static_cast<size_t>(r)];
}

class ReasonSet {
 public:
  void add(Reason r) { bits_ |= uint32_t{1} << static_cast<unsigned>(r); }
  void remove(Reason r) { bits_ &= ~(uint32_t{1} << static_cast<unsigned>(r)); }
  bool has(Reason r) const { return (bits_ >> static_cast<unsigned>(r)) & 1u; }
  uint32_t bits() const { return bits_; }
  std::vector<std::string_view> names() const {
    std::vector<std::string_view> out;
    for (unsigned i = 0; i < static_cast<unsigned>(Reason::kCount); ++i) {
      if (has(static_cast<Reason>(i))) out.push_back(name_of(static_cast<Reason>(i)));
    }
    return out;
  }

 private:
  uint32_t bits_ = 0;
};

// What a value says of a person's record: a name, an identity and a phone near each other are one.
enum class PersonRole : uint8_t { kNone, kName, kIdentity, kPhone };

struct Match {
  DetectorIndex detector = kNoDetector;
  uint8_t score = 0;      // 0-100 before the item's bonuses
  bool labelled = false;  // has a keyword or field name of its own
  bool backed = false;    // a label, a check digit, or a form that is no other thing's speaks for it
  PersonRole role = PersonRole::kNone;
  ReasonSet reasons;
  uint64_t begin = 0;  // item offsets of the value, [begin, end)
  uint64_t end = 0;
  uint64_t decided_at = 0;  // item offset of the byte that decided it: 64 characters on, or the end
  uint64_t text_begin = 0;  // characters from the item's begin, a break between runs counting 1,000
  ValueName name;
};

// All that an alert may show of it.
struct Finding : Match {
  Token token;
  std::string masked;   // e.g. "110***********0123"; at most 4 characters and a quarter shown
  std::string keyword;  // the pack's own word that was near; clear
  std::string
      field;  // JSON key, form field, header … from the wire: MetadataMasker::field_name before it leaves
  std::string excerpt;                      // shape only: 9, 字, x, packs' keywords in clear
  std::vector<DetectorIndex> alternatives;  // what else the same span could be
};

// Makes the rest of a match's finding, on demand: it costs more than finding the value did. Lives as long as
// the call that it comes with.
class MatchDetails {
 public:
  virtual Token token() const = 0;
  virtual std::string masked() const = 0;
  virtual std::string field() const = 0;
  virtual Finding finding() const = 0;

 protected:
  ~MatchDetails() = default;
};

}  // namespace weir
