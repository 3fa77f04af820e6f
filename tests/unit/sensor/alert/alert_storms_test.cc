// Alerts folded into one a policy: everything is counted, nothing of an item or a person stays.
#include "sensor/alert/alert_storms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sensor/alert/alert_text.h"
#include "sensor/alert/alert_uid.h"
#include "sensor/alert/ocsf_writer.h"
#include "tests/unit/sensor/alert/alert_fixture.h"

namespace weir::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// The alerts of an item with `persons` identity numbers and a mobile number: of policy "p", high, from the
// first person on, and of "bulk", critical, from the third. The item begins `ms` after kStart.
std::vector<Alert> alerts_of(uint32_t persons, Nanoseconds ms) {
  Worker w;
  w.policies.add(0, "p", 1, Severity::kHigh);
  w.policies.add(1, "bulk", 3, Severity::kCritical);
  Item item;
  item.flow.first_packet += ms * kMs;
  item.facts.first_byte = kStart + ms * kMs;
  ItemAlerts alerts(w.context);
  for (uint32_t n = 1; n <= persons; ++n) {
    tell(alerts, item, Item::finding(0, n, 100 * n), kStart + (ms + n) * kMs);
  }
  tell(alerts, item, Item::finding(1, 1, 1000, 95), kStart + (ms + 9) * kMs);
  item.end(5000, kStart + (ms + 10) * kMs);
  alerts.on_end(item.facts, item.findings, kStart + (ms + 10) * kMs);
  return std::move(w.sink.alerts);
}

// Python: hashlib.blake2b(…, digest_size=16) over kind (1 byte: 5 and 6), then the policy and the first
// alert's uid, each behind its length (4).
TEST(AlertStorms, UidsAreBlake2bOverPolicyAndFirstAlert) {
  const char* first = "fd4cf6c675c6664acc949842e8f2d203";
  EXPECT_EQ(storm_finding_uid("identity-outbound", first), "1c4d872180923a6bf8a1726a95100065");
  EXPECT_EQ(storm_revision_uid("identity-outbound", first), "1a33ed35b4b6072bccd58b5de5f1f8e1");
}

// What workers folded and a sink folds again says the same as if it had been folded once; only the name
// differs.
TEST(AlertStorms, StormsOfStormsAddUp) {
  AlertStorms once;
  AlertStorms first;
  AlertStorms second;
  AlertStorms again("/kafka b:9092");
  for (const Nanoseconds ms : {0, 20, 40}) {
    for (const Alert& alert : alerts_of(ms == 20 ? 4 : 1, ms)) {
      once.fold(alert);
      (ms == 20 ? second : first).fold(alert);
    }
  }
  for (AlertStorms* storms : {&first, &second}) {
    for (; !storms->empty(); storms->pop()) again.fold(storms->front());
  }
  ASSERT_FALSE(again.empty());
  for (; !again.empty(); again.pop(), once.pop()) {
    ASSERT_FALSE(once.empty());
    json want = json::parse(write_ocsf(once.front(), {}, 1, 1));
    json got = json::parse(write_ocsf(again.front(), {}, 1, 1));
    for (json* j : {&want, &got}) {
      (*j)["metadata"].erase("uid");
      (*j)["finding_info"].erase("uid");
    }
    EXPECT_EQ(got, want);
    EXPECT_NE(again.front().uid, once.front().uid);
  }
  EXPECT_TRUE(once.empty());
}

TEST(AlertStorms, OneAPolicyInTheOrderInWhichTheyBegan) {
  AlertStorms storms;
  EXPECT_TRUE(storms.empty());
  for (const Nanoseconds ms : {0, 20, 40}) {
    for (const Alert& alert : alerts_of(ms == 20 ? 4 : 1, ms)) storms.fold(alert);
  }
  ASSERT_FALSE(storms.empty());
  EXPECT_EQ(storms.front().policy_id, "p");
  EXPECT_EQ(storms.front().storm->creates, 3u);
  storms.pop();
  EXPECT_EQ(storms.front().policy_id, "bulk");
  EXPECT_EQ(storms.front().storm->creates, 1u);
  EXPECT_EQ(storms.front().severity, Severity::kCritical);
  storms.pop();
  EXPECT_TRUE(storms.empty());
}

TEST(AlertStorms, CountsAlertsAndMatchesAndKeepsTheSpan) {
  AlertStorms storms;
  std::vector<Alert> first = alerts_of(2, 50);
  std::vector<Alert> earlier = alerts_of(1, 0);
  ASSERT_EQ(first.size(), 1u);
  ASSERT_EQ(earlier.size(), 1u);
  Alert update = first[0];
  update.activity = AlertActivity::kUpdate;
  update.severity = Severity::kCritical;
  update.detectors.resize(1);
  update.last_finding = kStart + 80 * kMs;
  storms.fold(first[0]);
  storms.fold(earlier[0]);
  storms.fold(update);

  const Alert& storm = storms.front();
  EXPECT_EQ(storm.storm->creates, 2u);
  EXPECT_EQ(storm.storm->updates, 1u);
  EXPECT_EQ(storm.severity, Severity::kCritical);
  EXPECT_EQ(storm.first_byte, kStart);
  EXPECT_EQ(storm.last_byte, kStart + 60 * kMs);
  EXPECT_EQ(storm.first_finding, kStart + 1 * kMs);
  EXPECT_EQ(storm.last_finding, kStart + 80 * kMs);
  ASSERT_EQ(storm.detectors.size(), 2u);
  EXPECT_EQ(storm.detectors[0].id, "cn.resident_id");
  EXPECT_EQ(storm.storm->detectors[0].creates, 2u);
  EXPECT_EQ(storm.storm->detectors[0].updates, 1u);
  EXPECT_EQ(storm.detectors[0].matches, 3u) << "two in one Create, one in the other; the Update repeats";
  EXPECT_EQ(storm.detectors[1].id, "cn.mobile");
  EXPECT_EQ(storm.storm->detectors[1].creates, 2u);
  EXPECT_EQ(storm.storm->detectors[1].updates, 0u);
  EXPECT_EQ(storm.detectors[1].matches, 2u);
  EXPECT_EQ(storm.uid, storm_revision_uid("p", first[0].uid));
  EXPECT_EQ(storm.finding_uid, storm_finding_uid("p", first[0].uid));
}

TEST(AlertStorms, WhatThePolicyNamedComesFirst) {
  AlertStorms storms;
  Alert alert = alerts_of(1, 0).at(0);
  std::ranges::reverse(alert.detectors);
  ASSERT_FALSE(alert.detectors[0].named);
  storms.fold(alert);
  storms.fold(alerts_of(1, 20).at(0));
  const Alert& storm = storms.front();
  EXPECT_EQ(storm.detectors[0].id, "cn.resident_id");
  EXPECT_EQ(storm.storm->detectors[0].creates, 2u);
  EXPECT_EQ(storm.storm->detectors[1].creates, 2u);
}

TEST(AlertStorms, SaysWhatItIsAndShowsNobody) {
  AlertStorms storms;
  for (const Nanoseconds ms : {0, 2000}) storms.fold(alerts_of(2, ms).at(0));
  const std::string text = write_ocsf(storms.front(), {"", "edge-1"}, 3, 1'795'430'000'000);
  const json j = json::parse(text);
  EXPECT_EQ(j["activity_id"], 1);
  EXPECT_EQ(j["count"], 2);
  EXPECT_EQ(j["severity_id"], 4);
  EXPECT_EQ(j["confidence_id"], 3);
  EXPECT_EQ(j["start_time"], 1'795'421'700'000);
  EXPECT_EQ(j["end_time"], 1'795'421'702'010);
  EXPECT_EQ(j["finding_info"]["title"], "Alert storm: Title of p");
  EXPECT_EQ(j["finding_info"]["analytic"]["name"], "Title of p");
  EXPECT_EQ(j["finding_info"]["types"], json::array({"identity", "contact"}));
  EXPECT_EQ(j["data_security"]["policy"]["uid"], "p");
  EXPECT_EQ(j["unmapped"]["title_zh"], "告警风暴：标题 p");
  EXPECT_EQ(j["unmapped"]["final"], true);
  EXPECT_EQ(j["unmapped"]["storm"], json::parse(R"({"creates": 2, "updates": 0, "detectors": [
              {"id": "cn.resident_id", "named": true, "creates": 2, "updates": 0, "matches": 4, "score": 95},
              {"id": "cn.mobile", "named": false, "creates": 2, "updates": 0, "matches": 2, "score": 95}]})"));
  EXPECT_EQ(j["message"],
            "Alert storm: Title of p: 2 alerts in one, as the output did not keep up; high at most; Resident "
            "identity number in 2, Mobile number in 2; 2026-11-23 08:15:00 to 2026-11-23 08:15:02 UTC");
  EXPECT_EQ(
      j["unmapped"]["message_zh"],
      "告警风暴：标题 p：输出跟不上，2 条告警合为一条；最高级别：高；居民身份证号码 2 条、手机号码 2 条；"
      "2026-11-23 08:15:00 至 2026-11-23 08:15:02 UTC");
  for (const char* gone : {"110****", "10.0.0.5", "203.0.113.9", "shop.example", "k5eed0001:", "9999"}) {
    EXPECT_THAT(text, Not(HasSubstr(gone)));
  }
  EXPECT_THAT(alert_line(storms.front()), HasSubstr("HIGH      Alert storm: Title of p: 2 alerts in one"));
  const Record record = make_record(storms.front(), {}, 3, 0);
  EXPECT_EQ(record.type, "weir.alert.create");
  EXPECT_EQ(record.key, j["finding_info"]["uid"]);
  EXPECT_NE(record.key, record.id);
}

}  // namespace
}  // namespace weir::test
