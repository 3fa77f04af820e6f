#include "tests/harness/recorded.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace weir::harness {

std::string from_hex(std::string_view text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return out;
}

Recorded recorded(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in.good()) << path;
  Recorded out;
  const nlohmann::json talk = nlohmann::json::parse(in);
  for (const auto& step : talk["steps"]) {
    const std::string bytes = from_hex(step["hex"].get<std::string>());
    const Direction from = step["from"] == "client" ? Direction::kFromInitiator : Direction::kFromResponder;
    out.bytes[index_of(from)] += bytes.size();
    out.script.data(from, bytes);
  }
  EXPECT_FALSE(out.script.steps().empty()) << path;
  return out;
}

}  // namespace weir::harness
