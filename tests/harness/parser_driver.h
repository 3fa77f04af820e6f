// Drives a stream parser over a scripted conversation, cut every way, and holds the results against each
// other: whatever the cut of the bytes, the items must be the same. By itself and through the sensor's own
// FlowReader; with empty pieces, with holes and ends put in anywhere.
//
//   const Script talk = Script().out("GET / HTTP/1.1\r\n\r\n").back("HTTP/1.1 204 No\r\n\r\n");
//   const RecordingSink got = drive_every_split(http1_parser_info(), talk);
//
// Each piece is handed over in a heap block of its exact size, so that a sanitizer sees the smallest
// over-read. ParseStatus is heeded as the sensor does: skipped_as() after kDone, raw items after kGaveUp.
// Data behind its direction's end is left out: reassembly hands on none.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/api/parser.h"
#include "tests/harness/recording_sink.h"

namespace weir::harness {

class Script {
 public:
  struct Step {
    enum class Kind : uint8_t { kData, kGap, kEnd };
    Kind kind = Kind::kData;
    Direction direction = Direction::kFromInitiator;
    std::string bytes;
    uint64_t gap = 0;
    bool peer_is_behind = false;  // Parser::peer_is_behind
  };

  // What the initiator sends, and what comes back.
  Script& out(std::string_view bytes) { return data(Direction::kFromInitiator, bytes); }
  Script& back(std::string_view bytes) { return data(Direction::kFromResponder, bytes); }
  Script& gap_out(uint64_t n) { return gap(Direction::kFromInitiator, n); }
  Script& gap_back(uint64_t n) { return gap(Direction::kFromResponder, n); }
  Script& end_out() { return end(Direction::kFromInitiator); }
  Script& end_back() { return end(Direction::kFromResponder); }
  // … captured before what it acknowledges.
  Script& back_ahead(std::string_view bytes) { return data(Direction::kFromResponder, bytes, true); }
  Script& data(Direction direction, std::string_view bytes, bool peer_is_behind = false);
  Script& gap(Direction direction, uint64_t n);
  Script& end(Direction direction);

  const std::vector<Step>& steps() const { return steps_; }
  size_t size() const;  // bytes in all

 private:
  std::vector<Step> steps_;
};

// Where a step's bytes are cut: offsets between 0 and `size`, ascending; the same one twice, 0 or `size` give
// an empty piece.
using Cuts = std::function<std::vector<size_t>(size_t step, size_t size)>;

// Plays `script` once. Directions that the script leaves open are ended at its end, the initiator's first.
void drive(const ParserInfo& parser, const Script& script, const Cuts& cuts, bool midstream,
           RecordingSink& sink);
// The same through a FlowReader that has no other parser. `rests`: it is made anew of its rest whenever it
// may rest. The script must not begin with a hole, which would begin the flow.
bool begins_with_hole(const Script& script);
void drive_reader(const ParserInfo& parser, const Script& script, const Cuts& cuts, bool midstream,
                  bool rests, RecordingSink& sink);

// Plays it whole, byte by byte, cut in two at every place (at every place near the steps' ends and at some
// hundred others where the script is long) and cut at random, with empty pieces between; by itself, through
// the FlowReader, and there with rests. Then with a hole, and with its direction's end, at some dozens of
// places. Fails the test where a result differs from that of the same script whole, where an item was left
// open, and where more bytes come out than went in. Returns what the whole one gave.
RecordingSink drive_every_split(const ParserInfo& parser, const Script& script, bool midstream = false);

// Hands the script's data to a datagram parser, a step a datagram, each in a heap block of its exact size,
// and fails the test where an item was left open or the parser gave up.
void drive_datagrams(const ParserInfo& parser, const Script& script, RecordingSink& sink);

// The probe's answer to one datagram, as the sensor asks it: what is known is all there is.
ProbeResult probe_datagram(const ParserInfo& parser, std::string_view datagram, uint16_t responder_port = 0,
                           Direction direction = Direction::kFromInitiator);

// The probe's answer to what the directions have said so far. Also fails the test if the answer "no" to a
// shorter begin of the same bytes was given up later: a "no" is for good.
ProbeResult probe_of(const ParserInfo& parser, std::string_view out, std::string_view back,
                     bool midstream = false, bool finished = false);

}  // namespace weir::harness
