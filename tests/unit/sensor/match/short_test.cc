// Runs too short for anything: passed over, and counted as the characters that they are.
#include <gtest/gtest.h>

#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

TEST(ShortRuns, CountAsCharactersBeforeWhatFollows) {
  Matcher matcher(builtin_patterns(), test_tokenizer());
  Found found;
  Collector collector(&found);
  ItemMatchState state;
  const auto run = [&](std::string_view utf8, uint64_t begin) {
    OffsetMap map;
    map.set_identity(begin);
    const Text text{utf8, &map, false};
    const TimeMark mark{begin, kItemTime};
    TextWindow window;
    window.readings = {&text, 1};
    window.item_begin = begin;
    window.item_end = begin + utf8.size();
    window.times = {&mark, 1};
    window.break_before = true;
    window.ends_run = true;
    return matcher.scan(state, window, kItemTime, collector);
  };
  EXPECT_EQ(run("/", 0), 1u);
  EXPECT_EQ(run("ab", 1), 3u);
  EXPECT_EQ(run("13812345678", 3), 14u);
  ASSERT_EQ(found.findings.size(), 1u);
  // A break between runs counts a thousand.
  EXPECT_EQ(found.findings[0].text_begin, 1u + 1000 + 2 + 1000);
  EXPECT_EQ(matcher.counters().windows, 3u);
  EXPECT_EQ(matcher.counters().text_bytes, 14u);
}

}  // namespace
}  // namespace weir
