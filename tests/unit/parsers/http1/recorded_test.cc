// Conversations between Python's http.client and http.server (tests/data/http1/record.py), against what
// these two say they sent and received.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "parsers/http1/http1_parser.h"
#include "tests/harness/parser_driver.h"

namespace weir {
namespace {

using harness::RecordingSink;
using harness::Script;

std::string unhex(const std::string& text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

TEST(HttpRecorded, PythonsClientAndServer) {
  std::ifstream in("tests/data/http1/http.json");
  ASSERT_TRUE(in.good());
  const nlohmann::json recorded = nlohmann::json::parse(in);
  Script script;
  for (const auto& step : recorded["steps"]) {
    script.data(step["from"] == "client" ? Direction::kFromInitiator : Direction::kFromResponder,
                unhex(step["hex"]));
  }
  const RecordingSink got = harness::drive_every_split(http1_parser_info(), script);
  ASSERT_EQ(recorded["messages"].size(), 16u);
  ASSERT_EQ(got.of_kind(ItemKind::kMessage).size(), 16u);
  EXPECT_TRUE(got.of_kind(ItemKind::kRawStream).empty());
  for (size_t i = 0; i < 16; ++i) {
    const auto& expected = recorded["messages"][i];
    const ContentMeta& meta = got.message(i).meta;
    EXPECT_EQ(meta.direction == Direction::kFromInitiator, expected["from"] == "client");
    EXPECT_EQ(meta.method, expected.value("method", ""));
    EXPECT_EQ(meta.path, expected["path"]);
    EXPECT_EQ(meta.status, expected.value("status", 0));
    EXPECT_EQ(meta.declared_type, expected["type"]);
    EXPECT_EQ(got.bytes_under(i, ItemKind::kBody), unhex(expected["body"])) << meta.path;
    EXPECT_EQ(got.message(i).why, CloseReason::kComplete);
  }
  EXPECT_EQ(got.message(0).meta.host, recorded["messages"][0]["host"]);
  EXPECT_EQ(got.message(11).meta.codings, std::vector<std::string>{"gzip"});
}

}  // namespace
}  // namespace weir
