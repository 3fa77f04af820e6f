#include "tests/harness/parser_driver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>

namespace weir::harness {

namespace {

constexpr size_t kEveryPlace = 3000;  // scripts up to this size are cut at every place
constexpr size_t kNearEnds = 200;
constexpr int kRandomRuns = 40;

// The sensor's side of a parser (sensor/pipeline/flow_reader.h), as far as results depend on it.
class Host {
 public:
  Host(const ParserInfo& info, bool midstream, RecordingSink& sink)
      : parser_(info.make(midstream)), sink_(sink) {}

  void data(Direction d, Bytes bytes) {
    const auto block = std::make_unique<uint8_t[]>(bytes.size());
    std::memcpy(block.get(), bytes.data(), bytes.size());
    const Bytes piece(block.get(), bytes.size());
    if (status_ == ParseStatus::kDone) {
      sink_.unread(d, parser_->skipped_as(), piece.size());
    } else if (status_ == ParseStatus::kGaveUp) {
      raw(d, piece);
    } else {
      heed(parser_->on_data(d, piece, sink_));
    }
  }

  void gap(Direction d, uint64_t n) {
    if (status_ == ParseStatus::kOk) heed(parser_->on_gap(d, n, sink_));
    if (status_ == ParseStatus::kGaveUp && raw_[index_of(d)] != kNoItem) {
      sink_.gap(raw_[index_of(d)], raw_offset_[index_of(d)], n);
      raw_offset_[index_of(d)] += n;
    }
  }

  void end(Direction d) {
    if (std::exchange(ended_[index_of(d)], true)) return;
    if (status_ == ParseStatus::kOk) parser_->on_end(d, sink_);
    if (raw_[index_of(d)] != kNoItem) sink_.close(raw_[index_of(d)], CloseReason::kFlowEnd);
  }

 private:
  void heed(ParseStatus status) {
    status_ = status;
    if (status != ParseStatus::kGaveUp) return;
    for (const Direction d : {Direction::kFromInitiator, Direction::kFromResponder}) {
      if (!ended_[index_of(d)]) parser_->on_end(d, sink_);
    }
  }

  void raw(Direction d, Bytes bytes) {
    const size_t i = index_of(d);
    if (raw_[i] == kNoItem) {
      ContentMeta meta;
      meta.direction = d;
      meta.protocol = "raw";
      raw_[i] = sink_.open(std::move(meta), kNoItem);
    }
    sink_.data(raw_[i], raw_offset_[i], bytes);
    raw_offset_[i] += bytes.size();
  }

  std::unique_ptr<Parser> parser_;
  RecordingSink& sink_;
  ParseStatus status_ = ParseStatus::kOk;
  std::array<bool, 2> ended_{};
  std::array<ItemId, 2> raw_{};
  std::array<uint64_t, 2> raw_offset_{};
};

std::string first_difference(const std::string& a, const std::string& b) {
  const auto at = static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const size_t from = at - std::min<size_t>(at, 160);
  return "whole: …" + a.substr(from, 320) + "…\ncut:   …" + b.substr(from, 320) + "…";
}

}  // namespace

Script& Script::data(Direction direction, std::string_view bytes) {
  steps_.push_back({Step::Kind::kData, direction, std::string(bytes), 0});
  return *this;
}

Script& Script::gap(Direction direction, uint64_t n) {
  steps_.push_back({Step::Kind::kGap, direction, "", n});
  return *this;
}

Script& Script::end(Direction direction) {
  steps_.push_back({Step::Kind::kEnd, direction, "", 0});
  return *this;
}

size_t Script::size() const {
  size_t n = 0;
  for (const Step& step : steps_) n += step.bytes.size();
  return n;
}

void drive(const ParserInfo& parser, const Script& script, const Cuts& cuts, bool midstream,
           RecordingSink& sink) {
  Host host(parser, midstream, sink);
  for (size_t i = 0; i < script.steps().size(); ++i) {
    const Script::Step& step = script.steps()[i];
    switch (step.kind) {
      case Script::Step::Kind::kGap:
        host.gap(step.direction, step.gap);
        break;
      case Script::Step::Kind::kEnd:
        host.end(step.direction);
        break;
      case Script::Step::Kind::kData: {
        std::vector<size_t> places = cuts(i, step.bytes.size());
        places.push_back(step.bytes.size());
        size_t from = 0;
        for (const size_t to : places) {
          if (to <= from) continue;
          host.data(step.direction, as_bytes(std::string_view(step.bytes).substr(from, to - from)));
          from = to;
        }
        break;
      }
    }
  }
  host.end(Direction::kFromInitiator);
  host.end(Direction::kFromResponder);
}

RecordingSink drive_every_split(const ParserInfo& parser, const Script& script, bool midstream) {
  RecordingSink whole;
  drive(
      parser, script, [](size_t, size_t) { return std::vector<size_t>(); }, midstream, whole);
  EXPECT_TRUE(whole.all_closed()) << whole.dump();
  const std::string expected = whole.dump();

  bool same = true;
  const auto compare = [&](const Cuts& cuts, const std::string& how) {
    if (!same) return;  // one report is enough
    RecordingSink sink;
    drive(parser, script, cuts, midstream, sink);
    const std::string got = sink.dump();
    same = got == expected;
    if (!same) ADD_FAILURE() << "different when cut " << how << "\n" << first_difference(expected, got);
  };

  compare(
      [](size_t, size_t size) {
        std::vector<size_t> places;
        for (size_t i = 1; i < size; ++i) places.push_back(i);
        return places;
      },
      "byte by byte");
  std::mt19937_64 random(20121228);
  for (size_t step = 0; step < script.steps().size(); ++step) {
    const size_t size = script.steps()[step].bytes.size();
    for (size_t at = 1; at < size && same; ++at) {
      const bool near = at < kNearEnds || size - at < kNearEnds;
      if (script.size() > kEveryPlace && !near && random() % size > kNearEnds) continue;
      compare([&](size_t i, size_t) { return i == step ? std::vector<size_t>{at} : std::vector<size_t>(); },
              "at byte " + std::to_string(at) + " of step " + std::to_string(step));
    }
  }
  for (int run = 0; run < kRandomRuns && same; ++run) {
    const size_t most = size_t{1} << (1 + run % 12);
    compare(
        [&](size_t, size_t size) {
          std::vector<size_t> places;
          for (size_t at = 1 + random() % most; at < size; at += 1 + random() % most) places.push_back(at);
          return places;
        },
        "at random, pieces up to " + std::to_string(most) + " bytes");
  }
  return whole;
}

void drive_datagrams(const ParserInfo& parser, const Script& script, RecordingSink& sink) {
  const std::unique_ptr<Parser> made = parser.make(false);
  bool done = false;
  for (const Script::Step& step : script.steps()) {
    if (step.kind != Script::Step::Kind::kData) continue;
    const auto block = std::make_unique<uint8_t[]>(step.bytes.size());
    std::memcpy(block.get(), step.bytes.data(), step.bytes.size());
    if (done) {
      sink.unread(step.direction, made->skipped_as(), step.bytes.size());
      continue;
    }
    const ParseStatus status = made->on_datagram(step.direction, Bytes(block.get(), step.bytes.size()), sink);
    EXPECT_NE(status, ParseStatus::kGaveUp);
    done = status == ParseStatus::kDone;
  }
  EXPECT_TRUE(sink.all_closed()) << sink.dump();
}

ProbeResult probe_datagram(const ParserInfo& parser, std::string_view datagram, uint16_t responder_port,
                           Direction direction) {
  const std::vector<uint8_t> bytes(datagram.begin(), datagram.end());
  ProbeView view;
  view.head[index_of(direction)] = Bytes(bytes).first(std::min(bytes.size(), kProbeLimit));
  view.finished = {true, true};
  view.responder_port = responder_port;
  return parser.probe(view);
}

ProbeResult probe_of(const ParserInfo& parser, std::string_view out, std::string_view back, bool midstream,
                     bool finished) {
  const auto ask = [&](std::string_view a, std::string_view b, bool end) {
    const std::vector<uint8_t> first(a.begin(), a.end());
    const std::vector<uint8_t> second(b.begin(), b.end());
    ProbeView view;
    view.head = {Bytes(first), Bytes(second)};
    view.finished = {end || a.size() >= kProbeLimit, end || b.size() >= kProbeLimit};
    view.midstream = midstream;
    return parser.probe(view);
  };
  const ProbeResult answer = ask(out, back, finished);
  bool refused = false;
  for (size_t n = 0; n < out.size(); ++n) refused |= ask(out.substr(0, n), "", false) == ProbeResult::kNo;
  for (size_t n = 0; n < back.size(); ++n) refused |= ask(out, back.substr(0, n), false) == ProbeResult::kNo;
  EXPECT_FALSE(refused && answer != ProbeResult::kNo) << "no to a shorter begin, and not to the whole";
  return answer;
}

}  // namespace weir::harness
