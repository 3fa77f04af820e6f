#include "sensor/capture/replay_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <thread>

#include "tests/unit/sensor/capture/capture_samples.h"

namespace weir {
namespace {

using namespace capture_test;  // NOLINT: the helpers of this folder
using harness::PacketBuilder;
using harness::TimedFrame;

constexpr Nanoseconds kStart = 1'700'000'000'000'000'000;

struct Replay {
  std::vector<Packet> packets;
  SourceStatus status = SourceStatus::kOk;
  SourceStats stats;
  std::string error;
  std::vector<FileReport> reports;
};

Replay replay(std::vector<std::string> paths, ReplayOptions options = {}, size_t burst = 64) {
  Replay result;
  const auto source = make_replay_source(paths, options, &result.error);
  if (!source) {
    ADD_FAILURE() << result.error;
    return result;
  }
  std::vector<RawPacket> out(burst);
  for (;;) {
    size_t count = 0;
    result.status = source->next_burst(out, &count);
    for (size_t i = 0; i < count; ++i) result.packets.push_back(own(out[i]));
    if (result.status == SourceStatus::kEnd || result.status == SourceStatus::kError) break;
  }
  result.stats = source->stats();
  result.error = source->error();
  result.reports = source->reports();
  return result;
}

// Each frame says which file it is of and which packet there.
Frame labelled(size_t file, size_t index) {
  return PacketBuilder()
      .ethernet()
      .ipv4("192.0.2.1", "192.0.2.2")
      .udp(static_cast<uint16_t>(1000 + file), 53)
      .payload(std::to_string(file) + "/" + std::to_string(index))
      .frame();
}

class ReplaySourceTest : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::vector<TimedFrame>& frames) {
    harness::write_file(directory_.path(name), harness::pcap_image(frames));
    return directory_.path(name);
  }
  TemporaryDirectory directory_;
};

// Files that overlap at random, of hundreds of packets, with equal times among them: the merge is a stable
// sort by time of the files one behind another, whatever the size of the bursts.
TEST_F(ReplaySourceTest, MergesInTimeOrder) {
  std::mt19937 random(7);
  std::vector<std::string> paths;
  std::vector<Packet> expected;
  for (size_t file = 0; file < 6; ++file) {
    std::vector<TimedFrame> frames;
    Nanoseconds time = kStart + static_cast<Nanoseconds>(random() % 200);
    const size_t count = file == 3 ? 1 : 200 + random() % 300;
    for (size_t i = 0; i < count; ++i) {
      frames.push_back({time, labelled(file, i)});
      time += static_cast<Nanoseconds>(random() % 4);
      const Frame& frame = frames.back().frame;
      expected.push_back({frames.back().time, frame, static_cast<uint32_t>(frame.size()), 1});
    }
    paths.push_back(write("f" + std::to_string(file) + ".pcap", frames));
  }
  std::stable_sort(expected.begin(), expected.end(),
                   [](const Packet& a, const Packet& b) { return a.time < b.time; });
  for (const size_t burst : {1u, 3u, 64u, 1000u}) {
    const Replay result = replay(paths, {}, burst);
    EXPECT_EQ(result.packets, expected) << "bursts of " << burst;
    EXPECT_EQ(result.status, SourceStatus::kEnd);
    EXPECT_EQ(result.stats.packets, expected.size());
  }
}

TEST_F(ReplaySourceTest, MergesRotatedFilesAndReportsEach) {
  // Named out of time order: it is the packets' time that counts.
  const std::string late = write("a.pcap", {{kStart + 100, labelled(0, 0)}, {kStart + 110, labelled(0, 1)}});
  const std::string early = write("b.pcap", {{kStart, labelled(1, 0)}});
  const std::string empty = write("c.pcap", {});
  const Replay result = replay({late, early, empty});
  ASSERT_EQ(result.packets.size(), 3u);
  EXPECT_EQ(result.packets[0].bytes, labelled(1, 0));
  EXPECT_EQ(result.packets[1].bytes, labelled(0, 0));
  EXPECT_EQ(result.status, SourceStatus::kEnd);
  ASSERT_EQ(result.reports.size(), 3u);
  EXPECT_EQ(result.reports[0].path, late);
  EXPECT_EQ(result.reports[0].packets, 2u);
  EXPECT_EQ(result.reports[0].bytes, labelled(0, 0).size() * 2);
  EXPECT_EQ(result.reports[1].packets, 1u);
  EXPECT_EQ(result.reports[2].packets, 0u);
  EXPECT_EQ(result.reports[2].error, "");
}

// A time that goes back inside a file stays where it is in that file.
TEST_F(ReplaySourceTest, KeepsTheOrderInsideAFile) {
  const std::string path =
      write("a.pcap",
            {{kStart + 50, labelled(0, 0)}, {kStart + 10, labelled(0, 1)}, {kStart + 60, labelled(0, 2)}});
  const std::string other = write("b.pcap", {{kStart + 55, labelled(1, 0)}});
  const Replay result = replay({path, other});
  ASSERT_EQ(result.packets.size(), 4u);
  EXPECT_EQ(result.packets[0].bytes, labelled(0, 0));
  EXPECT_EQ(result.packets[1].bytes, labelled(0, 1));
  EXPECT_EQ(result.packets[2].bytes, labelled(1, 0));
  EXPECT_EQ(result.packets[3].bytes, labelled(0, 2));
}

TEST_F(ReplaySourceTest, TakesCapturesOfADirectory) {
  write("b.pcap", {{kStart + 2, labelled(0, 0)}});
  write("a.pcapng", {{kStart + 1, labelled(1, 0)}});
  write("c.cap", {{kStart + 3, labelled(2, 0)}});
  harness::write_file(directory_.path("notes.txt"), Frame(100, 'x'));
  std::filesystem::create_directory(directory_.path("deep.pcap"));
  const Replay result = replay({directory_.path()});
  EXPECT_EQ(result.packets.size(), 3u);
  ASSERT_EQ(result.reports.size(), 3u);
  EXPECT_EQ(result.reports[0].path, directory_.path("a.pcapng"));
  EXPECT_EQ(result.reports[1].path, directory_.path("b.pcap"));
  EXPECT_EQ(result.reports[2].path, directory_.path("c.cap"));
}

// Names as tcpdump -C, tcpdump -G and log rotation make them; what is not read is named with what it is.
TEST_F(ReplaySourceTest, TakesCapturesByTheirFirstBytesAndNamesTheRest) {
  write("cap.pcap1", {{kStart + 2, labelled(0, 0)}});
  write("log.pcap.1700000000", {{kStart + 1, labelled(1, 0)}});
  write("noname", {{kStart + 3, labelled(2, 0)}});
  harness::write_file(directory_.path("broken.pcap"), Frame(100, 'x'));
  harness::write_file(directory_.path("day.pcap.gz"), Frame{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3});
  harness::write_file(directory_.path("empty"), {});
  harness::write_file(directory_.path("notes.txt"), Frame(100, 'x'));
  std::filesystem::create_directory(directory_.path("older"));
  ASSERT_EQ(mkfifo(directory_.path("pipe.pcap").c_str(), 0600), 0);
  ReplayFiles files;
  std::string error;
  const std::vector<std::string> paths = {directory_.path()};
  ASSERT_TRUE(list_captures(paths, &files, &error)) << error;
  const auto path = [&](const char* name) { return directory_.path(name); };
  EXPECT_EQ(files.paths, (std::vector<std::string>{path("broken.pcap"), path("cap.pcap1"),
                                                   path("log.pcap.1700000000"), path("noname")}));
  ASSERT_EQ(files.passed_over.size(), 5u);
  const auto says = [&](size_t i, const char* name, const char* what) {
    EXPECT_EQ(files.passed_over[i].path, path(name));
    EXPECT_NE(files.passed_over[i].passed_over.find(what), std::string::npos)
        << files.passed_over[i].passed_over;
  };
  says(0, "day.pcap.gz", "gzip -dc");
  says(1, "empty", "empty file");
  says(2, "notes.txt", "not a capture");
  says(3, "older", "a directory");
  says(4, "pipe.pcap", "no plain file");
  const Replay result = replay({directory_.path()});
  EXPECT_EQ(result.packets.size(), 3u);
  EXPECT_EQ(result.reports.size(), 4u);
}

TEST_F(ReplaySourceTest, DamagedFilesGiveWhatCanBeRead) {
  const std::string good = write("good.pcap", {{kStart + 5, labelled(0, 0)}});
  Frame image = harness::pcap_image({{kStart, labelled(1, 0)}, {kStart + 10, labelled(1, 1)}});
  image.resize(image.size() - 4);
  harness::write_file(directory_.path("cut.pcap"), image);
  const Replay result = replay({good, directory_.path("cut.pcap"), directory_.path("none.pcap")});
  EXPECT_EQ(result.packets.size(), 2u);
  EXPECT_EQ(result.status, SourceStatus::kError);
  // 24 + 16 + 45 bytes before the second record; 16 + 45 − 4 of it are there.
  ASSERT_EQ(labelled(1, 0).size(), 45u);
  EXPECT_EQ(result.reports[1].error, "truncated: packet record at offset 85 says 61 bytes, 57 left");
  EXPECT_EQ(result.reports[1].packets, 1u);
  EXPECT_EQ(result.reports[2].error, "cannot open: No such file or directory");
  EXPECT_EQ(result.error, directory_.path("cut.pcap") + ": " + result.reports[1].error + " (and 1 more)");
}

TEST_F(ReplaySourceTest, NothingReadableIsAnErrorWithoutPackets) {
  harness::write_file(directory_.path("text.pcap"), Frame(100, 'x'));
  const Replay result = replay({directory_.path("text.pcap")});
  EXPECT_EQ(result.status, SourceStatus::kError);
  EXPECT_EQ(result.stats.packets, 0u);
  EXPECT_NE(result.error.find("not a capture file"), std::string::npos);
}

TEST_F(ReplaySourceTest, RefusesWrongRequests) {
  const std::string path = write("a.pcap", {{kStart, labelled(0, 0)}});
  const auto error_of = [](std::vector<std::string> paths, ReplayOptions options) {
    std::string error;
    EXPECT_FALSE(make_replay_source(paths, options, &error));
    return error;
  };
  EXPECT_EQ(error_of({}, {}), "no capture file named");
  EXPECT_EQ(error_of({"-", "-"}, {}), "standard input (\"-\") is named twice");
  EXPECT_EQ(error_of({path}, {.filter = "port port"}),
            "filter \"port port\": can't parse filter expression: syntax error");
  EXPECT_EQ(error_of({path}, {.filter = "", .speed = -1}),
            "the speed must be 0 (as fast as it goes) or more");
  std::filesystem::create_directory(directory_.path("void"));
  EXPECT_EQ(error_of({directory_.path("void")}, {}),
            directory_.path("void") + ": no capture (pcap or pcapng) in this directory");
}

TEST_F(ReplaySourceTest, FiltersInsideWeir) {
  std::vector<TimedFrame> frames;
  for (size_t i = 0; i < 500; ++i)
    frames.push_back({kStart + static_cast<Nanoseconds>(i), labelled(i % 5, i)});
  const std::string path = write("a.pcap", frames);
  const Replay all = replay({path});
  const Replay some = replay({path}, {.filter = "udp src port 1003"});
  EXPECT_EQ(all.packets.size(), 500u);
  ASSERT_EQ(some.packets.size(), 100u);
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(some.packets[i].bytes, labelled(3, i * 5 + 3));
  EXPECT_EQ(some.stats.packets, 500u);
  EXPECT_EQ(some.stats.filtered, 400u);
  EXPECT_EQ(some.stats.bytes, all.stats.bytes);
  uint64_t kept = 0;
  for (const Packet& p : some.packets) kept += p.wire_length;
  EXPECT_EQ(some.stats.filtered_bytes, all.stats.bytes - kept);
  EXPECT_EQ(replay({path}, {.filter = "tcp"}).packets.size(), 0u);
  EXPECT_EQ(replay({path}, {.filter = "  "}).packets.size(), 500u);
}

// One expression compiled for each link type. In make.py's words: one tcp() frame each without a VLAN tag,
// and in the Linux cooked file a second one on a netlink device, which BPF does not tell apart.
TEST_F(ReplaySourceTest, FiltersEveryLinkType) {
  for (const auto& [name, count] : std::vector<std::pair<std::string, size_t>>{{"link_sll.pcap", 2},
                                                                               {"link_raw.pcap", 1},
                                                                               {"link_ipv4.pcap", 1},
                                                                               {"link_loop.pcap", 1},
                                                                               {"link_ipv6.pcap", 0}}) {
    const Replay result = replay({kFolder + name}, {.filter = "tcp port 80"});
    EXPECT_EQ(result.packets.size(), count) << name;
    EXPECT_EQ(result.error, "") << name;
  }
  const Replay raw = replay({kFolder + "link_raw.pcap"}, {.filter = "ether host 02:00:00:00:00:01"});
  EXPECT_EQ(raw.packets.size(), 0u);
  EXPECT_NE(raw.error.find("does not fit link type 101"), std::string::npos) << raw.error;
}

TEST_F(ReplaySourceTest, TellsWhatTheCapturesLost) {
  const SourceStats stats = replay({kFolder + "blocks_le.pcapng", kFolder + "blocks_be.pcapng"}).stats;
  EXPECT_EQ(stats.interface_drops, 28u);
  EXPECT_EQ(stats.kernel_drops, uint64_t{2} << 33);
}

TEST_F(ReplaySourceTest, ProgressGoesFromNothingToAll) {
  std::vector<TimedFrame> frames;
  for (size_t i = 0; i < 1000; ++i) frames.push_back({kStart + static_cast<Nanoseconds>(i), labelled(0, i)});
  const std::vector<std::string> paths{write("a.pcap", frames), write("b.pcap", frames)};
  std::string error;
  const auto source = make_replay_source(paths, {}, &error);
  ASSERT_TRUE(source) << error;
  EXPECT_EQ(source->progress(), 0);
  std::vector<RawPacket> out(64);
  double before = 0;
  size_t count = 0;
  while (source->next_burst(out, &count) == SourceStatus::kOk) {
    EXPECT_GE(source->progress(), before);
    before = source->progress();
  }
  EXPECT_EQ(source->progress(), 1);
}

TEST_F(ReplaySourceTest, StopEndsIt) {
  std::vector<TimedFrame> frames(100, TimedFrame{kStart, labelled(0, 0)});
  const std::vector<std::string> paths{write("a.pcap", frames)};
  std::string error;
  const auto source = make_replay_source(paths, {}, &error);
  std::vector<RawPacket> out(8);
  size_t count = 0;
  ASSERT_EQ(source->next_burst(out, &count), SourceStatus::kOk);
  source->stop();
  EXPECT_EQ(source->next_burst(out, &count), SourceStatus::kEnd);
  EXPECT_EQ(count, 0u);
}

// A second of capture at four times its speed takes a quarter; all packets come, in order. Only the lower
// bound is certain on a busy machine, and only by the clock that the source itself sleeps by.
TEST_F(ReplaySourceTest, KeepsThePaceOfTheCapture) {
  std::vector<TimedFrame> frames;
  for (size_t i = 0; i <= 10; ++i)
    frames.push_back({kStart + static_cast<Nanoseconds>(i) * 100'000'000, labelled(0, i)});
  const std::string path = write("a.pcap", frames);
  const auto begin = std::chrono::steady_clock::now();
  const Replay result = replay({path}, {.filter = "", .speed = 4});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(250));
  ASSERT_EQ(result.packets.size(), 11u);
  for (size_t i = 0; i < 11; ++i) EXPECT_EQ(result.packets[i].bytes, labelled(0, i));
}

// An hour lies between the packets: what has been handed out is counted, not what has been read ahead.
TEST_F(ReplaySourceTest, CountsWhatItHandedOutWhereItIsEnded) {
  constexpr Nanoseconds kHour = 3600ll * 1'000'000'000;
  for (const size_t files : {1u, 3u}) {
    std::vector<std::string> paths;
    for (size_t file = 0; file < files; ++file) {
      std::vector<TimedFrame> frames;
      for (size_t i = 0; i < 10; ++i)
        frames.push_back({kStart + static_cast<Nanoseconds>(i) * kHour, labelled(file, i)});
      paths.push_back(write("f" + std::to_string(file) + ".pcap", frames));
    }
    paths.push_back(write("later.pcap", {{kStart + 20 * kHour, labelled(9, 0)}}));
    std::string error;
    const auto source = make_replay_source(paths, {.filter = "", .speed = 1}, &error);
    ASSERT_TRUE(source) << error;
    std::vector<RawPacket> out(64);
    size_t handed = 0;
    for (int i = 0; i < 10; ++i) {
      size_t count = 0;
      const SourceStatus status = source->next_burst(out, &count);
      ASSERT_TRUE(status == SourceStatus::kOk || status == SourceStatus::kIdle);
      handed += count;
    }
    EXPECT_EQ(handed, files) << "the first of each is due at once, the next in an hour";
    EXPECT_EQ(source->stats().packets, files);
    // A tenth of each file but the last; its header and the like apart.
    EXPECT_GT(source->progress(), 0.0);
    EXPECT_LT(source->progress(), 0.2);
    source->stop();
    size_t count = 0;
    EXPECT_EQ(source->next_burst(out, &count), SourceStatus::kEnd);
    const std::vector<FileReport> reports = source->reports();
    ASSERT_EQ(reports.size(), files + 1);
    for (const FileReport& report : reports) {
      EXPECT_TRUE(report.unfinished) << report.path;
      EXPECT_EQ(report.error, "");
      EXPECT_EQ(report.packets, &report == &reports.back() ? 0u : 1u);
    }
  }
}

TEST_F(ReplaySourceTest, ATimeThatGoesBackIsDueAtOnce) {
  const std::string path = write(
      "a.pcap",
      {{kStart, labelled(0, 0)}, {kStart - 5'000'000'000, labelled(0, 1)}, {kStart - 1, labelled(0, 2)}});
  const Replay result = replay({path}, {.filter = "", .speed = 0.001});
  ASSERT_EQ(result.packets.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(result.packets[i].bytes, labelled(0, i));
  EXPECT_EQ(result.status, SourceStatus::kEnd);
  EXPECT_FALSE(result.reports[0].unfinished);
}

TEST_F(ReplaySourceTest, OfWholeAndBrokenFilesNoneIsUnfinished) {
  const std::string good = write("good.pcap", {{kStart, labelled(0, 0)}});
  harness::write_file(directory_.path("text.pcap"), Frame(100, 'x'));
  for (const FileReport& report :
       replay({good, directory_.path("text.pcap"), directory_.path("none.pcap"), write("empty.pcap", {})})
           .reports) {
    EXPECT_FALSE(report.unfinished) << report.path;
  }
}

TEST_F(ReplaySourceTest, AFileThatShrinksEndsAloneAndSaysSo) {
  std::vector<TimedFrame> frames, others;
  for (size_t i = 0; i < 2000; ++i) {
    frames.push_back({kStart + static_cast<Nanoseconds>(2 * i), labelled(0, 1000 + i)});
    others.push_back({kStart + static_cast<Nanoseconds>(2 * i + 1), labelled(1, 1000 + i)});
  }
  const size_t record = 16 + labelled(0, 1000).size();
  const std::vector<std::string> paths{write("a.pcap", frames), write("b.pcap", others)};
  std::string error;
  const auto source = make_replay_source(paths, {}, &error);
  ASSERT_TRUE(source) << error;
  std::vector<RawPacket> out(64);
  std::vector<size_t> read(2);
  SourceStatus status = SourceStatus::kOk;
  for (bool first = true; status == SourceStatus::kOk; first = false) {
    size_t count = 0;
    status = source->next_burst(out, &count);
    for (size_t i = 0; i < count; ++i) ++read[static_cast<size_t>(out[i].time - kStart) % 2];
    const auto left = static_cast<off_t>(24 + 1000 * record + 7);
    if (first) {
      ASSERT_EQ(truncate(paths[0].c_str(), left), 0);
    }
  }
  EXPECT_EQ(status, SourceStatus::kError);
  EXPECT_EQ(read[0], 1000u);
  EXPECT_EQ(read[1], 2000u);
  const std::vector<FileReport> reports = source->reports();
  EXPECT_NE(reports[0].error.find("became shorter"), std::string::npos) << reports[0].error;
  EXPECT_EQ(reports[0].packets, 1000u);
  EXPECT_EQ(reports[1].error, "");
}

TEST_F(ReplaySourceTest, MergesAPipeWithAFile) {
  std::vector<TimedFrame> even, odd;
  for (size_t i = 0; i < 1000; ++i) {
    even.push_back({kStart + static_cast<Nanoseconds>(2 * i), labelled(0, i)});
    odd.push_back({kStart + static_cast<Nanoseconds>(2 * i + 1), labelled(1, i)});
  }
  const std::string file = write("even.pcap", even);
  const std::string fifo = directory_.path("odd.fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_TRUE(any_stream(std::vector<std::string>{file, fifo}));
  EXPECT_FALSE(any_stream(std::vector<std::string>{file}));
  std::thread writer([&] { harness::write_file(fifo, harness::pcap_image(odd)); });
  const Replay result = replay({file, fifo});
  writer.join();
  ASSERT_EQ(result.packets.size(), 2000u);
  for (size_t i = 0; i < 2000; ++i) ASSERT_EQ(result.packets[i].time, kStart + static_cast<Nanoseconds>(i));
  EXPECT_EQ(result.status, SourceStatus::kEnd);
}

}  // namespace
}  // namespace weir
