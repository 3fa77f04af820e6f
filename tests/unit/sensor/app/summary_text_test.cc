// The summary for people: how it begins, by how the run ended, and what it says of alerts that did not leave
// one by one.
#include "sensor/app/summary_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(SummaryText, ASignalEndsALiveRunAndInterruptsAReplay) {
  const Catalogue catalogue;
  RunResult result;
  result.elapsed = hours(3) + minutes(4) + seconds(5);
  for (const bool live : {false, true}) {
    result.interrupted = false;
    EXPECT_THAT(summary_text({result, catalogue, {}, false, live}), StartsWith("Summary\n"));
    result.interrupted = true;
    EXPECT_THAT(summary_text({result, catalogue, {}, false, live}),
                StartsWith(live ? "Stopped after 3 h 4 min\n" : "Interrupted; up to there:\n"));
  }
}

TEST(SummaryText, DurationsHaveTwoUnitsAtMost) {
  EXPECT_EQ(human_duration(milliseconds(0)), "0.0 s");
  EXPECT_EQ(human_duration(milliseconds(12'340)), "12.3 s");
  EXPECT_EQ(human_duration(milliseconds(59'999)), "59.9 s");
  EXPECT_EQ(human_duration(seconds(60)), "1 min");
  EXPECT_EQ(human_duration(seconds(245)), "4 min 5 s");
  EXPECT_EQ(human_duration(hours(1) - seconds(1)), "59 min 59 s");
  EXPECT_EQ(human_duration(hours(24) - seconds(1)), "23 h 59 min");
  EXPECT_EQ(human_duration(hours(48)), "2 d");
  EXPECT_EQ(human_duration(hours(24 * 2000 + 23)), "2,000 d 23 h");
}

TEST(SummaryText, TellsOfStormsAndOfWhatWasLost) {
  const Catalogue catalogue;
  RunResult result;
  std::string text = summary_text({result, catalogue, {}, false, true});
  EXPECT_THAT(text, Not(HasSubstr("storm")));
  EXPECT_THAT(text, Not(HasSubstr("LOST")));
  result.outlet = {12'345, 6, 0};
  text = summary_text({result, catalogue, {}, false, true});
  EXPECT_THAT(
      text,
      HasSubstr("  storms     12,345 alerts and updates told in 6 storm alerts: the sinks were too slow\n"));
  EXPECT_THAT(text, Not(HasSubstr("LOST")));
  result.outlet = {0, 0, 7};
  text = summary_text({result, catalogue, {}, false, true});
  EXPECT_THAT(text, HasSubstr("  LOST       7 alerts and updates: the program was told to end at once\n"));
}

}  // namespace
}  // namespace weir
