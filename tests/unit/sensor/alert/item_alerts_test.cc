// When an alert is made, and how often: Create and Updates of one item.
#include "sensor/alert/item_alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "sensor/alert/alert_uid.h"
#include "tests/unit/sensor/alert/alert_fixture.h"

namespace weir::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// "create 1 medium 3 final", "update 2 high 5": activity, revision, severity, persons.
std::vector<std::string> told(const Worker& w) {
  std::vector<std::string> out;
  for (const Alert& a : w.sink.alerts) {
    out.push_back((a.activity == AlertActivity::kCreate ? "create " : "update ") +
                  std::to_string(a.revision) + " " + std::string(name_of(a.severity)) + " " +
                  std::to_string(a.detectors.empty() ? 0 : a.detectors[0].distinct) +
                  (a.final ? " final" : ""));
  }
  return out;
}

class ItemAlertsTest : public testing::Test {
 protected:
  ItemAlertsTest() {
    w.policies.add(0, "one", 1, Severity::kMedium);
    w.policies.add(0, "five", 5, Severity::kHigh);
    w.policies.add(0, "ten", 10, Severity::kCritical);
  }
  void find(uint32_t person, uint64_t decided_at, Nanoseconds after) {
    tell(alerts, item, Item::finding(0, person, decided_at), kStart + after);
  }
  void end(uint64_t size, Nanoseconds after) {
    item.end(size, kStart + after);
    alerts.on_end(item.facts, item.findings, kStart + after);
  }

  Worker w;
  Item item;
  ItemAlerts alerts{w.context};
};

TEST_F(ItemAlertsTest, AnItemThatEndsSoonGivesOneAlert) {
  find(1, 100, kMs);
  find(2, 200, kMs);
  EXPECT_TRUE(alerts.waiting());
  EXPECT_EQ(alerts.wakes_at(), kStart + kMs + kSecond);
  EXPECT_THAT(w.sink.alerts, SizeIs(0));
  end(300, 2 * kMs);
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 2 final"));
  EXPECT_FALSE(alerts.waiting());
  EXPECT_EQ(w.counters.creates, 1u);
  EXPECT_EQ(w.counters.updates, 0u);
  const Alert& a = w.sink.alerts[0];
  EXPECT_EQ(a.time, kStart + kMs) << "of the byte that decided the first match";
  EXPECT_EQ(a.created_time, a.time);
  EXPECT_EQ(a.last_byte, kStart + 2 * kMs);
  ASSERT_TRUE(a.whole.has_value());
  EXPECT_EQ(a.whole->size, 300u);
}

TEST_F(ItemAlertsTest, SixteenKibibytesMoreBringTheCreate) {
  find(1, 100, 0);
  find(2, 100 + 16'384, 0);  // the last byte that is waited for
  EXPECT_THAT(told(w), ElementsAre());
  find(3, 100 + 16'385, 0);
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 2")) << "without the third: it came too late";
  EXPECT_FALSE(w.sink.alerts[0].whole.has_value());
  end(20'000, kMs);
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 2", "update 2 medium 3 final"));
  EXPECT_EQ(w.sink.alerts[1].time, kStart + kMs);
  EXPECT_EQ(w.sink.alerts[1].finding_uid, w.sink.alerts[0].finding_uid);
  EXPECT_NE(w.sink.alerts[1].uid, w.sink.alerts[0].uid);
}

TEST_F(ItemAlertsTest, ProgressPastSixteenKibibytesBringsItToo) {
  find(1, 100, 0);
  alerts.on_progress(item.facts, item.findings, 100 + 16'384, kStart);
  EXPECT_THAT(told(w), ElementsAre());
  alerts.on_progress(item.facts, item.findings, 100 + 16'385, kStart);
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 1"));
}

// A Create that waits is told as the flow stands when it goes out; what has gone out keeps its name.
TEST(ItemAlertsRoles, WhatTurnsIsToldAndNamesStay) {
  Item untouched;
  for (const bool before : {true, false}) {
    Worker worker;
    worker.policies.add(0, "one", 1, Severity::kMedium);
    Item item;
    ItemAlerts alerts(worker.context);
    for (uint32_t n = 0; n < 12; ++n) {
      tell(alerts, item, Item::finding(0, n, 100 + n), kStart + 2 * kMs);
    }
    if (before) alerts.on_progress(item.facts, item.findings, 30'000, kStart + 3 * kMs);
    ASSERT_EQ(worker.sink.alerts.size(), before ? 1u : 0u);
    ASSERT_TRUE(take_asker(item.flow, Direction::kFromResponder));
    item.facts.meta.direction = opposite(item.facts.meta.direction);
    ++item.facts.meta_revision;
    item.end(40'000, kStart + 4 * kMs);
    alerts.on_end(item.facts, item.findings, kStart + 5 * kMs);
    ASSERT_FALSE(worker.sink.alerts.empty());
    const Alert& last = worker.sink.alerts.back();
    EXPECT_EQ(last.initiator_side, Direction::kFromResponder);
    // Who sent it stays who sent it; the other is who asked, and now the server's name is the sender's.
    EXPECT_EQ(last.src.ip, "10.0.0.5");
    EXPECT_EQ(last.src.mac, "02:00:00:00:00:01");
    EXPECT_EQ(last.src.hostname, "shop.example");
    EXPECT_EQ(last.dst.hostname, "");
    EXPECT_EQ(last.flow_uid, flow_uid(untouched.flow));
    EXPECT_EQ(last.item_uid, item_uid(untouched.facts));
    EXPECT_EQ(last.finding_uid, finding_uid(untouched.facts, last.policy_id));
  }
}

TEST_F(ItemAlertsTest, OneSecondBringsTheCreate) {
  find(1, 100, 0);
  alerts.on_tick(item.facts, item.findings, kStart + kSecond);
  EXPECT_THAT(told(w), ElementsAre());
  alerts.on_tick(item.facts, item.findings, kStart + kSecond + 1);
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 1"));
  alerts.on_tick(item.facts, item.findings, kStart + 9 * kSecond);
  EXPECT_THAT(w.sink.alerts, SizeIs(1));
}

TEST_F(ItemAlertsTest, AnEndAfterTheWaitGivesCreateAndUpdate) {
  find(1, 100, 0);
  end(200, kSecond + 1);
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 1", "update 2 medium 1 final"));
}

TEST_F(ItemAlertsTest, EachLevelOfSeverityGivesOneUpdate) {
  find(1, 100, 0);
  for (uint32_t n = 2; n <= 12; ++n) {
    find(n, 50'000 * n, 0);
    find(n, 50'000 * n + 10, 0);  // once more: no new person
  }
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 1", "update 2 high 5", "update 3 critical 10"));
  end(700'000, kMs);
  EXPECT_EQ(told(w).back(), "update 4 critical 12 final");
  const Alert& update = w.sink.alerts[1];
  EXPECT_EQ(update.policy_id, "five");
  EXPECT_THAT(update.other_policies, ElementsAre("one"));
  EXPECT_EQ(update.finding_uid, w.sink.alerts[0].finding_uid) << "stable while the policy changes";
  EXPECT_EQ(w.counters.creates, 1u);
  EXPECT_EQ(w.counters.updates, 3u);
}

TEST_F(ItemAlertsTest, ASeverityThatRisesWhileTheCreateWaitsIsInIt) {
  for (uint32_t n = 1; n <= 5; ++n) find(n, 100 * n, 0);
  end(1000, 0);
  EXPECT_THAT(told(w), ElementsAre("create 1 high 5 final"));
}

TEST_F(ItemAlertsTest, GroupsAlertOnTheirOwn) {
  w.policies.add(1, "other", 2, Severity::kLow);
  find(1, 100, 0);
  find(2, 30'000, 0);  // the first group's wait is over; the second one's begins
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 1"));
  end(31'000, 0);
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 1", "update 2 medium 2 final", "create 1 low 2 final"));
  EXPECT_EQ(w.sink.alerts[1].item_uid, w.sink.alerts[2].item_uid);
  EXPECT_NE(w.sink.alerts[1].finding_uid, w.sink.alerts[2].finding_uid);
}

TEST_F(ItemAlertsTest, WithoutAPolicyThatMatchesThereIsNoAlertAndExceptionsAreCounted) {
  w.policies.rows.clear();
  w.policies.suppressed = {0, 3};
  find(1, 100, 0);
  find(2, 200, 0);
  end(300, 0);
  EXPECT_THAT(w.sink.alerts, SizeIs(0));
  EXPECT_THAT(w.counters.suppressed, ElementsAre(1, 0, 0, 1)) << "once an item";
  AlertCounters sum;
  sum += w.counters;
  sum += w.counters;
  EXPECT_THAT(sum.suppressed, ElementsAre(2, 0, 0, 2));
}

TEST_F(ItemAlertsTest, CandidatesThatFailTakeAWaitingCreateBack) {
  // Two bare values at 70 of a shape where most fail the check: 20 less each, no policy matches any more.
  for (uint32_t n = 1; n <= 2; ++n) {
    Finding f = Item::finding(0, n, 100 * n, 70);
    f.labelled = false;
    tell(alerts, item, f, kStart);
  }
  EXPECT_TRUE(alerts.waiting());
  for (int i = 0; i < 20; ++i) alerts.on_candidate(item.findings, 0, i < 2);
  end(1000, 0);
  EXPECT_THAT(w.sink.alerts, SizeIs(0));
}

TEST_F(ItemAlertsTest, PoliciesAreAskedOnlyWhenSomethingChanged) {
  find(1, 100, 0);
  find(2, 110, 0);
  const int asked = w.policies.asked;
  for (int i = 0; i < 1000; ++i) find(1, 120, 0);
  EXPECT_EQ(w.policies.asked, asked);
}

TEST_F(ItemAlertsTest, APieceOfAnEndlessItemEndsByItsOffsets) {
  item.facts.continues = true;
  item.facts.part = 2;
  find(1, 33'000'000, 0);
  end(16'000, 0);  // the piece's own bytes; its offsets go on
  EXPECT_THAT(told(w), ElementsAre("create 1 medium 1 final"));
}

// However windows and ticks fall between the matches, the alerts are the same.
TEST(ItemAlertsProperty, TheCutChangesNothing) {
  std::mt19937 random(20'261'123);
  for (int round = 0; round < 300; ++round) {
    struct Told {
      Finding finding;
      Nanoseconds time;
      std::vector<bool> candidates;  // told right after it
    };
    std::vector<Told> matches;
    uint64_t offset = 0;
    Nanoseconds time = kStart;
    const int count = 1 + static_cast<int>(random() % 30);
    for (int i = 0; i < count; ++i) {
      offset += random() % 6000;
      time += static_cast<Nanoseconds>(random() % 400) * kMs;
      Told m;
      m.finding =
          Item::finding(static_cast<DetectorIndex>(random() % 3), static_cast<uint32_t>(random() % 15),
                        offset + 80, 45 + static_cast<int>(random() % 50));
      m.finding.labelled = random() % 2 == 0;
      m.time = time;
      m.candidates.assign(random() % 6, random() % 3 == 0);
      matches.push_back(std::move(m));
    }
    const uint64_t size = offset + 80 + random() % 30'000;
    const Nanoseconds ended = time + static_cast<Nanoseconds>(random() % 1500) * kMs;

    const auto run = [&](bool cut) {
      Worker w;
      w.policies.add(0, "one", 1, Severity::kMedium);
      w.policies.add(0, "five", 5, Severity::kHigh);
      w.policies.add(1, "three", 3, Severity::kLow);
      Item item;
      ItemAlerts alerts(w.context);
      uint64_t at = 0;
      Nanoseconds now = kStart;
      for (size_t i = 0; i < matches.size(); ++i) {
        const Told& m = matches[i];
        tell(alerts, item, m.finding, m.time);
        for (const bool passed : m.candidates) alerts.on_candidate(item.findings, m.finding.detector, passed);
        if (!cut) continue;
        // Scanned up to somewhere before the next match, at that byte's time.
        at = std::max(at, m.finding.decided_at);
        now = std::max(now, m.time);
        const uint64_t next = i + 1 < matches.size() ? matches[i + 1].finding.decided_at : size;
        const Nanoseconds next_time = i + 1 < matches.size() ? matches[i + 1].time : ended;
        if (next > at && random() % 2 == 0) at += random() % (next - at);
        if (next_time > now && random() % 2 == 0)
          now += static_cast<Nanoseconds>(random()) % (next_time - now);
        item.facts.size = at;
        item.facts.wire_bytes = at;
        item.facts.last_byte = now;
        alerts.on_progress(item.facts, item.findings, at, now);
        if (random() % 2 == 0) alerts.on_tick(item.facts, item.findings, now);
      }
      alerts.on_progress(item.facts, item.findings, size, now);
      item.end(size, ended);
      alerts.on_end(item.facts, item.findings, ended);
      // By finding, in the order in which they were told: a tick may bring one group's Create forward, but
      // never a revision before the one that it follows, and the output thread sorts by time.
      std::map<std::string, std::vector<std::string>> lines;
      for (const Alert& a : w.sink.alerts) lines[a.finding_uid].push_back(write_ocsf(a, {}, 1, 0));
      for (const auto& [uid, revisions] : lines) {
        for (size_t i = 0; i < revisions.size(); ++i) {
          const auto said = nlohmann::json::parse(revisions[i])["unmapped"];
          EXPECT_EQ(said["revision"], i + 1) << uid;
          EXPECT_EQ(said["final"], i + 1 == revisions.size()) << uid;
        }
      }
      return lines;
    };
    const auto once = run(false);
    for (int k = 0; k < 5; ++k) ASSERT_EQ(run(true), once) << "round " << round;
  }
}

}  // namespace
}  // namespace weir::test
