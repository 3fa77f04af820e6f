// Every parser of the registry, over a conversation that the input spells out, and the same conversation cut
// otherwise: the items must be the same, and no call may break the contract of parsers/api/item.h.
//
// Input: byte 0 picks the parser, byte 1 bit 0 says that the flow was picked up late. Then records: one byte
// (bit 0 direction; bits 1–2: 3 a hole, 2 data that was captured before what it acknowledges, else data; bits
// 3–7: the length's high bits), one byte (the length's low bits), and for data the bytes. A hole's length is
// its size times 17; one of no size is the direction's end. What the parser's probe says of
// the first bytes is asked and not heeded: the parser must bear anything. To a datagram protocol each piece
// of data is one datagram.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "parsers/api/parser.h"
#include "tests/harness/parser_driver.h"

namespace {

using weir::Direction;
using weir::harness::RecordingSink;
using weir::harness::Script;

constexpr size_t kCutByByte = 2048;  // longer conversations are cut in larger pieces

void breach(const std::string& what) {
  std::fprintf(stderr, "contract broken: %s\n", what.c_str());
  std::abort();
}

// `reader`: through the sensor's FlowReader, which rests where it may.
std::string play(const weir::ParserInfo& info, const Script& script, bool midstream, size_t piece,
                 bool reader = false) {
  RecordingSink sink(breach);
  const auto cuts = [piece](size_t, size_t size) {
    std::vector<size_t> places;
    for (size_t at = 0; at < size && piece < size; at += piece) places.push_back(at);
    return places;
  };
  if (reader) {
    weir::harness::drive_reader(info, script, cuts, midstream, true, sink);
  } else {
    weir::harness::drive(info, script, cuts, midstream, sink);
  }
  if (!sink.all_closed()) breach("an item was left open");
  return sink.dump();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto parsers = weir::parser_registry();
  const weir::ParserInfo& info = parsers[data[0] % parsers.size()];
  const bool midstream = (data[1] & 1) != 0;
  Script script;
  std::array<std::string, 2> heads;
  for (size_t at = 2; at + 2 <= size;) {
    const uint8_t op = data[at];
    const Direction direction = (op & 1) == 0 ? Direction::kFromInitiator : Direction::kFromResponder;
    const size_t n = (size_t{op} >> 3) << 8 | data[at + 1];
    at += 2;
    if ((op & 6) == 6) {
      if (n > 0) {
        script.gap(direction, n * 17);
      } else {
        script.end(direction);
      }
      continue;
    }
    const size_t length = std::min(n, size - at);
    if (length == 0) continue;
    const std::string bytes(reinterpret_cast<const char*>(data) + at, length);
    script.data(direction, bytes, (op & 6) == 4);
    heads[static_cast<size_t>(direction)] += bytes;
    at += length;
  }
  weir::ProbeView view;
  for (size_t i = 0; i < 2; ++i) {
    view.head[i] = weir::as_bytes(std::string_view(heads[i]).substr(0, weir::kProbeLimit));
  }
  view.midstream = midstream;
  info.probe(view);

  if (info.transport == weir::Transport::kUdp) {
    RecordingSink sink(breach);
    const std::unique_ptr<weir::Parser> parser = info.make(midstream);
    for (const Script::Step& step : script.steps()) {
      if (step.kind != Script::Step::Kind::kData) continue;
      const std::vector<uint8_t> block(step.bytes.begin(), step.bytes.end());
      if (parser->on_datagram(step.direction, block, sink) != weir::ParseStatus::kOk) break;
    }
    if (!sink.all_closed()) breach("an item was left open");
    return 0;
  }

  const std::string whole = play(info, script, midstream, SIZE_MAX / 2);
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{100}}) {
    if (piece == 1 && script.size() > kCutByByte) continue;
    const std::string cut = play(info, script, midstream, piece);
    if (cut == whole) continue;
    std::fprintf(stderr, "whole:\n%s\ncut in pieces of %zu:\n%s\n", whole.c_str(), piece, cut.c_str());
    breach("the cut of the bytes changed the items");
  }
  if (!weir::harness::begins_with_hole(script)) {
    const std::string read = play(info, script, midstream, 7, true);
    if (read != whole) {
      std::fprintf(stderr, "whole:\n%s\nby the FlowReader:\n%s\n", whole.c_str(), read.c_str());
      breach("the FlowReader changed the items");
    }
  }
  return 0;
}
