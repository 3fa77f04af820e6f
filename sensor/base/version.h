// The product as alerts and `weir --version` name it.
#pragma once

#include <string_view>

namespace weir {

inline constexpr std::string_view kProduct = "Weir";
inline constexpr std::string_view kVendor = "Weir project";
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace weir
