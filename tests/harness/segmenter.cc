#include "tests/harness/segmenter.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parsers/wire/bytes.h"

namespace weir::harness {
namespace {

constexpr size_t kHandshake = 3;

// Sorts by (place + shift), stable: a segment is overtaken by at most `shift` later ones.
void move_back(std::vector<Segment>& segments, const std::vector<size_t>& places) {
  std::vector<size_t> order(segments.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return places[a] < places[b]; });
  std::vector<Segment> moved;
  moved.reserve(segments.size());
  for (const size_t i : order) moved.push_back(std::move(segments[i]));
  segments = std::move(moved);
}

}  // namespace

PacketView view_of(const Segment& segment) {
  static const uint8_t kInitiator[4] = {192, 0, 2, 1};
  static const uint8_t kResponder[4] = {198, 51, 100, 7};
  PacketView view;
  view.time = segment.time;
  view.key.src = IpAddress::v4(kInitiator);
  view.key.dst = IpAddress::v4(kResponder);
  view.key.src_port = 40000;
  view.key.dst_port = 80;
  view.key.protocol = kProtoTcp;
  if (segment.from == Direction::kFromResponder) {
    std::swap(view.key.src, view.key.dst);
    std::swap(view.key.src_port, view.key.dst_port);
  }
  view.payload = as_bytes(segment.bytes);
  view.payload_wire = static_cast<uint32_t>(segment.bytes.size());
  view.tcp_seq = segment.seq;
  view.tcp_ack = segment.ack;
  view.tcp_flags = segment.flags;
  view.tcp_window = segment.window;
  view.ttl = 64;
  return view;
}

void stamp(std::vector<Segment>& segments, Nanoseconds start, Nanoseconds step) {
  for (Segment& segment : segments) {
    segment.time = start;
    start += step;
  }
}

// xorshift64* (Marsaglia 2003, Vigna 2014): the same everywhere, unlike the library's distributions.
uint64_t Segmenter::below(uint64_t n) {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return n == 0 ? 0 : (state_ * 2685821657736338717u >> 11) % n;
}

std::string Segmenter::noise(size_t n) {
  std::string bytes(n, '\0');
  for (char& c : bytes) c = static_cast<char>(below(256));
  return bytes;
}

std::vector<Segment> Segmenter::conversation(const std::string& from_initiator,
                                             const std::string& from_responder,
                                             const ConversationOptions& options) {
  const std::array<const std::string*, 2> data = {&from_initiator, &from_responder};
  const std::array<uint32_t, 2> first = {options.initiator_isn + 1, options.responder_isn + 1};
  std::array<size_t, 2> sent = {0, 0};
  std::array<bool, 2> closed = {false, false};
  std::vector<Segment> segments;
  const auto next_seq = [&](size_t side) {
    return static_cast<uint32_t>(first[side] + sent[side] + (closed[side] ? 1 : 0));
  };
  const auto add = [&](size_t side, uint8_t flags) -> Segment& {
    Segment& segment = segments.emplace_back();
    segment.from = static_cast<Direction>(side);
    segment.flags = flags;
    segment.seq = next_seq(side);
    segment.ack = next_seq(1 - side);
    segment.offset = sent[side];
    return segment;
  };
  add(0, kTcpSyn).seq = options.initiator_isn;
  segments.back().ack = 0;
  add(1, kTcpSyn | kTcpAck).seq = options.responder_isn;
  add(0, kTcpAck);
  while (!closed[0] || !closed[1]) {
    const size_t side = closed[0] ? 1 : closed[1] ? 0 : below(2);
    if (chance(0.1)) add(side, kTcpAck);
    const size_t left = data[side]->size() - sent[side];
    if (left == 0) {
      add(side, kTcpAck | kTcpFin);
      closed[side] = true;
      continue;
    }
    size_t back = 0;
    if (chance(options.overlap)) back = std::min(sent[side], 1 + below(options.most));
    const size_t fresh = std::min(left, options.least + below(options.most - options.least + 1));
    Segment& segment = add(side, kTcpAck);
    segment.seq -= static_cast<uint32_t>(back);
    segment.offset -= back;
    segment.bytes = data[side]->substr(sent[side] - back, back + fresh);
    sent[side] += fresh;
  }
  add(0, kTcpAck);
  add(1, kTcpAck);
  return segments;
}

void Segmenter::repeat(std::vector<Segment>& segments, double share) {
  std::vector<size_t> places(segments.size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = i;
  const size_t n = segments.size();
  for (size_t i = kHandshake; i < n; ++i) {
    if (segments[i].bytes.empty() || !chance(share)) continue;
    segments.push_back(segments[i]);
    places.push_back(i + 1 + below(20));
  }
  move_back(segments, places);
}

void Segmenter::reorder(std::vector<Segment>& segments, size_t most) {
  std::vector<size_t> places(segments.size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = i < kHandshake ? 0 : i + below(most + 1);
  move_back(segments, places);
}

void Segmenter::lose(std::vector<Segment>& segments, double share) {
  std::erase_if(segments, [&](const Segment& segment) {
    return !segment.bytes.empty() && (segment.flags & (kTcpFin | kTcpSyn)) == 0 && chance(share);
  });
}

}  // namespace weir::harness
