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
using testing::AllOf;
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

// With another policy of its group alerting on the same item, a detector is not below anything.
TEST(SummaryText, TellsWhatWasFoundWithoutAnAlertOfItsOwn) {
  Catalogue catalogue;
  catalogue.detectors.resize(2);
  catalogue.detectors[0].id = "cn.resident_id";
  catalogue.detectors[1].id = "cn.mobile";
  RunResult result;
  result.totals.detectors.resize(2);
  result.totals.detectors[0] = {.findings = 3000, .alerts = 2};
  result.totals.detectors[1] = {.findings = 2500};
  EXPECT_THAT(summary_text({result, catalogue, {}, false, false}),
              AllOf(HasSubstr("    cn.resident_id             in 2 alerts, 3,000 matches\n"),
                    HasSubstr("  found besides, without an alert of their own: cn.mobile 2,500 (--all shows "
                              "them)\n")));
}

TEST(SummaryText, SaysThatESPWasEncrypted) {
  const Catalogue catalogue;
  RunResult result;
  result.totals.packets[static_cast<size_t>(PacketKind::kEsp)] = 1036;
  EXPECT_THAT(summary_text({result, catalogue, {}, false, false}),
              HasSubstr("  no alert: there was no TCP or UDP payload to read; 1,036 packets were encrypted "
                        "(ESP)\n"));
}

// "All were read" is said only where nothing else was there that could hold anything.
TEST(SummaryText, AllWereReadIsSaidOnlyWhereItIsSo) {
  const Catalogue catalogue;
  const std::string all = "  no alert: all 1,000 bytes were read, and nothing in them calls for one\n";
  const auto said = [&](auto change, std::vector<FileReport> files = {}) {
    RunResult result;
    result.totals.packets[static_cast<size_t>(PacketKind::kTcp)] = 10;
    result.totals.packets[static_cast<size_t>(PacketKind::kArp)] = 2;
    result.totals.packets[static_cast<size_t>(PacketKind::kIcmp)] = 2;
    result.totals.protocols["raw"].inspection.seen = 1000;
    change(result);
    return summary_text({result, catalogue, files, false, false});
  };
  EXPECT_THAT(said([](RunResult&) {}), HasSubstr(all));
  const auto with = [](PacketKind kind) {
    return [kind](RunResult& r) { r.totals.packets[static_cast<size_t>(kind)] = 3; };
  };
  const std::string read = "  no alert: 1,000 bytes of 1,000 bytes were read; besides, 3 ";
  EXPECT_THAT(
      said(with(PacketKind::kOtherIp)),
      HasSubstr(read + "packets of IP protocols that Weir does not read (SCTP, UDP-Lite and others)\n"));
  EXPECT_THAT(said(with(PacketKind::kUnknownLink)),
              HasSubstr(read + "packets of a link type that Weir does not know\n"));
  EXPECT_THAT(said(with(PacketKind::kOtherLink)),
              HasSubstr(read + "frames of protocols beside IP that Weir does not read\n"));
  EXPECT_THAT(said(with(PacketKind::kEsp)), HasSubstr(read + "packets were encrypted (ESP)\n"));
  EXPECT_THAT(said(with(PacketKind::kTruncated)), HasSubstr(read + "packets cut in their headers\n"));
  EXPECT_THAT(said(with(PacketKind::kMalformed)),
              HasSubstr(read + "packets with headers that contradict themselves\n"));
  EXPECT_THAT(said([](RunResult& r) { r.totals.protocols["raw"].inspection.gap = 7; }),
              HasSubstr("were read; besides, 7 bytes never came\n"));
  EXPECT_THAT(said([](RunResult& r) { r.source_stats.kernel_drops = 7; }),
              HasSubstr("were read; besides, 7 packets were missed\n"));
  EXPECT_THAT(said([](RunResult&) {}, {{"a.pcap", 1, 60, "cut", false, ""}}),
              HasSubstr("were read; besides, 1 files broke off\n"));
  EXPECT_THAT(
      said([](RunResult& r) {
        r.totals.protocols["raw"].inspection.add_unread(Unread::kUndecodable, 400);
        r.totals.packets[static_cast<size_t>(PacketKind::kOtherIp)] = 1;
      }),
      HasSubstr("  no alert: 600 bytes of 1,000 bytes were read; 0 bytes were encrypted, 400 bytes unread "
                "for other reasons; besides, 1 packets of IP protocols"));
}

TEST(SummaryText, NamesTheFileThatBrokeOff) {
  const Catalogue catalogue;
  const RunResult result;
  EXPECT_THAT(summary_text({result, catalogue, {{"a.pcap", 1, 60, "empty file", false, ""}}, false, false}),
              HasSubstr("  files      0 read to the end, 1 not\n             a.pcap: empty file\n"));
}

TEST(SummaryText, AnInterruptedReplaySaysHowFarEachFileWasRead) {
  const Catalogue catalogue;
  RunResult result;
  result.interrupted = true;
  const std::vector<FileReport> files = {{"a.pcap", 70, 4000, "", false, ""},
                                         {"b.pcap", 1234, 60'000, "", true, ""},
                                         {"c.pcap", 0, 0, "", true, ""}};
  EXPECT_THAT(summary_text({result, catalogue, files, false, false}),
              StartsWith("Interrupted; up to there:\n  files      1 read to the end, 2 not\n"
                         "             b.pcap: ended after 1,234 packets\n             c.pcap: not begun\n"));
}

TEST(SummaryText, SaysWhyNothingCouldComeOrBeCounted) {
  const Catalogue catalogue;
  RunResult result;
  result.device_problems = {"eth1 has no link, no packet can come"};
  SummaryInput input{result, catalogue, {}, false, true};
  input.filter = "tcp port 80";
  EXPECT_THAT(summary_text(input), Not(HasSubstr("  filter ")));
  input.filter_counted = false;
  EXPECT_THAT(
      summary_text(input),
      AllOf(
          HasSubstr("  device     eth1 has no link, no packet can come\n"),
          HasSubstr(
              "  filter     what \"tcp port 80\" refused stayed in the kernel, which does not count it\n")));
}

TEST(SummaryText, TellsWhatBecameOfTheAlertsAtEachSink) {
  const Catalogue catalogue;
  RunResult result;
  result.sinks = {{.name = "file a.jsonl", .delivered = 12'382}};
  EXPECT_THAT(summary_text({result, catalogue, {}, false, true}), Not(HasSubstr("a.jsonl")));
  result.sinks.push_back({.name = "kafka b:9092", .delivered = 30, .storms = 6, .folded = 12'345});
  result.sinks.push_back({.name = "standard output", .delivered = 1, .lost = 7, .not_delivered = 12'374});
  EXPECT_THAT(
      summary_text({result, catalogue, {}, false, true}),
      HasSubstr("  kafka b:9092: 30 alerts and updates delivered, 12,345 told in 6 storm alerts, for it "
                "was too slow\n"
                "  standard output: 1 alerts and updates delivered, 7 LOST, 12,374 NOT DELIVERED\n"));
}

}  // namespace
}  // namespace weir
