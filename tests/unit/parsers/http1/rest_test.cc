// A parser between messages, let go and made again: whatever follows is read as if it had stayed.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "parsers/http1/http1_parser.h"
#include "tests/harness/parser_driver.h"

namespace weir {
namespace {

using harness::RecordingSink;
using harness::Script;

// Plays `script` byte by byte; with `rests`, every parser that is at rest is let go and made again. Answers
// how often.
size_t play(const Script& script, bool rests, bool midstream, RecordingSink& sink) {
  const ParserInfo http = http1_parser_info();
  std::unique_ptr<Parser> parser = http.make(midstream);
  size_t n = 0;
  const auto rest = [&] {
    const std::optional<uint32_t> at_rest = parser->at_rest();
    if (!rests || !at_rest) return;
    parser = http.resume(*at_rest);
    EXPECT_EQ(parser->at_rest(), at_rest) << "says of itself what it was made from";
    ++n;
  };
  rest();
  for (const Script::Step& step : script.steps()) {
    switch (step.kind) {
      case Script::Step::Kind::kData:
        for (const char& c : step.bytes) {
          parser->peer_is_behind = step.peer_is_behind;
          EXPECT_EQ(parser->on_data(step.direction, as_bytes(std::string_view(&c, 1)), sink),
                    ParseStatus::kOk);
          rest();
        }
        break;
      case Script::Step::Kind::kGap:
        parser->on_gap(step.direction, step.gap, sink);
        break;
      case Script::Step::Kind::kEnd:
        parser->on_end(step.direction, sink);
        break;
    }
    rest();
  }
  return n;
}

size_t expect_same(const Script& script, bool midstream = false) {
  RecordingSink stayed;
  RecordingSink rested;
  play(script, false, midstream, stayed);
  const size_t n = play(script, true, midstream, rested);
  EXPECT_EQ(rested.dump(), stayed.dump());
  return n;
}

const std::string kGet = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";

TEST(HttpRest, BetweenExchanges) {
  // Made; after each exchange, at its last byte and once more after the step. An answer that is waited for
  // keeps it.
  EXPECT_EQ(expect_same(Script().out(kGet).back(kOk).out(kGet).back(kOk)), 5u);
}

TEST(HttpRest, NotWithAnythingInHand) {
  const ParserInfo http = http1_parser_info();
  RecordingSink sink;
  std::unique_ptr<Parser> parser = http.make(false);
  EXPECT_TRUE(parser->at_rest());
  parser->on_data(Direction::kFromInitiator, as_bytes("GE"), sink);
  EXPECT_FALSE(parser->at_rest()) << "the begin of a start line is held";
  parser->on_data(Direction::kFromInitiator, as_bytes("T / HTTP/1.1\r\nHost: a\r\n\r\n"), sink);
  EXPECT_FALSE(parser->at_rest()) << "an answer is waited for";
  parser->on_data(Direction::kFromResponder, as_bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"), sink);
  EXPECT_FALSE(parser->at_rest()) << "a body is open";
  parser->on_data(Direction::kFromResponder, as_bytes("b"), sink);
  EXPECT_TRUE(parser->at_rest());
  parser->on_data(Direction::kFromResponder, as_bytes("HTTP/1.1 101 Over\r\n\r\n"), sink);
  EXPECT_FALSE(parser->at_rest()) << "a tunnel is no messages";
}

TEST(HttpRest, AfterWhatWasIrregular) {
  EXPECT_GT(expect_same(Script().back(kOk).out(kGet).out(kGet).back(kOk)), 0u);        // an answer to nobody
  EXPECT_GT(expect_same(Script().back_ahead(kOk).out(kGet).out(kGet).back(kOk)), 0u);  // … before its request
  EXPECT_GT(expect_same(Script().back(kGet).out(kOk).back(kGet).out(kOk)), 0u);        // the responder asks
  EXPECT_GT(expect_same(Script().out(kGet).back(kOk).gap_back(7).back("?" + kOk).out(kGet).back(kOk)), 0u);
  EXPECT_GT(expect_same(Script().out(kGet).back(kOk).end_out().back(kOk).end_back()), 0u);
  expect_same(Script().out("c\r\n\r\n" + kGet).back("xyz\r\n" + kOk).out(kGet).back(kOk), true);
  Script pipelined;  // more than are kept track of
  for (int i = 0; i < 300; ++i) pipelined.out(kGet);
  for (int i = 0; i < 300; ++i) pipelined.back(kOk);
  EXPECT_GT(expect_same(pipelined), 0u);
  Script early;
  for (int i = 0; i < 300; ++i) early.back_ahead(kOk);
  for (int i = 0; i < 300; ++i) early.out(kGet);
  EXPECT_GT(expect_same(early.back(kOk)), 0u);
}

}  // namespace
}  // namespace weir
