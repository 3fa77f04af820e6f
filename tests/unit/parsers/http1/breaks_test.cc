// Holes, flows picked up late, tunnels and the probe.
#include <gtest/gtest.h>

#include <algorithm>

#include "parsers/http1/http1_parser.h"
#include "tests/harness/parser_driver.h"

namespace weir {
namespace {

using harness::drive_every_split;
using harness::probe_of;
using harness::RecordingSink;
using harness::Script;

RecordingSink read(const Script& script, bool midstream = false) {
  return drive_every_split(http1_parser_info(), script, midstream);
}

std::string raw_bytes(const RecordingSink& sink, Direction direction) {
  std::string all;
  for (const auto* item : sink.of_kind(ItemKind::kRawStream)) {
    if (item->meta.direction == direction) all += item->bytes;
  }
  return all;
}

constexpr Direction kOut = Direction::kFromInitiator;
constexpr Direction kBack = Direction::kFromResponder;

TEST(HttpGaps, InABodyOfKnownLengthTheCountGoesOn) {
  const RecordingSink got = read(Script()
                                     .out("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                                     .gap_back(4)
                                     .back("hijHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nk"));
  const auto bodies = got.of_kind(ItemKind::kBody);
  ASSERT_EQ(bodies.size(), 2u);
  EXPECT_EQ(bodies[0]->bytes, "abchij");
  ASSERT_EQ(bodies[0]->holes.size(), 1u);
  EXPECT_EQ(bodies[0]->holes[0].offset, 3u);
  EXPECT_EQ(bodies[0]->holes[0].size, 4u);
  EXPECT_EQ(bodies[0]->end, 10u);
  EXPECT_EQ(bodies[0]->why, CloseReason::kComplete);
  EXPECT_EQ(got.message(3).meta.path, "/2");  // the pairing holds
}

TEST(HttpGaps, AHoleUpToTheBodysEndKeepsStep) {
  const RecordingSink got = read(Script()
                                     .back("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                                     .gap_back(7)
                                     .back("HTTP/1.1 204 No\r\n\r\n"));
  EXPECT_EQ(got.message(1).meta.status, 204);
  EXPECT_TRUE(got.of_kind(ItemKind::kRawStream).empty());
}

TEST(HttpGaps, AHolePastTheBodysEndIsResynchronised) {
  const RecordingSink got =
      read(Script()
               .out("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n")
               .back("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
               .gap_back(50)
               .back("the rest of /2HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nzz"));
  EXPECT_EQ(got.message(3).why, CloseReason::kTruncated);
  EXPECT_EQ(got.of_kind(ItemKind::kBody)[0]->end, 10u);
  EXPECT_EQ(raw_bytes(got, kBack), "the rest of /2");
  EXPECT_EQ(got.of_kind(ItemKind::kRawStream)[0]->why, CloseReason::kTruncated)
      << "its beginning is not known";
  EXPECT_EQ(got.bytes_under(4, ItemKind::kBody), "zz");
  EXPECT_EQ(got.message(4).meta.path, "");  // whose answer this is cannot be known
}

TEST(HttpGaps, AfterAHoleOneRequestAtATimePairsAgain) {
  const RecordingSink got = read(Script()
                                     .out("GET /1 HTTP/1.1\r\n\r\n")
                                     .gap_back(100)
                                     .out("HEAD /2 HTTP/1.1\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
                                     .out("GET /3 HTTP/1.1\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3"));
  EXPECT_EQ(got.message(2).meta.path, "/2");
  EXPECT_EQ(got.message(4).meta.path, "/3");
  EXPECT_EQ(got.bytes_under(4, ItemKind::kBody), "3");
}

TEST(HttpGaps, InsideAChunkTheCountGoesOn) {
  const RecordingSink got = read(Script()
                                     .back("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabc")
                                     .gap_back(5)
                                     .back("\r\n2\r\nij\r\n0\r\n\r\n"));
  EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "abcij");
  EXPECT_EQ(got.of_kind(ItemKind::kBody)[0]->end, 10u);
  EXPECT_EQ(got.message(0).why, CloseReason::kComplete);
}

TEST(HttpGaps, OverAChunkLineTheRestIsRaw) {
  const RecordingSink got =
      read(Script()
               .back("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabc")
               .gap_back(9)
               .back("more text\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz"));
  EXPECT_EQ(got.message(0).why, CloseReason::kTruncated);
  EXPECT_EQ(raw_bytes(got, kBack), "more text\r\n0\r\n\r\n");
  EXPECT_EQ(got.of_kind(ItemKind::kRawStream)[0]->why, CloseReason::kTruncated)
      << "its beginning is not known";
  EXPECT_EQ(got.bytes_under(1, ItemKind::kBody), "z");
}

TEST(HttpGaps, InAHeadWhatCameIsKept) {
  const RecordingSink got = read(Script()
                                     .out("GET /p HTTP/1.1\r\nHost: h\r\nCook")
                                     .gap_out(20)
                                     .out("rest: 1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(got.message(0).meta.host, "h");
  EXPECT_EQ(got.message(0).why, CloseReason::kTruncated);
  EXPECT_EQ(got.of_kind(ItemKind::kHeaders)[0]->end, 13u + 20u);
  EXPECT_EQ(raw_bytes(got, kOut), "rest: 1\r\n\r\n");
  EXPECT_EQ(got.of_kind(ItemKind::kRawStream)[0]->why, CloseReason::kTruncated)
      << "its beginning is not known";
  EXPECT_EQ(got.message(1).meta.path, "/2");
}

TEST(HttpGaps, EverywhereInAConversation) {
  // Wherever the hole is: no byte that came is lost, but for framing.
  const std::string talk =
      "POST /aaaa HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX: bbbb\r\n\r\n8;cccc\r\ndddddddd\r\n0\r\nT: "
      "eeee\r\n\r\n"
      "PUT /ffff HTTP/1.1\r\nContent-Length: 8\r\n\r\ngggggggg";
  for (size_t at = 0; at <= talk.size(); ++at) {
    for (const size_t n : {1u, 3u, 40u}) {
      const size_t to = std::min(at + n, talk.size());
      const Script script = Script().out(talk.substr(0, at)).gap_out(n).out(talk.substr(to));
      RecordingSink got;
      harness::drive(
          http1_parser_info(), script, [](size_t, size_t) { return std::vector<size_t>(); }, false, got);
      EXPECT_TRUE(got.all_closed());
      std::string all;
      for (const auto& item : got.items()) all += item.bytes;
      for (const char letter : std::string("abcdefg")) {
        const auto sent = std::ranges::count(talk.substr(0, at) + talk.substr(to), letter);
        EXPECT_LE(sent - std::ranges::count(all, letter), letter == 'd' || letter == 'e' ? 2 : 0)
            << letter << " hole of " << n << " at " << at;
      }
    }
  }
}

TEST(HttpMidstream, TheFirstMessageIsFound) {
  const RecordingSink got = read(Script()
                                     .back("tail of a body\",\"n\":1}")
                                     .out("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                                 true);
  EXPECT_EQ(raw_bytes(got, kBack), "tail of a body\",\"n\":1}");
  EXPECT_EQ(got.of_kind(ItemKind::kRawStream)[0]->why, CloseReason::kTruncated)
      << "its beginning is not known";
  EXPECT_EQ(got.message(1).meta.path, "/2");
  EXPECT_EQ(got.bytes_under(1, ItemKind::kBody), "ok");
}

TEST(HttpTunnel, ConnectMakesBothDirectionsRawButForHttp) {
  const RecordingSink got =
      read(Script()
               .out("CONNECT db.example:3306 HTTP/1.1\r\nHost: db.example:3306\r\n\r\n")
               .back("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno")
               .out("CONNECT db.example:3306 HTTP/1.1\r\nProxy-Authorization: Basic "
                    "QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n")
               .back("HTTP/1.1 200 Connection established\r\nContent-Length: 100\r\n\r\nserver first")
               .out("GET / HTTP/1.1\r\n\r\nselect")
               .back(" and more"));
  EXPECT_EQ(got.message(2).meta.user, "Aladdin");
  EXPECT_EQ(got.of_kind(ItemKind::kMessage).size(), 5u) << "the tunnel's GET is one";
  EXPECT_EQ(raw_bytes(got, kBack), "server first and more");
  EXPECT_EQ(raw_bytes(got, kOut), "select");
  for (const auto* item : got.of_kind(ItemKind::kRawStream)) {
    EXPECT_EQ(item->meta.host, "db.example:3306");
    EXPECT_EQ(item->why, CloseReason::kFlowEnd);
    EXPECT_EQ(item->parent, kNoItem);
  }
}

TEST(HttpTunnel, UpgradeWithABodyStillOnItsWay) {
  const RecordingSink got = read(Script()
                                     .out("POST /ws HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\nConnection: "
                                          "upgrade\r\nContent-Length: 4\r\n\r\nab")
                                     .back("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nframes")
                                     .out("cdclient"));
  EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "abcd");
  EXPECT_EQ(raw_bytes(got, kOut), "client");
  EXPECT_EQ(raw_bytes(got, kBack), "frames");
}

TEST(HttpTunnel, BytesBeforeTheAnswer) {
  const RecordingSink got = read(Script()
                                     .out("CONNECT a:1 HTTP/1.1\r\n\r\nPOST /early HTTP/1.1\r\nA: b\r\n")
                                     .back("HTTP/1.1 200 OK\r\n\r\n")
                                     .out("rest"));
  EXPECT_EQ(raw_bytes(got, kOut), "POST /early HTTP/1.1\r\nA: b\r\nrest");
}

TEST(HttpTunnel, TlsInsideIsCountedAsEncrypted) {
  const std::string hello("\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03 and the rest", 24);
  const RecordingSink got = read(Script()
                                     .out("CONNECT a:443 HTTP/1.1\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\n\r\n")
                                     .out(hello)
                                     .back("\x16\x03\x03"));
  EXPECT_TRUE(raw_bytes(got, kOut).empty());
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), hello.size());
  EXPECT_EQ(raw_bytes(got, kBack), "\x16\x03\x03");  // too little to tell
}

// A hello, and then no TLS: what follows is read from the byte at which that shows.
TEST(HttpTunnel, WhatOnlyBeginsLikeTlsIsRead) {
  const std::string text = "name,phone\nuser0,13812345678\nuser1,13812345679\nuser2,13812345670\n";
  const std::string hello("\x16\x03\x01\0\x05\x01\0\0\x01\x03", 10);
  const auto tunnel = [](const std::string& said) {
    return read(Script().out("CONNECT a:443 HTTP/1.1\r\n\r\n").back("HTTP/1.1 200 OK\r\n\r\n").out(said));
  };
  const RecordingSink broken = tunnel(hello + text);
  EXPECT_EQ(raw_bytes(broken, kOut), text);
  EXPECT_EQ(broken.unread_bytes(kOut, Unread::kEncrypted), hello.size());
  // In records that hold, too.
  const std::string records = hello + std::string("\x17\x03\x03\0\x20", 5) + text.substr(0, 32) +
                              std::string("\x17\x03\x03\0\x20", 5) + text.substr(32, 32);
  const RecordingSink sealed = tunnel(records);
  EXPECT_EQ(raw_bytes(sealed, kOut), text.substr(0, 64));
  EXPECT_EQ(sealed.unread_bytes(kOut, Unread::kEncrypted), hello.size() + 10);
}

TEST(HttpTunnel, HttpInsideIsReadAsHttp) {
  const RecordingSink got = read(Script()
                                     .out("CONNECT a:80 HTTP/1.1\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\n\r\n")
                                     .out("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                                     .back("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes"));
  EXPECT_EQ(got.of_kind(ItemKind::kMessage).size(), 4u);
  EXPECT_EQ(got.message(2).meta.path, "/x");
  EXPECT_EQ(got.message(3).meta.path, "/x") << "its answer";
  EXPECT_EQ(got.bytes_under(2, ItemKind::kBody), "hi");
  EXPECT_EQ(got.bytes_under(3, ItemKind::kBody), "yes");
  EXPECT_TRUE(got.of_kind(ItemKind::kRawStream).empty());
}

TEST(HttpProbe, ByWhatIsSaid) {
  const ParserInfo http = http1_parser_info();
  EXPECT_EQ(probe_of(http, "GET / HTTP/1.1\r\n", ""), ProbeResult::kCertain);
  EXPECT_EQ(probe_of(http, "", "HTTP/1.1 200 OK\r\n"), ProbeResult::kCertain);
  EXPECT_EQ(probe_of(http, "patch /a HTTP/1.1\r\n", ""), ProbeResult::kCertain)
      << "fetch() sends it as given";
  // HAProxy's PROXY protocol, versions 1 and 2 (its document, sections 2.1 and 2.2), at every length.
  const std::string line = "PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n";
  const std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x9c\x40\0\x50", 28);
  for (const std::string& preamble : {line, header}) {
    for (size_t n = 1; n <= preamble.size(); ++n) {
      EXPECT_EQ(probe_of(http, preamble.substr(0, n), ""), ProbeResult::kMore) << n;
    }
    EXPECT_EQ(probe_of(http, preamble + "GET / HTTP/1.1\r\n", ""), ProbeResult::kCertain);
    EXPECT_EQ(probe_of(http, preamble + "EHLO a\r\n", ""), ProbeResult::kNo);
  }
  EXPECT_EQ(probe_of(http, "\r\nM-SEARCH * HTTP/1.0\r\n", ""), ProbeResult::kCertain);
  EXPECT_EQ(probe_of(http, "", ""), ProbeResult::kMore);
  EXPECT_EQ(probe_of(http, "GET /index", ""), ProbeResult::kMore);
  EXPECT_EQ(probe_of(http, "", "HTT"), ProbeResult::kMore);
  EXPECT_EQ(probe_of(http, "GET /index", "", false, true), ProbeResult::kNo);
  EXPECT_EQ(probe_of(http, "GET /" + std::string(kProbeLimit - 5, 'a'), ""), ProbeResult::kMaybe);
  for (const std::string_view other :
       {"\x16\x03\x01", "SSH-2.0-x", "EHLO a\r\n", "220 ftp\r\n", "PRI * HTTP/2.0\r\n", "USER anonymous\r\n",
        "GET /\r\n", "{\"a\":1}", "HTTP/2 200\r\n"}) {
    EXPECT_EQ(probe_of(http, other, ""), ProbeResult::kNo) << other;
  }
  EXPECT_EQ(probe_of(http, "GET /x", "220 ready\r\n"), ProbeResult::kNo);
}

TEST(HttpProbe, InTheMiddleOfAStream) {
  const ParserInfo http = http1_parser_info();
  EXPECT_EQ(probe_of(http, "", "end of body}HTTP/1.1 200 OK\r\n", true), ProbeResult::kMaybe);
  EXPECT_EQ(probe_of(http, "", "end of body", true), ProbeResult::kMore);
  EXPECT_EQ(probe_of(http, "", "end of body", true, true), ProbeResult::kNo);
  EXPECT_EQ(probe_of(http, "GET / HTTP/1.1\r\n", "end of body", true), ProbeResult::kCertain);
}

}  // namespace
}  // namespace weir
