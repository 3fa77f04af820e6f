// Well-formed HTTP/1 conversations, at every split: what RFC 9110 and 9112 say of each, and nothing else.
#include <gtest/gtest.h>

#include "parsers/http1/http1_parser.h"
#include "tests/harness/parser_driver.h"

namespace weir {
namespace {

using harness::drive_every_split;
using harness::RecordingSink;
using harness::Script;
using Strings = std::vector<std::string>;

RecordingSink read(const Script& script, bool midstream = false) {
  return drive_every_split(http1_parser_info(), script, midstream);
}

TEST(HttpMessages, RequestAndResponseWithTheirMetadata) {
  const RecordingSink got =
      read(Script()
               .out("POST /a/b?name=%E6%9D%8E+x HTTP/1.1\r\nHost: shop.example:8080\r\n"
                    "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\nX-Forwarded-For: 203.0.113.195, "
                    "10.0.0.1\r\n"
                    "Content-Type: application/x-www-form-urlencoded\r\nCookie: id=7\r\nContent-Length: "
                    "7\r\n\r\na=1&b=2")
               .back("HTTP/1.1 206 Partial Content\r\nContent-Type: text/csv; "
                     "charset=gbk\r\nContent-Encoding: gzip\r\n"
                     "Content-Disposition: attachment; filename=\"x.csv\"\r\nContent-Range: bytes "
                     "21010-47021/47022\r\n"
                     "Content-Length: 3\r\n\r\nabc"));
  ASSERT_EQ(got.items().size(), 7u);
  const ContentMeta& request = got.message(0).meta;
  EXPECT_EQ(request.kind, ItemKind::kMessage);
  EXPECT_EQ(request.direction, Direction::kFromInitiator);
  EXPECT_EQ(request.protocol, "http");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.host, "shop.example:8080");
  EXPECT_EQ(request.path, "/a/b?name=%E6%9D%8E+x");
  EXPECT_EQ(request.user, "Aladdin");
  EXPECT_EQ(request.forwarded_for, (Strings{"203.0.113.195", "10.0.0.1"}));
  EXPECT_EQ(request.declared_type, "application/x-www-form-urlencoded");
  EXPECT_EQ(request.status, 0);
  EXPECT_EQ(got.items()[1].meta.kind, ItemKind::kUrl);
  EXPECT_EQ(got.items()[1].meta.escapes, Escapes::kForm);
  EXPECT_EQ(got.items()[1].bytes, "/a/b?name=%E6%9D%8E+x");
  EXPECT_EQ(got.items()[2].meta.kind, ItemKind::kHeaders);
  EXPECT_TRUE(got.items()[2].bytes.starts_with("Host: shop.example:8080\r\nAuthorization:"));
  EXPECT_TRUE(got.items()[2].bytes.ends_with("Cookie: id=7\r\nContent-Length: 7\r\n"));
  EXPECT_EQ(got.items()[3].meta.kind, ItemKind::kBody);
  EXPECT_EQ(got.items()[3].meta.escapes, Escapes::kForm);
  EXPECT_EQ(got.items()[3].bytes, "a=1&b=2");
  EXPECT_EQ(got.items()[3].why, CloseReason::kComplete);

  const ContentMeta& response = got.message(1).meta;
  EXPECT_EQ(response.direction, Direction::kFromResponder);
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.host, "shop.example:8080");
  EXPECT_EQ(response.path, "/a/b?name=%E6%9D%8E+x");
  EXPECT_EQ(response.file_name, "x.csv");
  const ContentMeta& body = got.items()[6].meta;
  EXPECT_EQ(body.declared_type, "text/csv; charset=gbk");
  EXPECT_EQ(body.codings, Strings{"gzip"});
  EXPECT_EQ(body.file_name, "x.csv");
  EXPECT_EQ(body.range, "bytes 21010-47021/47022");
  EXPECT_EQ(got.bytes_under(1, ItemKind::kBody), "abc");
}

TEST(HttpMessages, ChunkedExampleWithExtensionsAndTrailers) {
  // RFC 9112 section 7.1; the extension's and the trailers' bytes are content of their own.
  const RecordingSink got =
      read(Script()
               .out("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
               .back("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Expires\r\n\r\n"
                     "4\r\nWiki\r\n6;ieof;n=\"v\"\r\npedia \r\n0E\nin \r\n\r\nchunks.\n00;x\r\n"
                     "Expires: Wed, 21 Oct 2015 07:28:00 GMT\r\nA: b\n\r\n"
                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n"));
  EXPECT_EQ(got.bytes_under(2, ItemKind::kBody), "Wikipedia in \r\n\r\nchunks.");
  EXPECT_EQ(got.bytes_under(2, ItemKind::kHeaders),
            "Transfer-Encoding: chunked\r\nTrailer: Expires\r\n"
            ";ieof;n=\"v\"\r\n;x\r\nExpires: Wed, 21 Oct 2015 07:28:00 GMT\r\nA: b\n");
  EXPECT_EQ(got.message(2).why, CloseReason::kComplete);
  EXPECT_EQ(got.bytes_under(3, ItemKind::kBody), "z");
  EXPECT_EQ(got.message(3).meta.path, "/2");
  EXPECT_TRUE(got.of_kind(ItemKind::kRawStream).empty());
}

TEST(HttpMessages, MessagesWithoutABody) {
  const RecordingSink got =
      read(Script()
               .out("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n")
               .back("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
               .out("GET /n HTTP/1.1\r\n\r\n")
               .back("HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n")
               .out("PUT /u HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
               .back("HTTP/1.1 100 Continue\r\n\r\n")
               .out("ok")
               .back("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
               .out("GET /z HTTP/1.1\r\n\r\n")
               .back("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const auto bodies = got.of_kind(ItemKind::kBody);
  ASSERT_EQ(bodies.size(), 1u);
  EXPECT_EQ(bodies[0]->bytes, "ok");
  EXPECT_TRUE(got.of_kind(ItemKind::kRawStream).empty());
  std::vector<std::pair<int, std::string>> responses;
  for (const auto* message : got.of_kind(ItemKind::kMessage)) {
    if (message->meta.status != 0) responses.emplace_back(message->meta.status, message->meta.path);
  }
  EXPECT_EQ(responses, (std::vector<std::pair<int, std::string>>{
                           {200, "/h"}, {304, "/n"}, {100, "/u"}, {103, "/u"}, {204, "/u"}, {200, "/z"}}));
}

TEST(HttpMessages, PipelinedRequestsMeetTheirResponsesInOrder) {
  Script script;
  std::string requests;
  std::string responses;
  for (int i = 0; i < 40; ++i) {
    const bool head = i % 3 == 0;
    requests += (head ? "HEAD /" : "GET /") + std::to_string(i) + " HTTP/1.1\r\nHost: h" + std::to_string(i) +
                "\r\n\r\n";
    responses += "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + std::string(head ? "" : "ab");
  }
  const RecordingSink got = read(script.out(requests).back(responses));
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(got.message(40 + i).meta.path, "/" + std::to_string(i));
    EXPECT_EQ(got.message(40 + i).meta.host, "h" + std::to_string(i));
    EXPECT_EQ(got.bytes_under(40 + i, ItemKind::kBody), i % 3 == 0 ? "" : "ab");
  }
}

// Paths that the responses were given, with their status, in order.
std::vector<std::pair<int, std::string>> answered(const RecordingSink& got) {
  std::vector<std::pair<int, std::string>> out;
  for (const auto* message : got.of_kind(ItemKind::kMessage)) {
    if (message->meta.status != 0) out.emplace_back(message->meta.status, message->meta.path);
  }
  return out;
}
using Answered = std::vector<std::pair<int, std::string>>;

const std::string kFirst = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kSecond = "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
const std::string kTimeout = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";

// RFC 9110 section 15.5.9 and 15.2: what a server says before it was asked answers nobody.
TEST(HttpPairing, WhatComesUnaskedAnswersNothing) {
  EXPECT_EQ(answered(read(Script().back(kTimeout).out(kFirst).back(kAnswer).out(kSecond).back(kAnswer))),
            (Answered{{408, ""}, {200, "/1"}, {200, "/2"}}));
  EXPECT_EQ(answered(read(Script().out(kFirst).back(kAnswer).back(kTimeout).out(kSecond).back(kAnswer))),
            (Answered{{200, "/1"}, {408, ""}, {200, "/2"}}));
  EXPECT_EQ(answered(read(Script()
                              .back("HTTP/1.1 103 Early Hints\r\n\r\n")
                              .back("HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n")
                              .out(kFirst)
                              .out(kSecond)
                              .back(kAnswer + kAnswer))),
            (Answered{{103, ""}, {503, ""}, {200, "/1"}, {200, "/2"}}));
  // Where the flow was picked up late, too: its first request was missed.
  EXPECT_EQ(
      answered(read(
          Script().back(kAnswer).out(kFirst).back(kAnswer).back(kTimeout).out(kSecond).back(kAnswer), true)),
      (Answered{{200, ""}, {200, "/1"}, {408, ""}, {200, "/2"}}));
}

TEST(HttpPairing, ARequestCanBeAnsweredBeforeItsHeadIsWhole) {
  for (size_t at = 1; at < kFirst.size(); ++at) {
    const Script talk = Script()
                            .out(kFirst.substr(0, at))
                            .back("HTTP/1.1 431 Too Large\r\nContent-Length: 0\r\n\r\n")
                            .out(kFirst.substr(at))
                            .out(kSecond)
                            .back(kAnswer);
    RecordingSink got;
    harness::drive(
        http1_parser_info(), talk, [](size_t, size_t) { return std::vector<size_t>(); }, false, got);
    EXPECT_EQ(answered(got), (Answered{{431, ""}, {200, "/2"}})) << at;
  }
}

TEST(HttpPairing, AHeadHasNoBodyAndATunnelItsHostBehindWhatWasUnasked) {
  const RecordingSink got = read(Script()
                                     .back(kTimeout)
                                     .out("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
                                     .out("CONNECT b.example:25 HTTP/1.1\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\n\r\nEHLO")
                                     .out("MAIL"));
  EXPECT_EQ(answered(got), (Answered{{408, ""}, {200, "/h"}, {200, "b.example:25"}}));
  ASSERT_EQ(got.of_kind(ItemKind::kRawStream).size(), 2u);
  for (const auto* tunnel : got.of_kind(ItemKind::kRawStream)) {
    EXPECT_EQ(tunnel->meta.host, "b.example:25");
  }
}

TEST(HttpPairing, AResponseMayBeCapturedBeforeItsRequest) {
  const RecordingSink got = read(Script()
                                     .back_ahead("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
                                     .out("GET /1 HTTP/1.1\r\n\r\n")
                                     .out("GET /2 HTTP/1.1\r\n\r\n")
                                     .back("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2"));
  EXPECT_EQ(got.message(0).meta.path, "");  // not known yet
  EXPECT_EQ(got.message(3).meta.status, 200);
  EXPECT_EQ(got.message(3).meta.path, "/2");  // and the count is kept
}

TEST(HttpMessages, UntilClose) {
  const RecordingSink got = read(Script()
                                     .out("GET / HTTP/1.0\n\n")
                                     .back("HTTP/1.0 200 OK\nContent-Type: text/plain\n\nall\r\n\r\nthe rest")
                                     .end_back());
  EXPECT_EQ(got.bytes_under(1, ItemKind::kBody), "all\r\n\r\nthe rest");
  EXPECT_EQ(got.message(1).why, CloseReason::kComplete);
}

TEST(HttpMessages, OneDirectionOnly) {
  EXPECT_EQ(
      read(Script().out("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")).of_kind(ItemKind::kMessage).size(),
      2u);
  const RecordingSink got =
      read(Script().back("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\nb"));
  EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "a");
  EXPECT_EQ(got.bytes_under(1, ItemKind::kBody), "b");
}

TEST(HttpRoles, TheFirstMessageShowsWhoAsks) {
  for (const bool late : {false, true}) {
    EXPECT_EQ(read(Script().out(kFirst), late).asker(), Direction::kFromInitiator);
    EXPECT_EQ(read(Script().back(kFirst), late).asker(), Direction::kFromResponder);
    EXPECT_EQ(read(Script().back(kAnswer), late).asker(), Direction::kFromInitiator);
    EXPECT_EQ(read(Script().out(kAnswer).back(kFirst), late).asker(), Direction::kFromResponder);
  }
  EXPECT_EQ(read(Script().out("no message\r\n")).asker(), std::nullopt);
}

TEST(HttpRoles, ABodyThatSpeaksOfHttpIsNotBelieved) {
  // The end of a log that is uploaded, its beginning not seen.
  const Script log = Script().out("came:\n" + kAnswer);
  EXPECT_EQ(read(log, true).asker(), std::nullopt);
  EXPECT_EQ(read(Script(log).back(kAnswer), true).asker(), Direction::kFromInitiator);
  // What both sides show together is.
  EXPECT_EQ(read(Script().out("tail\r\n" + kAnswer).back("tail\r\n" + kFirst), true).asker(),
            Direction::kFromResponder);
}

TEST(HttpMessages, TheInitiatorMayBeTheServer) {
  // A capture that began late: its first packet came from the server.
  const RecordingSink got = read(Script()
                                     .back("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                                     .out("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"));
  EXPECT_EQ(got.message(1).meta.path, "/x");
  EXPECT_EQ(got.message(1).meta.direction, Direction::kFromInitiator);
}

TEST(HttpMessages, FoldedLinesSpacesAndCase) {
  const RecordingSink got = read(Script().out(
      "POST http://user:pw@real.example/p HTTP/1.1\r\nhost: other.example\r\ncOnTeNt-TyPe:\ttext/html;\r\n"
      "  charset=gbk\r\nContent-Length : 0005 \r\nX-Long: a\r\n b\r\n\tc\r\nno colon here\r\n"
      "Content-Encoding: GZIP ,\r\n deflate\r\n\r\nhello"));
  const ContentMeta& meta = got.message(0).meta;
  EXPECT_EQ(meta.host, "real.example");  // RFC 9112 section 3.2.2
  EXPECT_EQ(meta.declared_type, "text/html; charset=gbk");
  EXPECT_EQ(meta.codings, (Strings{"gzip", "deflate"}));
  EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "hello");
  EXPECT_NE(got.bytes_under(0, ItemKind::kHeaders).find("X-Long: a\r\n b\r\n\tc\r\nno colon here\r\n"),
            std::string::npos);
}

TEST(HttpMessages, TransferCodingsCountAfterContentCodings) {
  const RecordingSink got =
      read(Script().back("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Encoding: "
                         "br\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\nabc\r\n0\r\n\r\n"));
  EXPECT_EQ(got.of_kind(ItemKind::kBody)[0]->meta.codings, (Strings{"br", "gzip"}));
  EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "abc");
}

TEST(HttpMessages, LineBreaksBetweenMessagesArePassedOver) {
  const RecordingSink got = read(
      Script().out("\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\r\n\nGET /2 HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(got.of_kind(ItemKind::kMessage).size(), 2u);
  EXPECT_TRUE(got.of_kind(ItemKind::kRawStream).empty());
}

TEST(HttpMessages, ARefusingSinkLosesNothingElse) {
  const Script script = Script().out(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: "
      "x\r\n\r\njunk\n");
  for (size_t n = 0; n < 6; ++n) {
    RecordingSink sink;
    sink.refuse_after(n);
    harness::drive(
        http1_parser_info(), script,
        [](size_t, size_t) {
          return std::vector<size_t>{10, 50};
        },
        false, sink);
    EXPECT_EQ(sink.items().size(), n);
    EXPECT_TRUE(sink.all_closed());
  }
}

}  // namespace
}  // namespace weir
