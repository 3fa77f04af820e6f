// Telephone numbers of the mainland, as people write them: with or without the country's prefix. Where
// brackets and hyphens may stand is a matter of the packs' shapes.
#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"
#include "signatures/validators/regions.h"

namespace weir {
namespace {

constexpr size_t kMobileDigits = 11;

// Takes +86, 0086 or, as exports and gateways write it, 86 off the front; false if there is none. No number
// in its own country begins with 86.
bool take_country_prefix(std::string_view* value) {
  static constexpr std::string_view kPrefixes[] = {"+86", "0086", "86"};
  for (const std::string_view prefix : kPrefixes) {
    if (value->starts_with(prefix)) {
      value->remove_prefix(prefix.size());
      return true;
    }
  }
  return false;
}

enum class MobileRange { kNone, kAssigned, kMachine };

// Ranges given out by the Ministry of Industry and Information Technology. kMachine are those of the internet
// of things and of satellites, which a person's number is rarely in.
MobileRange mobile_range(std::string_view digits) {
  const char b = digits[1];
  const char c = digits[2];
  switch (b) {
    case '3':
    case '8':
      return MobileRange::kAssigned;
    case '4':
      if (c == '5' || c == '7') return MobileRange::kAssigned;
      return c == '6' || c == '8' || c == '9' ? MobileRange::kMachine : MobileRange::kNone;
    case '5':
    case '9':
      return c == '4' ? MobileRange::kNone : MobileRange::kAssigned;
    case '6':
      if (c == '1') return digits[3] == '0' ? MobileRange::kAssigned : MobileRange::kNone;
      return c == '2' || (c >= '5' && c <= '7') ? MobileRange::kAssigned : MobileRange::kNone;
    case '7':
      if (c == '4') {
        if (digits[3] == '0' && digits[4] <= '5') return MobileRange::kAssigned;
        return digits[3] == '9' ? MobileRange::kMachine : MobileRange::kNone;
      }
      return c == '9' ? MobileRange::kNone : MobileRange::kAssigned;
    default:
      return MobileRange::kNone;
  }
}

struct Landline {
  std::string_view area;  // without the 0
  std::string_view subscriber;
  SubscriberLength length = SubscriberLength::kUnknownArea;
};

bool parse_landline(std::string_view value, Landline* out) {
  const bool international = take_country_prefix(&value);
  // +86 stands for the 0, but many write both.
  if (value.starts_with('0')) {
    value.remove_prefix(1);
  } else if (!international) {
    return false;
  }
  if (value.size() < 2) return false;
  const size_t area_size = value[0] == '1' || value[0] == '2' ? 2 : 3;
  if (value.size() < area_size) return false;
  out->area = value.substr(0, area_size);
  value.remove_prefix(area_size);
  out->subscriber = value;
  if (!all_ascii_digits(value) || value[0] < '2' || value[0] > '8') return false;
  if (value.size() != 8 && (value.size() != 7 || area_size == 2)) return false;
  out->length = cn_landline_length(out->area);
  return out->length != SubscriberLength::kUnknownArea;
}

}  // namespace

Frame frame_cn_telephone(std::string_view text, size_t begin, size_t) {
  constexpr size_t kLongestCode = 3;  // ITU-T E.164
  size_t end = begin;
  if (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '-')) --end;
  size_t at = end;
  while (at > 0 && end - at <= kLongestCode && is_ascii_digit(text[at - 1])) --at;
  const std::string_view code = text.substr(at, end - at);
  // Not 001 and the like, which count the rows of a list.
  const bool abroad = at > 0 && text[at - 1] == '+' && !code.empty() && code.size() <= kLongestCode &&
                      code[0] != '0' && code != "86";
  return abroad ? Frame::kForbids : Frame::kNone;
}

ValidatorResult validate_cn_mobile(std::string_view value, const ValidatorContext&) {
  const bool marked = value.starts_with('+') || value.starts_with("00");
  take_country_prefix(&value);
  if (value.size() != kMobileDigits || value[0] != '1' || !all_ascii_digits(value)) return {};
  switch (mobile_range(value)) {
    case MobileRange::kAssigned:
      return {true, static_cast<uint8_t>(kEvidenceAssignedRange | (marked ? kEvidenceOwnMarks : 0))};
    case MobileRange::kMachine:
      return {true, kEvidenceAssignedRange | kEvidenceNeedsKeyword};
    case MobileRange::kNone:
      break;
  }
  return {};
}

std::string_view canonical_cn_mobile(std::string_view value, std::span<char> buffer) {
  take_country_prefix(&value);
  CanonicalWriter writer(buffer);
  for (char c : value) {
    if (is_ascii_digit(c)) writer.put(c);
  }
  return writer.result();
}

ValidatorResult validate_cn_landline(std::string_view value, const ValidatorContext&) {
  Landline number;
  if (!parse_landline(value, &number)) return {};
  const bool eight = number.subscriber.size() == 8;
  // An area may have changed to eight digits since the table was made: no reason to drop the number.
  if (number.length != SubscriberLength::kSevenOrEight &&
      eight != (number.length == SubscriberLength::kEight)) {
    return {true, kEvidenceSoftFailed};
  }
  return {true, kEvidenceAssignedRange};
}

std::string_view canonical_cn_landline(std::string_view value, std::span<char> buffer) {
  CanonicalWriter writer(buffer);
  Landline number;
  if (parse_landline(value, &number)) {
    writer.put('0');
    writer.put(number.area);
    writer.put(number.subscriber);
    return writer.result();
  }
  for (char c : value) {
    if (is_ascii_digit(c)) writer.put(c);
  }
  return writer.result();
}

}  // namespace weir
