// Lines about trouble: one when it is new, then at most one a minute, whatever changes in it.
#include "sensor/app/trouble_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class TroubleReporterTest : public ::testing::Test {
 protected:
  std::vector<std::string> at(TroubleReporter::Clock::duration since_begin,
                              const std::vector<Trouble>& wrong) {
    lines_.clear();
    reporter_.tell(wrong, begin_ + since_begin);
    return lines_;
  }

 private:
  std::vector<std::string> lines_;
  TroubleReporter reporter_{[this](const std::string& line) { lines_.push_back(line); }};
  const TroubleReporter::Clock::time_point begin_{seconds(1000)};
};

Trouble kafka(const std::string& what) { return {"0/trouble", "kafka b:1", "kafka b:1: " + what}; }
Trouble lost(const std::string& what) { return {"0/losses", "kafka b:1", "kafka b:1: " + what}; }

TEST_F(TroubleReporterTest, ALineAKindThenItsCountsAtMostOnceAMinute) {
  EXPECT_THAT(at(seconds(0), {kafka("refused; 1 is kept")}), ElementsAre("kafka b:1: refused; 1 is kept\n"));
  EXPECT_THAT(at(seconds(1), {kafka("refused; 2 are kept")}), IsEmpty());
  // Another kind is new, and has a minute of its own.
  EXPECT_THAT(at(seconds(30), {kafka("refused; 3 are kept"), lost("1 is lost: uid-7")}),
              ElementsAre("kafka b:1: 1 is lost: uid-7\n"));
  EXPECT_THAT(at(seconds(61), {kafka("refused; 4 are kept"), lost("2 are lost: uid-8")}),
              ElementsAre("kafka b:1: refused; 4 are kept\n"));
  EXPECT_THAT(at(seconds(91), {kafka("refused; 4 are kept"), lost("2 are lost: uid-8")}),
              ElementsAre("kafka b:1: 2 are lost: uid-8\n"));
  // Nothing has changed since it was said.
  EXPECT_THAT(at(minutes(9), {kafka("refused; 4 are kept"), lost("2 are lost: uid-8")}), IsEmpty());
}

// Ten times a second for an hour: reasons that alternate, uids that differ, gaps between.
TEST_F(TroubleReporterTest, WhatChangesFromMomentToMomentIsNotNewEachTime) {
  size_t troubles = 0;
  size_t over = 0;
  for (int n = 0; n < 36'000; ++n) {
    const auto lines = n % 3 == 0 ? at(milliseconds(n * 100), {})
                                  : at(milliseconds(n * 100),
                                       {kafka(n % 3 == 1 ? "refused" : "down: uid-" + std::to_string(n))});
    for (const std::string& line : lines) ++(line.ends_with("is over\n") ? over : troubles);
  }
  EXPECT_GE(troubles, 59u);
  EXPECT_LE(troubles, 60u);
  EXPECT_LE(over, 60u);
}

TEST_F(TroubleReporterTest, ItIsToldThatItIsOverAndToldAnewWhenItComesBack) {
  EXPECT_THAT(at(seconds(0), {}), IsEmpty());
  EXPECT_THAT(at(seconds(1), {kafka("refused")}), ElementsAre("kafka b:1: refused\n"));
  EXPECT_THAT(at(seconds(3), {}), ElementsAre("kafka b:1: that is over\n"));
  EXPECT_THAT(at(seconds(5), {}), IsEmpty());
  EXPECT_THAT(at(seconds(62), {kafka("refused")}), ElementsAre("kafka b:1: refused\n"));
  // Over once more: said as soon as a minute lies between.
  EXPECT_THAT(at(seconds(62), {}), IsEmpty());
  EXPECT_THAT(at(seconds(63), {}), ElementsAre("kafka b:1: that is over\n"));
}

}  // namespace
}  // namespace weir
