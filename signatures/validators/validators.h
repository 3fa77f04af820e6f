// The registry of validators: what a signature pack names under `validators:` and what the matcher calls on
// every candidate whose shape fits.
//
// Order of use: the pack compiler looks each name up once (find_validator), keeps the entry, and calls
// `validate` for every candidate and `canonical` for every value it reports. Everything here is a pure
// function over its arguments: no state, no allocation, no locale, safe from any thread.
//
// The value a validator sees is ASCII, upper-case where the identifier's alphabet is upper-case (net_email:
// as written), with the separators that the pack lists removed. Signs that are not separators stay, because
// they say something: the brackets of hk_hkid, the `+86` of telephone numbers, the hyphens of us_ssn. A
// validator judges the whole value: anything before, after or between makes it invalid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

// What a validator saw that speaks for a value (or, for the last two, against it). The scorer awards the
// points.
enum Evidence : uint8_t {
  kEvidenceCheckDigit = 1u << 0,   // one check character of any kind is right
  kEvidenceDate = 1u << 1,         // holds a real calendar date that is not in the future
  kEvidenceRegion = 1u << 2,       // starts with an assigned administrative region
  kEvidenceStrongCheck = 1u << 3,  // mod 97 or a composite of check digits is right
  kEvidenceAssignedRange =
      1u << 4,                    // in a range that is given out: operator, area code, card network, SSN area
  kEvidenceOwnMarks = 1u << 5,    // the check character in its brackets, the country before a number
  kEvidenceSoftFailed = 1u << 6,  // a rule that may add score and may not reject did not hold
  kEvidenceNeedsKeyword =
      1u << 7,  // written in a form that counts only with a keyword, whatever the pack says
};

struct ValidatorResult {
  bool valid = false;
  uint8_t evidence = 0;  // Evidence bits; 0 where not valid
};

struct ValidatorContext {
  // Seconds since 1970-01-01 UTC of the packet that brought the value: "in the future" is judged by it. Times
  // before 1990 come from captures without a clock and are taken as unknown: then no date is in the future.
  int64_t capture_time_s = 0;
};

using Validator = ValidatorResult (*)(std::string_view value, const ValidatorContext& context);

// Writes the one spelling that all spellings of this value share (mobile numbers without +86, an HKID without
// brackets, an e-mail address in lower case): what subject tokens and distinct counts are made of. The result
// lies in `buffer`; empty when the buffer is too short (kMaxCanonicalValue always suffices) or
// the value cannot be this kind at all. Needs no valid check digit.
using Canonical = std::string_view (*)(std::string_view value, std::span<char> buffer);

inline constexpr size_t kMaxCanonicalValue = 320;  // an address: 64 + 1 + 255 (RFC 5321, 4.5.3.1)

// For a kind whose values may end at many places (an address at each of its labels): the last of `ends`
// (ascending, none over value.size()) up to which `value` is valid; 0 when there is none. One look over the
// value, however many ends there are: validating each anew would take a sender's 74 labels 74 times.
using LongestValid = size_t (*)(std::string_view value, std::span<const uint16_t> ends,
                                const ValidatorContext& context);

// What stands around a value may say what it is: text[begin, end) is the value, of which the rest has been
// judged. Looks at most kFrameReach bytes to either side.
enum class Frame : uint8_t {
  kNone,      // nothing
  kConfirms,  // it can only be this: a card's number in its track
  kDoubts,    // it counts only with a keyword
  kForbids,   // it is something else: the password before a database's host
};
inline constexpr size_t kFrameReach = 60;
using FrameOf = Frame (*)(std::string_view text, size_t begin, size_t end);

struct NamedValidator {
  std::string_view name;  // as packs write it: "cn_resident_id"
  Validator validate = nullptr;
  Canonical canonical = nullptr;
  LongestValid longest = nullptr;  // null: the kind has few ends
  FrameOf frame = nullptr;         // null: the kind has none
};

// nullptr for a name that is not registered.
Validator find_validator(std::string_view name);
const NamedValidator* find_named_validator(std::string_view name);

// All of them, sorted by name.
std::span<const NamedValidator> all_validators();

}  // namespace weir
