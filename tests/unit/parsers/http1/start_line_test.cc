// Start lines: read where expected, found where not. Lines from RFC 9112 sections 3 and 4.
#include "parsers/http1/start_line.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>

#include "parsers/http1/blank_line.h"
#include "parsers/http1/chunk_line.h"

namespace weir::http1 {
namespace {

TEST(StartLine, ReadsRequestTargetsOfAllForms) {
  struct Case {
    std::string_view line, method, target;
  };
  const Case cases[] = {
      {"GET /where?q=now HTTP/1.1", "GET", "/where?q=now"},
      {"GET http://www.example.org/pub/WWW/TheProject.html HTTP/1.1", "GET",
       "http://www.example.org/pub/WWW/TheProject.html"},
      {"CONNECT www.example.com:80 HTTP/1.1", "CONNECT", "www.example.com:80"},
      {"OPTIONS * HTTP/1.1", "OPTIONS", "*"},
      {"M-SEARCH * HTTP/1.0\r", "M-SEARCH", "*"},
      {"GET /a b c HTTP/1.1", "GET", "/a b c"},
      {"GET / HTTP/1.1 \t\r", "GET", "/"},
  };
  for (const Case& c : cases) {
    StartLine line;
    ASSERT_TRUE(read_start_line(c.line, &line)) << c.line;
    EXPECT_FALSE(line.response);
    EXPECT_EQ(line.method, c.method);
    EXPECT_EQ(line.target, c.target);
  }
}

TEST(StartLine, ReadsStatusLines) {
  for (const auto& [text, status] : {std::pair<std::string_view, int>{"HTTP/1.1 200 OK", 200},
                                     {"HTTP/1.0 404 ", 404},
                                     {"HTTP/1.1 304", 304},
                                     {"HTTP/1.1 599 \xE6\x88\x90\r", 599}}) {
    StartLine line;
    ASSERT_TRUE(read_start_line(text, &line)) << text;
    EXPECT_TRUE(line.response);
    EXPECT_EQ(line.status, status);
  }
}

TEST(StartLine, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", " ", "GET", "GET /", "GET / HTTP/2.0", "GET  HTTP/1.1", "GET HTTP/1.1", " GET / HTTP/1.1",
        "GE(T / HTTP/1.1", "GET / HTTP/1.1x", "GET / http/1.1", "HTTP/1.1 20", "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 x", "HTTP/2 200 OK", "HTTP/1.1  200 OK",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1"}) {
    StartLine line;
    EXPECT_FALSE(read_start_line(text, &line)) << text;
  }
}

TEST(StartLine, EveryBeginOfAStartLineMayBecomeOne) {
  for (const std::string_view text : {"GET /where?q=now HTTP/1.1", "HTTP/1.1 200 OK", "M-SEARCH * HTTP/1.0",
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1", "H-TTP/ / HTTP/1.1"}) {
    StartLine line;
    const bool is_one = read_start_line(text, &line);
    for (size_t n = 0; n <= text.size(); ++n) {
      EXPECT_TRUE(may_be_start_line(text.substr(0, n)) || !is_one) << text.substr(0, n);
    }
  }
  for (const std::string_view text :
       {"HTTP/2", "HTTP/1.x", "HTTP/1.1 2x", "\x16\x03\x01", " GET", "GET\t/", "{\"a\":1"}) {
    EXPECT_FALSE(may_be_start_line(text)) << text;
  }
}

TEST(FindStartLine, FindsOneAnywhere) {
  struct Case {
    std::string_view before, line;
  };
  const Case cases[] = {
      {"", "GET / HTTP/1.1\r\n"},
      {"\"balance\":12}", "HTTP/1.1 200 OK\r\n"},
      {"tail of a form=1", "POST /login HTTP/1.1\n"},
      {"GET / HTTP/2.0\r\n/ / HTTP/ GET /x\n", "DELETE https://a.example/b HTTP/1.0\r\n"},
      {"HTTP/1.1 2\r\nHTTP/1.1 20x OK\r\n", "HTTP/1.1 204\r\n"},
      {"\r\n\r\n", "PROPPATCH http://h/ HTTP/1.1\r\n"},
  };
  for (const Case& c : cases) {
    const std::string text = std::string(c.before) + std::string(c.line) + "Host: a\r\n";
    const StartSearch found = find_start_line(text);
    EXPECT_TRUE(found.found) << text;
    EXPECT_EQ(found.at, c.before.size()) << text;
    // Cut anywhere inside the line, no byte of it is given up.
    for (size_t n = 0; n < c.line.size(); ++n) {
      const StartSearch part = find_start_line(std::string_view(text).substr(0, c.before.size() + n));
      EXPECT_FALSE(part.found);
      EXPECT_LE(part.at, c.before.size()) << text.substr(0, c.before.size() + n);
    }
  }
}

// Place by place, as the header says it: a known method with a path or an absolute URL, or a status line,
// with its line end, of less than kMaxSearchedLine bytes.
size_t first_start_line(std::string_view text) {
  constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "HEAD", "PATCH"};  // of those below
  for (size_t at = 0; at < text.size(); ++at) {
    const std::string_view rest = text.substr(at);
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos || end >= kMaxSearchedLine) continue;
    StartLine line;
    if (!read_start_line(rest.substr(0, end), &line)) continue;
    if (line.response) return at;
    const bool known = std::ranges::find(kMethods, line.method) != std::end(kMethods);
    if (known && (line.target.starts_with('/') || line.target.starts_with("http:/") ||
                  line.target.starts_with("https:/"))) {
      return at;
    }
  }
  return std::string_view::npos;
}

TEST(FindStartLine, AgreesWithALookAtEveryPlace) {
  constexpr std::string_view kWords[] = {"GET /",
                                         "POST http://h/",
                                         " HTTP/1.1",
                                         "HTTP/1.0 200",
                                         "\n",
                                         "\r\n",
                                         "\r\r\n",
                                         "\t\r\n",
                                         " ",
                                         "a",
                                         "HTTP/1.1 404 ",
                                         "/",
                                         "PUT https:/",
                                         " HTTP/1.1 \t\r\n",
                                         "TARGET /x"};
  std::mt19937_64 random(9112);
  size_t found = 0;
  for (int run = 0; run < 20000; ++run) {
    std::string text;
    for (size_t n = 1 + random() % 12; n > 0; --n) text += kWords[random() % std::size(kWords)];
    if (run % 500 == 0) text.insert(text.size() / 2, std::string(kMaxSearchedLine - 40 + random() % 80, 'b'));
    const size_t expected = first_start_line(text);
    const StartSearch got = find_start_line(text);
    ASSERT_EQ(got.found, expected != std::string_view::npos) << testing::PrintToString(text);
    if (!got.found) continue;
    ++found;
    ASSERT_EQ(got.at, expected) << text;
    // What it says before the rest has come never passes by what is found then; and it may be told that the
    // begin holds no line end.
    for (size_t n = 0; n < text.size(); n += 1 + text.size() / 50) {
      const StartSearch early = find_start_line(std::string_view(text).substr(0, n));
      ASSERT_LE(early.at, expected) << text << " at " << n;
    }
    const size_t unbroken = std::min(text.find('\n', expected), text.size()) - expected;
    const StartSearch again = find_start_line(std::string_view(text).substr(expected), unbroken);
    ASSERT_TRUE(again.found && again.at == 0) << text;
  }
  EXPECT_GT(found, 1000u);
}

TEST(FindStartLine, BelievesOnlyWholeLines) {
  // An access log, a prose mention, an unknown method, JSON with escaped line ends.
  for (const std::string_view text :
       {"1.2.3.4 - \"GET /a HTTP/1.1\" 200 15\n", "write GET /path to the server\n", "FETCH /a HTTP/1.1\n",
        "{\"raw\":\"GET / HTTP/1.1\\r\\nHost: a\"}\n"}) {
    const StartSearch found = find_start_line(text);
    EXPECT_FALSE(found.found) << text;
    EXPECT_EQ(found.at, text.size()) << text;
  }
}

TEST(FindStartLine, GivesUpALineThatIsTooLong) {
  const std::string line = "GET /" + std::string(kMaxSearchedLine, 'a');
  EXPECT_EQ(find_start_line(line.substr(0, kMaxSearchedLine - 1)).at, 0u);
  EXPECT_EQ(find_start_line(line.substr(0, kMaxSearchedLine)).at, kMaxSearchedLine);
  const StartSearch whole = find_start_line(line + " HTTP/1.1\r\n");
  EXPECT_FALSE(whole.found);
}

TEST(BlankLine, FindsTheFirstOneAtAnyDistance) {
  for (size_t n = 0; n < 70; ++n) {
    const std::string before(n, 'x');
    EXPECT_EQ(find_blank_line("", before + "\r\n\r\nrest\n\n"), n + 4);
    EXPECT_EQ(find_blank_line("", before + "\n\nrest"), n + 2);
    EXPECT_EQ(find_blank_line("", before + "\n\r\nrest"), n + 3);
    EXPECT_EQ(find_blank_line("", before + "\r\n\r"), std::string_view::npos);
    EXPECT_EQ(find_blank_line("", before + "\r\rx\n x"), std::string_view::npos);
  }
  EXPECT_EQ(find_blank_line("\r\n", "\r\nx"), 2u);
  EXPECT_EQ(find_blank_line("\r\n", "\nx"), 1u);
  EXPECT_EQ(find_blank_line("\n\r", "\nx"), 1u);
  EXPECT_EQ(find_blank_line("a\r", "\nx"), std::string_view::npos);
}

TEST(ChunkLine, ReadsSizesUpToSixtyFourBits) {
  ChunkLine chunk;
  ASSERT_TRUE(read_chunk_line("ffffffffffffffff", &chunk));
  EXPECT_EQ(chunk.size, UINT64_MAX);
  ASSERT_TRUE(read_chunk_line("0000000000000000000000000001F", &chunk));
  EXPECT_EQ(chunk.size, 31u);
  ASSERT_TRUE(read_chunk_line("1a \t;name=\"value\"", &chunk));
  EXPECT_EQ(chunk.size, 26u);
  EXPECT_EQ(chunk.extension, 4u);
  // As some receivers take it.
  for (const std::string_view line : {" 1f", "\t 0x1F", "0X1f", "+1f", "1_f", "0_1_F", "+0x1_f"}) {
    ASSERT_TRUE(read_chunk_line(line, &chunk)) << line;
    EXPECT_EQ(chunk.size, 31u) << line;
    EXPECT_EQ(chunk.extension, line.size());
  }
  for (const std::string_view line : {"", " ", "-1", "+", "+-5", "0x", "x10", "0x0x1", "10000000000000000",
                                      "5 5", "g", ";a", "_5", "5__0", "5_", "5\r"}) {
    EXPECT_FALSE(read_chunk_line(line, &chunk)) << line;
  }
}

}  // namespace
}  // namespace weir::http1
