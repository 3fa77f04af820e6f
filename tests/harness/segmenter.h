// TCP conversations for tests: two byte streams become segments as a sender's, a network's and a mirror's
// whims would have them. Everything follows from the seed.
//
//   Segmenter segmenter(seed);
//   auto segments = segmenter.conversation(request, response, {});
//   segmenter.repeat(segments, 0.1); segmenter.reorder(segments, 20); segmenter.lose(segments, 0.02);
//   stamp(segments, start, step);
//   for (const Segment& s : segments) connection.on_segment(view_of(s), s.from, …);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parsers/api/types.h"
#include "sensor/base/packet.h"

namespace weir::harness {

struct Segment {
  Nanoseconds time = 0;
  Direction from = Direction::kFromInitiator;
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint8_t flags = kTcpAck;
  uint16_t window = 65535;
  std::string bytes;
  uint64_t offset = 0;  // of `bytes` in its direction's stream
};

// 192.0.2.1:40000 → 198.51.100.7:80, turned for the responder. Borrows the segment's bytes.
PacketView view_of(const Segment& segment);

// Gives the segments the times start, start + step, … in their present order.
void stamp(std::vector<Segment>& segments, Nanoseconds start, Nanoseconds step);

struct ConversationOptions {
  uint32_t initiator_isn = 1000;
  uint32_t responder_isn = 5000;
  size_t least = 1;  // bytes a segment
  size_t most = 1460;
  double overlap = 0;  // share of segments that begin up to `most` bytes before new data
};

class Segmenter {
 public:
  explicit Segmenter(uint64_t seed) : state_(seed * 2654435761u + 88172645463325252u) {}

  // A uniform number in [0, n).
  uint64_t below(uint64_t n);
  bool chance(double p) { return static_cast<double>(below(1u << 30)) < p * (1u << 30); }
  // `n` bytes without a pattern.
  std::string noise(size_t n);

  // Handshake (three segments), data of both sides in random turns, FIN of both. Acknowledgements are a
  // receiver's that lost nothing: with every segment and, now and then, alone.
  std::vector<Segment> conversation(const std::string& from_initiator, const std::string& from_responder,
                                    const ConversationOptions& options);

  // Puts a second copy of a share of the data segments up to 20 places later.
  void repeat(std::vector<Segment>& segments, double share);
  // Moves segments behind up to `most` others; the handshake (the first three) stays where it is.
  void reorder(std::vector<Segment>& segments, size_t most);
  // Takes out a share of the data segments that carry no FIN.
  void lose(std::vector<Segment>& segments, double share);

 private:
  uint64_t state_;
};

}  // namespace weir::harness
