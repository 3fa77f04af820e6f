// Framing that lies, breaks or never ends: nothing hangs, nothing is lost, and every byte is read somehow.
#include <gtest/gtest.h>

#include "parsers/http1/exchanges.h"
#include "parsers/http1/http1_parser.h"
#include "parsers/http1/message_reader.h"
#include "tests/harness/parser_driver.h"

namespace weir {
namespace {

using harness::drive_every_split;
using harness::RecordingSink;
using harness::Script;
using Strings = std::vector<std::string>;

RecordingSink read(const Script& script) { return drive_every_split(http1_parser_info(), script); }

std::string raw_bytes(const RecordingSink& sink) {
  std::string all;
  for (const auto* item : sink.of_kind(ItemKind::kRawStream)) all += item->bytes;
  return all;
}

TEST(HttpFraming, EqualLengthsAreOne) {
  for (const std::string_view fields :
       {"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2, 2\r\n"}) {
    const RecordingSink got =
        read(Script().out("POST / HTTP/1.1\r\n" + std::string(fields) + "\r\nabGET /2 HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "ab");
    EXPECT_EQ(got.message(1).meta.path, "/2");
  }
}

TEST(HttpFraming, LengthsThatContradictAreReadToTheEnd) {
  for (const std::string_view fields :
       {"Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: -1\r\n", "Content-Length: 1,2\r\n",
        "Content-Length: +2\r\n", "Content-Length: 0x2\r\n", "Content-Length:\r\n", "Content-Length: 2 2\r\n",
        "Content-Length: 18446744073709551616\r\n", "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: x\r\n"}) {
    const RecordingSink got =
        read(Script().out("POST / HTTP/1.1\r\n" + std::string(fields) + "\r\nabGET /2 HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "abGET /2 HTTP/1.1\r\n\r\n") << fields;
    EXPECT_EQ(got.message(0).why, CloseReason::kMalformed) << fields;
  }
}

TEST(HttpFraming, TheLargestLengthsDoNotOverflow) {
  const RecordingSink length =
      read(Script().back("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc"));
  EXPECT_EQ(length.bytes_under(0, ItemKind::kBody), "abc");
  EXPECT_EQ(length.message(0).why, CloseReason::kTruncated);
  const RecordingSink chunk =
      read(Script()
               .back("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab")
               .gap_back(1u << 31)
               .back("cd"));
  EXPECT_EQ(chunk.bytes_under(0, ItemKind::kBody), "abcd");
  EXPECT_EQ(chunk.message(0).why, CloseReason::kTruncated);
}

TEST(HttpFraming, TransferEncodingStandsAboveLength) {
  // RFC 9112 section 6.3: the smuggler's CL.TE and TE.CL.
  const RecordingSink got =
      read(Script().out("POST / HTTP/1.1\r\nContent-Length: 6\r\nTransfer-Encoding: "
                        "chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(got.message(1).meta.path, "/smuggled");
  const RecordingSink identity =
      read(Script().out("POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: identity\r\n\r\nabGET /2 "
                        "HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(identity.message(1).meta.path, "/2");
}

TEST(HttpFraming, BrokenChunkingIsReadRawUntilTheNextMessage) {
  for (const std::string_view broken : {"zz\r\nsecret\r\n", "5\r\nabcdeX\r\n", "5\r\nabcde\rX\r\n", "-1\r\n",
                                        "10000000000000000\r\nx\r\n", "5 x\r\nabcde\r\n"}) {
    const RecordingSink got =
        read(Script().out("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" +
                          std::string(broken) + "GET /next HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(got.message(0).why, CloseReason::kMalformed) << broken;
    EXPECT_EQ(got.message(1).meta.path, "/next") << broken;
    // Nothing but the framing of what was read well is missing.
    const std::string body = got.bytes_under(0, ItemKind::kBody).substr(3);
    const std::string framing = body.empty() ? "" : "5\r\n";
    EXPECT_EQ(framing + body + raw_bytes(got), broken);
  }
}

// A line end too many, blanks and "0x" before the size: browsers and servers read on.
TEST(HttpFraming, ChunkSizesAreReadAsTheMostLenientReadThem) {
  for (const std::string_view chunks :
       {"\r\n5\r\nabcde\r\n\r\n\r\n2\r\nfg\r\n\r\n0\r\n\r\n", " 5\r\nabcde\r\n\t2\r\nfg\r\n 0\r\n\r\n",
        "0x5\r\nabcde\r\n0X2\r\nfg\r\n0x0\r\n\r\n", "\n5\nabcde\n2\nfg\n0\n\n"}) {
    const RecordingSink got = read(Script().out("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                                std::string(chunks) + "GET /next HTTP/1.1\r\n\r\n"));
    EXPECT_EQ(got.message(0).why, CloseReason::kComplete) << chunks;
    EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "abcdefg") << chunks;
    EXPECT_EQ(got.message(1).meta.path, "/next") << chunks;
    EXPECT_EQ(raw_bytes(got), "") << chunks;
  }
}

TEST(HttpFraming, AChunkExtensionOfAnyLengthIsReadAsItComes) {
  for (const size_t size : {4000u, 4090u, 4091u, 4092u, 4093u, 4094u, 4095u, 4096u, 5000u, 70'000u}) {
    const std::string extension = ";a=" + std::string(size, 'e');
    const RecordingSink got = read(Script().out("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5" +
                                                extension + "\r\nabcde\r\n0\r\n\r\n"));
    EXPECT_EQ(got.message(0).why, CloseReason::kComplete) << size;
    EXPECT_EQ(got.bytes_under(0, ItemKind::kBody), "abcde") << size;
    EXPECT_TRUE(got.bytes_under(0, ItemKind::kHeaders).find(extension) != std::string::npos) << size;
  }
}

TEST(HttpFraming, AChunkLineWithoutEndIsBounded) {
  const std::string digits(10000, '0');
  const RecordingSink broken =
      read(Script().out("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + digits));
  EXPECT_EQ(broken.message(0).why, CloseReason::kMalformed);
  EXPECT_EQ(raw_bytes(broken), digits);
  // Of an extension nothing is lost either.
  const harness::Cuts cut_once = [](size_t, size_t) { return std::vector<size_t>{3000}; };
  const std::string extension = ";" + std::string((1 << 20) + 9000, 'e');
  RecordingSink got;
  harness::drive(http1_parser_info(),
                 Script().out("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5" + extension), cut_once,
                 false, got);
  EXPECT_EQ(got.message(0).why, CloseReason::kMalformed);
  EXPECT_EQ(got.bytes_under(0, ItemKind::kHeaders).substr(28) + raw_bytes(got), extension);
}

TEST(HttpFraming, AChunkLineCutByTheEndIsStillRead) {
  const RecordingSink junk =
      read(Script().out("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno chunk at all"));
  EXPECT_EQ(raw_bytes(junk), "no chunk at all");
  const RecordingSink size = read(Script().out("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1f"));
  EXPECT_TRUE(size.of_kind(ItemKind::kRawStream).empty());
  EXPECT_EQ(size.message(0).why, CloseReason::kTruncated);
}

TEST(HttpFraming, JunkBetweenMessagesIsRawAndTheNextMessageIsFound) {
  const RecordingSink got =
      read(Script()
               .out("GET /old\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n\x01\x02 junk, POST /x HTTP/3\r\n"
                    "}PUT /2 HTTP/1.1\r\nContent-Length: 1\r\n\r\nz")
               .back("<html>an HTTP/0.9 page</html>HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"));
  EXPECT_EQ(got.message(0).meta.path, "/1");
  EXPECT_EQ(got.message(1).meta.path, "/2");
  EXPECT_EQ(got.message(2).meta.status, 200);
  EXPECT_EQ(raw_bytes(got), "GET /old\r\n\x01\x02 junk, POST /x HTTP/3\r\n}<html>an HTTP/0.9 page</html>");
}

TEST(HttpFraming, WhatIsNoHttpAtAllIsRaw) {
  for (const std::string_view text :
       {"\x16\x03\x01\x02\x00\x01\x00", "220 mail.example ESMTP\r\nEHLO x\r\n", "GET", "G", "HTTP/1.",
        "GET / HT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "/"}) {
    const RecordingSink got = read(Script().out(text));
    EXPECT_EQ(raw_bytes(got), text);
  }
}

TEST(HttpFraming, HeadsCutShort) {
  const std::string head = "POST /p?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX: y";
  const RecordingSink ended = read(Script().out(head));
  EXPECT_EQ(ended.message(0).meta.host, "h");
  EXPECT_EQ(ended.message(0).why, CloseReason::kTruncated);
  EXPECT_EQ(ended.bytes_under(0, ItemKind::kHeaders), "Host: h\r\nContent-Length: 5\r\nX: y");
  const RecordingSink body = read(Script().out(head + "\r\n\r\nab"));
  EXPECT_EQ(body.bytes_under(0, ItemKind::kBody), "ab");
  EXPECT_EQ(body.message(0).why, CloseReason::kTruncated);
  const RecordingSink trailers =
      read(Script().out("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSecret: x\r"));
  EXPECT_EQ(trailers.bytes_under(0, ItemKind::kHeaders), "Transfer-Encoding: chunked\r\nSecret: x\r");
  EXPECT_EQ(trailers.message(0).why, CloseReason::kTruncated);
}

std::string head_of(size_t size) {
  std::string head = "POST /long HTTP/1.1\r\nHost: h\r\n";
  while (head.size() + 1000 < size) head += "X-Fill: " + std::string(500, 'f') + "\r\n";
  head += "X-End: " + std::string(size - head.size() - 7 - 2, 'e') + "\r\n";
  return head;
}

TEST(HttpFraming, HeadsAroundTheLimit) {
  for (size_t size = http1::kMaxHead - 6; size <= http1::kMaxHead + 4; ++size) {
    const std::string head = head_of(size);
    ASSERT_EQ(head.size(), size);
    RecordingSink whole;
    const Script script =
        Script().out(head + "Content-Length: 2\r\nContent-Type: text/x\r\n\r\nabGET /2 HTTP/1.1\r\n\r\n");
    harness::drive(
        http1_parser_info(), script, [](size_t, size_t) { return std::vector<size_t>(); }, false, whole);
    EXPECT_EQ(whole.message(0).meta.declared_type, "text/x") << size;
    EXPECT_EQ(whole.bytes_under(0, ItemKind::kBody), "ab") << size;
    EXPECT_EQ(whole.bytes_under(0, ItemKind::kHeaders) + "\r\nab",
              script.steps()[0].bytes.substr(21, size - 21 + 45));
    EXPECT_EQ(whole.message(1).meta.path, "/2") << size;
    // Cut at every place near the limit, and near the blank line.
    for (size_t at = http1::kMaxHead - 8; at < size + 60; ++at) {
      for (const size_t second : {at + 1, at + 2, at + 7}) {
        RecordingSink cut;
        harness::drive(
            http1_parser_info(), script,
            [&](size_t, size_t) {
              return std::vector<size_t>{at, second};
            },
            false, cut);
        ASSERT_EQ(cut.dump(), whole.dump()) << size << " cut at " << at;
      }
    }
  }
}

TEST(HttpFraming, LongHeadAtEverySplit) {
  const RecordingSink got = read(Script().out(head_of(70000) + "\r\nGET /2 HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(got.bytes_under(0, ItemKind::kHeaders), head_of(70000).substr(21));
  EXPECT_EQ(got.message(1).meta.path, "/2");
}

TEST(HttpFraming, HeadWithoutEndIsBounded) {
  std::string head = "GET /endless HTTP/1.1\r\n";
  while (head.size() < http1::kMaxHead + http1::kMaxLongHead + 100000)
    head += "A: " + std::string(5000, 'a') + "\r\n";
  const Script script = Script().out(head + "GET /2 HTTP/1.1\r\n\r\n");
  std::string first;
  for (const size_t piece : {size_t{1} << 22, size_t{1448}, size_t{999}}) {
    RecordingSink got;
    harness::drive(
        http1_parser_info(), script,
        [&](size_t, size_t size) {
          std::vector<size_t> places;
          for (size_t at = piece; at < size; at += piece) places.push_back(at);
          return places;
        },
        false, got);
    EXPECT_EQ(got.message(0).why, CloseReason::kMalformed);
    EXPECT_EQ(got.message(1).meta.path, "/2");
    EXPECT_EQ(got.bytes_under(0, ItemKind::kHeaders) + raw_bytes(got), head.substr(23));
    if (first.empty()) first = got.dump();
    EXPECT_EQ(got.dump(), first);
  }
}

TEST(HttpFraming, StartLineWithoutEndIsBounded) {
  const std::string line = "GET /" + std::string(http1::kMaxHead + 5000, 'a');
  RecordingSink got;
  harness::drive(
      http1_parser_info(), Script().out(line + " HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
      [](size_t, size_t) {
        return std::vector<size_t>{1000, 60000, 65536, 66000};
      },
      false, got);
  EXPECT_EQ(raw_bytes(got), line + " HTTP/1.1\r\n\r\n");
  EXPECT_EQ(got.message(0).meta.path, "/2");
}

TEST(HttpFraming, ManyFieldsAndCodingsAreBounded) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 500; ++i) head += "Content-Encoding: gzip, br\r\nX-Forwarded-For: 10.0.0.1\r\n";
  RecordingSink got;
  harness::drive(
      http1_parser_info(), Script().out(head + "\r\n"), [](size_t, size_t) { return std::vector<size_t>{}; },
      false, got);
  EXPECT_EQ(got.message(0).meta.codings.size(), http1::kMaxCodings);
  EXPECT_EQ(got.message(0).meta.forwarded_for.size(), 16u);
}

TEST(HttpFraming, RequestsThatNobodyAnswersAreBounded) {
  http1::Exchanges exchanges(true);
  const std::string path(4096, 'p');
  http1::RequestNote note;
  for (int i = 0; i < 200; ++i) {
    exchanges.request_seen(Direction::kFromInitiator, http1::RequestNote::Kind::kHead, "host", path);
    EXPECT_LE(exchanges.held_bytes(), http1::Exchanges::kMaxWaitingBytes + 5 * 256);
  }
  ASSERT_TRUE(exchanges.response_seen(Direction::kFromResponder, true, false, &note));
  EXPECT_EQ(note.path, path);
  for (int i = 1; i < 200; ++i) {
    ASSERT_TRUE(exchanges.response_seen(Direction::kFromResponder, true, false, &note));
    EXPECT_EQ(note.kind, http1::RequestNote::Kind::kHead);  // without its path, and still in order
  }
  EXPECT_EQ(exchanges.held_bytes(), 0u);
  for (int i = 0; i < 100000; ++i) {
    exchanges.request_seen(Direction::kFromInitiator, http1::RequestNote::Kind::kOther, "host", "/");
  }
  EXPECT_LE(exchanges.held_bytes(), http1::Exchanges::kMaxWaitingBytes + 5 * 256);
  EXPECT_FALSE(exchanges.response_seen(Direction::kFromResponder, true, false, &note));
}

}  // namespace
}  // namespace weir
