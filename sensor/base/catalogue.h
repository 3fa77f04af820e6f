// What the stages behind match know of a detector. Match makes the catalogue from the compiled packs;
// a Finding names a detector by its index here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class Category : uint8_t {
  kIdentity,
  kTravel,
  kContact,
  kFinancial,
  kFinancialSecret,
  kOrganisation,
  kNetworkId,
  kDevice,
  kLocation,
  kHealth,
  kMinor,
  kVehicle,
  kCredential,
  kCustom,
  kCount,
};
inline constexpr std::string_view kCategoryNames[] = {
    "identity", "travel",   "contact", "financial", "financial_secret", "organisation", "network_id",
    "device",   "location", "health",  "minor",     "vehicle",          "credential",   "custom"};
constexpr std::string_view name_of(Category c) { return kCategoryNames[static_cast<size_t>(c)]; }

enum class Confidence : uint8_t { kNone = 0, kLow = 1, kMedium = 2, kHigh = 3 };
inline constexpr int kLowScore = 40;
inline constexpr int kMediumScore = 60;
inline constexpr int kHighScore = 80;
constexpr Confidence confidence_of(int score) {
  return score >= kHighScore     ? Confidence::kHigh
         : score >= kMediumScore ? Confidence::kMedium
         : score >= kLowScore    ? Confidence::kLow
                                 : Confidence::kNone;
}
constexpr std::string_view name_of(Confidence c) {
  constexpr std::string_view kNames[] = {"none", "low", "medium", "high"};
  return kNames[static_cast<size_t>(c)];
}

// The sensitivity under each regime by its own name; empty where the regime does not name the kind.
struct Sensitivity {
  std::string pipl;      // Personal Information Protection Law, article 28
  std::string gbt35273;  // GB/T 35273-2020 appendix B
  std::string gbt45574;  // GB/T 45574-2025
  std::string jrt0171;   // JR/T 0171-2020: C1, C2, C3
};

using DetectorIndex = uint16_t;
inline constexpr DetectorIndex kNoDetector = 0xffff;

struct DetectorInfo {
  std::string id;  // "cn.resident_id"
  std::string title_en, title_zh;
  std::string description_en, description_zh;
  Category category = Category::kCustom;
  Sensitivity sensitivity;
  std::string pack;  // pack id
  std::string pack_version;
};

struct Catalogue {
  std::vector<DetectorInfo> detectors;
  std::string version;  // hash over all packs, hex

  DetectorIndex find(std::string_view id) const {
    for (size_t i = 0; i < detectors.size(); ++i) {
      if (detectors[i].id == id) return static_cast<DetectorIndex>(i);
    }
    return kNoDetector;
  }
};

}  // namespace weir
