#include "tests/harness/parser_driver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "sensor/pipeline/flow_reader.h"

namespace weir::harness {

namespace {

constexpr size_t kEveryPlace = 3000;  // scripts up to this size are cut at every place
constexpr size_t kNearEnds = 200;
constexpr int kRandomRuns = 40;
constexpr size_t kBroken = 60;      // places at which a script gets a hole or an end
constexpr size_t kBrokenLong = 12;  // … a long one

// The sensor's side of a parser (sensor/pipeline/flow_reader.h), as far as results depend on it.
class Host {
 public:
  Host(const ParserInfo& info, bool midstream, RecordingSink& sink)
      : parser_(info.make(midstream)), sink_(sink) {}

  void data(Direction d, Bytes piece, bool peer_is_behind) {
    parser_->peer_is_behind = peer_is_behind;
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
    ended_[index_of(d)] = true;
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
    if (bytes.empty()) return;
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

// The sensor's own FlowReader, and its sink before a RecordingSink.
class ReaderHost {
 public:
  ReaderHost(const ParserInfo& info, bool midstream, bool rests, RecordingSink& sink)
      : info_{info}, sink_(sink), rests_(rests) {
    info_[0].probe = [](const ProbeView&) { return ProbeResult::kCertain; };
    reader_.emplace(info_, info_[0].transport, uint16_t{0}, midstream, uint64_t{0});
  }
  void data(Direction d, Bytes piece, bool peer_is_behind) {
    reader_->on_chunk(d, at_[index_of(d)], piece, 0, sink_, peer_is_behind);
    at_[index_of(d)] += piece.size();
    rest();
  }
  void gap(Direction d, uint64_t n) {
    reader_->on_gap(d, at_[index_of(d)], n, 0, sink_);
    at_[index_of(d)] += n;
    rest();
  }
  void end(Direction d) {
    reader_->on_end(d, 0, sink_);
    rest();
  }
  void finish() { reader_->finish(0, sink_); }

 private:
  class Sink final : public TimedContentSink {
   public:
    explicit Sink(RecordingSink& to) : to_(to) {}
    void set_time(Nanoseconds) override {}
    ItemId open(ContentMeta&& meta, ItemId parent) override { return to_.open(std::move(meta), parent); }
    void data(ItemId item, uint64_t offset, Bytes bytes) override { to_.data(item, offset, bytes); }
    void gap(ItemId item, uint64_t offset, uint64_t n) override { to_.gap(item, offset, n); }
    void meta(ItemId item, const ContentMeta& update) override { to_.meta(item, update); }
    void close(ItemId item, CloseReason why) override { to_.close(item, why); }
    void unread(Direction d, Unread why, uint64_t n) override { to_.unread(d, why, n); }
    void asks(Direction side, bool sure) override { to_.asks(side, sure); }

   private:
    RecordingSink& to_;
  };

  void rest() {
    const std::optional<FlowReader::AtRest> rest = rests_ ? reader_->at_rest() : std::nullopt;
    if (!rest) return;
    const std::array<uint64_t, 2> datagrams = reader_->datagram_bytes();
    reader_.emplace(info_, info_[0].transport, uint16_t{0}, *rest, datagrams, uint64_t{0}, sink_);
  }

  std::array<ParserInfo, 1> info_;
  Sink sink_;
  bool rests_;
  std::optional<FlowReader> reader_;
  std::array<uint64_t, 2> at_{};
};

template <typename AnyHost>
void play(AnyHost& host, const Script& script, const Cuts& cuts) {
  std::array<bool, 2> ended{};
  const auto end = [&](Direction d) {
    if (!std::exchange(ended[index_of(d)], true)) host.end(d);
  };
  for (size_t i = 0; i < script.steps().size(); ++i) {
    const Script::Step& step = script.steps()[i];
    if (ended[index_of(step.direction)]) continue;
    switch (step.kind) {
      case Script::Step::Kind::kGap:
        host.gap(step.direction, step.gap);
        break;
      case Script::Step::Kind::kEnd:
        end(step.direction);
        break;
      case Script::Step::Kind::kData: {
        std::vector<size_t> places = cuts(i, step.bytes.size());
        places.push_back(step.bytes.size());
        size_t from = 0;
        for (const size_t place : places) {
          const size_t to = std::clamp(place, from, step.bytes.size());
          const auto block = std::make_unique<uint8_t[]>(to - from);
          if (to > from) std::memcpy(block.get(), step.bytes.data() + from, to - from);
          host.data(step.direction, Bytes(block.get(), to - from), step.peer_is_behind);
          from = to;
        }
        break;
      }
    }
  }
  end(Direction::kFromInitiator);
  end(Direction::kFromResponder);
}

// The script with `step` broken at byte `at`: there its direction ends, or loses up to `hole` bytes.
Script broken(const Script& script, size_t step, size_t at, uint64_t hole) {
  Script out;
  for (size_t i = 0; i < script.steps().size(); ++i) {
    const Script::Step& s = script.steps()[i];
    if (i != step) {
      if (s.kind == Script::Step::Kind::kData) out.data(s.direction, s.bytes, s.peer_is_behind);
      if (s.kind == Script::Step::Kind::kGap) out.gap(s.direction, s.gap);
      if (s.kind == Script::Step::Kind::kEnd) out.end(s.direction);
      continue;
    }
    const std::string_view bytes = s.bytes;
    if (at > 0) out.data(s.direction, bytes.substr(0, at), s.peer_is_behind);
    if (hole == 0) {
      out.end(s.direction);
      continue;
    }
    const size_t behind = std::min<size_t>(at + hole, bytes.size());
    out.gap(s.direction, behind - at);
    if (behind < bytes.size()) out.data(s.direction, bytes.substr(behind), s.peer_is_behind);
  }
  return out;
}

}  // namespace

bool begins_with_hole(const Script& script) {
  std::array<bool, 2> ended{};
  for (const Script::Step& step : script.steps()) {
    bool& over = ended[index_of(step.direction)];
    if (over) continue;  // is not played
    if (step.kind != Script::Step::Kind::kEnd) return step.kind == Script::Step::Kind::kGap;
    over = true;
  }
  return false;
}

namespace {

std::vector<size_t> no_cut(size_t, size_t) { return {}; }

// Each byte a piece, with an empty one before every third; of long steps larger pieces.
std::vector<size_t> crumbs(size_t, size_t size) {
  const size_t piece = size > kEveryPlace ? 61 : 1;
  std::vector<size_t> places;
  for (size_t at = 0; at < size; at += piece) {
    if (at > 0) places.push_back(at);
    if (at % 3 == 0) places.push_back(at);
  }
  return places;
}

std::string first_difference(const std::string& a, const std::string& b) {
  const auto at = static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  const size_t from = at - std::min<size_t>(at, 160);
  return "whole: …" + a.substr(from, 320) + "…\ncut:   …" + b.substr(from, 320) + "…";
}

}  // namespace

Script& Script::data(Direction direction, std::string_view bytes, bool peer_is_behind) {
  steps_.push_back({Step::Kind::kData, direction, std::string(bytes), 0, peer_is_behind});
  return *this;
}

Script& Script::gap(Direction direction, uint64_t n) {
  steps_.push_back({Step::Kind::kGap, direction, "", n, false});
  return *this;
}

Script& Script::end(Direction direction) {
  steps_.push_back({Step::Kind::kEnd, direction, "", 0, false});
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
  play(host, script, cuts);
}

void drive_reader(const ParserInfo& parser, const Script& script, const Cuts& cuts, bool midstream,
                  bool rests, RecordingSink& sink) {
  ReaderHost host(parser, midstream, rests, sink);
  play(host, script, cuts);
  host.finish();
}

namespace {

// Holds runs of one script against the one that is whole.
class Comparison {
 public:
  Comparison(const ParserInfo& parser, const Script& script, bool midstream, std::string what)
      : parser_(parser), script_(script), midstream_(midstream), what_(std::move(what)) {
    drive(parser, script, no_cut, midstream, whole_);
    EXPECT_TRUE(whole_.all_closed()) << what_ << whole_.dump();
    expected_ = whole_.dump();
    uint64_t told = whole_.unread_bytes(Direction::kFromInitiator, Unread::kEncrypted) +
                    whole_.unread_bytes(Direction::kFromResponder, Unread::kEncrypted);
    for (const RecordingSink::Item& item : whole_.items()) told += item.bytes.size();
    EXPECT_LE(told, script.size()) << what_ << whole_.dump();
  }

  bool same() const { return same_; }
  RecordingSink& whole() { return whole_; }

  void with(const Cuts& cuts, const std::string& how) {
    if (!same_) return;  // one report is enough
    RecordingSink sink;
    drive(parser_, script_, cuts, midstream_, sink);
    judge(sink, how);
  }
  void through_reader(const Cuts& cuts, const std::string& how) {
    for (const bool rests : {false, true}) {
      if (!same_ || begins_with_hole(script_)) return;
      RecordingSink sink;
      drive_reader(parser_, script_, cuts, midstream_, rests, sink);
      judge(sink, how + (rests ? ", by a FlowReader that rests" : ", by a FlowReader"));
    }
  }

 private:
  void judge(const RecordingSink& sink, const std::string& how) {
    const std::string got = sink.dump();
    same_ = got == expected_;
    if (!same_)
      ADD_FAILURE() << what_ << "different when cut " << how << "\n" << first_difference(expected_, got);
  }

  const ParserInfo& parser_;
  const Script& script_;
  bool midstream_;
  std::string what_;
  RecordingSink whole_;
  std::string expected_;
  bool same_ = true;
};

// A hole and an end at some places of each step.
void break_everywhere(const ParserInfo& parser, const Script& script, bool midstream) {
  const size_t size = std::max<size_t>(1, script.size());
  const size_t most = size > kEveryPlace ? kBrokenLong : kBroken;
  std::mt19937_64 random(20121229);
  bool same = true;
  for (size_t step = 0; step < script.steps().size(); ++step) {
    const size_t length = script.steps()[step].bytes.size();
    for (size_t at = 0; at < length && same; ++at) {
      if (at > 0 && at + 1 < length && random() % size >= most) continue;
      for (const uint64_t hole : {uint64_t{0}, uint64_t{1}, uint64_t{2 + random() % 40}}) {
        if (!same) break;
        const Script cut = broken(script, step, at, hole);
        Comparison runs(parser, cut, midstream,
                        (hole == 0 ? "with an end at byte " : "with a hole at byte ") + std::to_string(at) +
                            " of step " + std::to_string(step) + ": ");
        runs.with(crumbs, "in crumbs");
        runs.through_reader(crumbs, "in crumbs");
        same = same && runs.same();
      }
    }
  }
}

}  // namespace

RecordingSink drive_every_split(const ParserInfo& parser, const Script& script, bool midstream) {
  Comparison runs(parser, script, midstream, "");
  runs.with(
      [](size_t, size_t size) {
        std::vector<size_t> places;
        for (size_t i = 1; i < size; ++i) places.push_back(i);
        return places;
      },
      "byte by byte");
  runs.with(crumbs, "in crumbs");
  runs.through_reader(no_cut, "nowhere");
  runs.through_reader(crumbs, "in crumbs");
  std::mt19937_64 random(20121228);
  for (size_t step = 0; step < script.steps().size(); ++step) {
    const size_t size = script.steps()[step].bytes.size();
    for (size_t at = 1; at < size && runs.same(); ++at) {
      const bool near = at < kNearEnds || size - at < kNearEnds;
      if (script.size() > kEveryPlace && !near && random() % size > kNearEnds) continue;
      runs.with([&](size_t i, size_t) { return i == step ? std::vector<size_t>{at} : std::vector<size_t>(); },
                "at byte " + std::to_string(at) + " of step " + std::to_string(step));
    }
  }
  for (int run = 0; run < kRandomRuns && runs.same(); ++run) {
    const size_t most = size_t{1} << (1 + run % 12);
    runs.with(
        [&](size_t, size_t size) {
          std::vector<size_t> places;
          for (size_t at = random() % most; at < size; at += random() % most) places.push_back(at);
          return places;
        },
        "at random, pieces up to " + std::to_string(most) + " bytes");
  }
  if (runs.same()) break_everywhere(parser, script, midstream);
  return std::move(runs.whole());
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
