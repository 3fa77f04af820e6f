// Writes the captures that make bench measures on: deterministic, from a fixed seed, no network.
//   bench_traffic text|json|hostile MEGABYTES OUT.pcap [PAYLOAD]   HTTP downloads; PAYLOAD gets the bodies
//   alone
//   bench_traffic flows COUNT PACKETS OUT.pcap        64-byte packets over COUNT TCP flows, at random
//   bench_traffic connections COUNT OUT.pcap          short ones: handshake, one small HTTP exchange, FIN
//   bench_traffic elephants COUNT MEGABYTES OUT.pcap  COUNT connections, one endless HTTP download each
//   bench_traffic state NAME COUNT OUT.pcap           COUNT TCP flows left in a state: half_open (a SYN),
//   open
//                                                     (handshake), exchanged (one HTTP exchange done), ahead
//                                                     (the same, and a segment that came too early)
//   bench_traffic names                               what a sender made to cost time: name and description
//   bench_traffic named NAME MEGABYTES OUT.pcap       … one of them (tests/bench/traffic/hostile.h)
// text: document text, English and Chinese, a person now and then. json: records full of digits. hostile:
// what makes matchers slow (digit runs, card prefixes, keywords, at signs, escapes).
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/traffic/capture.h"
#include "tests/bench/traffic/hostile.h"

namespace {

using weir::bench::Capture;

constexpr size_t kSegment = 1448;
constexpr size_t kBody = 64 * 1024;
constexpr size_t kParallel = 16;  // connections under way at once
constexpr size_t kRequests = 8;   // exchanges on one connection

class Bodies {
 public:
  explicit Bodies(std::string kind) : kind_(std::move(kind)) {}

  std::string next() {
    std::string body;
    body.reserve(kBody + 512);
    while (body.size() < kBody) {
      if (kind_ == "text") {
        paragraph(&body);
      } else if (kind_ == "json") {
        record(&body);
      } else {
        hostile(&body);
      }
    }
    // Cut between characters.
    size_t end = kBody;
    while ((static_cast<uint8_t>(body[end]) & 0xc0) == 0x80) --end;
    body.resize(end);
    return body;
  }
  const char* type() const { return kind_ == "json" ? "application/json" : "text/plain; charset=utf-8"; }

 private:
  uint64_t number(uint64_t below) { return random_() % below; }
  std::string digits(size_t n) {
    std::string text;
    for (size_t i = 0; i < n; ++i) text += static_cast<char>('0' + number(10));
    return text;
  }

  void paragraph(std::string* body) {
    static constexpr const char* kWords[] = {
        "the",     "report",  "of",       "this",     "quarter", "shows",  "that",    "customers",
        "in",      "region",  "were",     "served",   "within",  "hours",  "and",     "complaints",
        "fell",    "because", "teams",    "answered", "sooner",  "than",   "before",  "which",
        "costs",   "little",  "compared", "with",     "what",    "was",    "planned", "by",
        "finance", "while",   "quality",  "remains",  "a",       "matter", "for",     "everyone"};
    static constexpr const char* kChinese[] = {"本季度", "客户", "服务", "报告", "显示", "地区",
                                               "团队",   "计划", "财务", "质量", "问题", "已经",
                                               "解决",   "我们", "需要", "继续"};
    static constexpr const char* kNames[] = {"Anna", "Wei", "Li Na", "Müller", "ACME",
                                             "QA",   "IT",  "Zhang", "Chen",   "HR"};
    const size_t words = 40 + number(60);
    for (size_t i = 0; i < words; ++i) {
      switch (number(24)) {
        case 0:
        case 1:
        case 2:
          *body += kChinese[number(std::size(kChinese))];
          break;
        case 3:
          *body += kNames[number(std::size(kNames))];
          break;
        case 4:
          *body += std::to_string(number(10'000));
          break;
        case 5:
          *body += number(2) == 0 ? "2026-" + two(12) + "-" + two(28)
                                  : std::to_string(number(20)) + "." + digits(2) + " %";
          break;
        case 6:
          aside(body);
          break;
        default:
          *body += kWords[number(std::size(kWords))];
      }
      *body += number(12) == 0 ? ", " : " ";
    }
    if (number(200) == 0) *body += "联系电话 138" + digits(8) + " ";
    *body += ".\n";
  }

  std::string two(uint64_t most) {
    const uint64_t n = 1 + number(most);
    return (n < 10 ? "0" : "") + std::to_string(n);
  }

  // What stands in documents beside words.
  void aside(std::string* body) {
    switch (number(8)) {
      case 0:
        *body += "office" + digits(2) + "@mail.example.com";
        break;
      case 1:
        *body += "https://docs.example.com/v" + digits(1) + "/page-" + digits(4) + ".html";
        break;
      case 2:
        *body += "(see section " + digits(1) + "." + digits(1) + "." + digits(1) + ")";
        break;
      case 3:
        *body += "¥" + digits(2) + "," + digits(3) + "." + digits(2);
        break;
      case 4:
        *body += "PO-" + digits(6) + "/B" + digits(2);
        break;
      case 5:
        *body += "10." + digits(1) + "." + digits(2) + "." + digits(2);
        break;
      case 6:
        *body += two(23) + ":" + two(59) + ":" + two(59);
        break;
      default:
        *body += "ext. " + digits(4) + ", room R" + digits(3);
    }
  }

  void record(std::string* body) {
    *body += R"({"id":)" + digits(9) + R"(,"ts":1767)" + digits(9) + R"(,"amount":)" + digits(4) + "." +
             digits(2) + R"(,"order_no":"2026)" + digits(14) + R"(","status":)" + digits(1) +
             R"(,"lat":39.)" + digits(6) + R"(,"lng":116.)" + digits(6) + R"(,"sku":[)" + digits(6) + "," +
             digits(6) + R"(],"trace":")";
    static constexpr char kHex[] = "0123456789abcdef";
    for (int i = 0; i < 32; ++i) *body += kHex[number(16)];
    *body += "\"},\n";
  }

  void hostile(std::string* body) {
    switch (number(8)) {
      case 0:
        *body += digits(300);
        break;
      case 1:
        for (int i = 0; i < 30; ++i) *body += "62" + digits(14) + " ";
        break;
      case 2:
        for (int i = 0; i < 40; ++i) *body += "身份证号码电话手机";
        break;
      case 3:
        for (int i = 0; i < 60; ++i) *body += "a@b.c@";
        break;
      case 4:
        for (int i = 0; i < 50; ++i) *body += "%31%32\\u0033";
        break;
      case 5:
        for (int i = 0; i < 40; ++i) *body += "110101199" + digits(2) + "0";
        break;
      case 6:
        for (int i = 0; i < 40; ++i) *body += digits(4) + "-" + digits(4) + " ";
        break;
      default:
        for (int i = 0; i < 30; ++i) *body += "1381234" + digits(4) + ",";
    }
    *body += "\n";
  }

  std::string kind_;
  std::mt19937_64 random_{20260101};
};

int http(const std::string& kind, size_t megabytes, const std::string& out, const std::string& payload_out) {
  struct Connection {
    uint32_t client = 0;
    uint16_t port = 0;
    uint32_t client_seq = 1, server_seq = 1;
    std::string pending;  // of the response
    size_t at = 0;
    size_t left = 0;  // requests
  };
  Capture capture(out);
  std::ofstream payload;
  if (!payload_out.empty()) payload.open(payload_out, std::ios::binary);
  Bodies bodies(kind);
  constexpr uint32_t kServer = 0x0a010001;
  uint32_t opened = 0;
  uint64_t sent = 0;
  std::vector<Connection> connections(kParallel);
  const uint64_t wanted = megabytes * 1'000'000;
  while (sent < wanted ||
         std::ranges::any_of(connections, [](const Connection& c) { return c.at < c.pending.size(); })) {
    for (Connection& c : connections) {
      if (c.at == c.pending.size()) {
        if (c.left == 0) {
          if (c.port != 0) {
            capture.tcp(c.client, kServer, c.port, 80, c.client_seq, c.server_seq, 0x11, {});
            capture.tcp(kServer, c.client, 80, c.port, c.server_seq, c.client_seq + 1, 0x11, {});
            c.port = 0;
          }
          if (sent >= wanted) continue;
          c = Connection{};
          c.client = 0x0a020000 + opened % 5000;
          c.port = static_cast<uint16_t>(20000 + opened % 40000);
          c.left = kRequests;
          ++opened;
          capture.tcp(c.client, kServer, c.port, 80, 0, 0, 0x02, {});
          capture.tcp(kServer, c.client, 80, c.port, 0, 1, 0x12, {});
        }
        --c.left;
        const std::string request =
            "GET /documents/" + std::to_string(sent % 9973) +
            " HTTP/1.1\r\nHost: files.example\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\r\n";
        capture.tcp(c.client, kServer, c.port, 80, c.client_seq, c.server_seq, 0x18, request);
        c.client_seq += static_cast<uint32_t>(request.size());
        const std::string body = bodies.next();
        if (payload.is_open()) payload << body;
        c.pending = "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: " + std::string(bodies.type()) +
                    "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        c.at = 0;
        sent += body.size();
      }
      // A window's worth in a row, as servers send, then an acknowledgement.
      for (int i = 0; i < 4 && c.at < c.pending.size(); ++i) {
        const std::string_view piece = std::string_view(c.pending).substr(c.at, kSegment);
        capture.tcp(kServer, c.client, 80, c.port, c.server_seq, c.client_seq, 0x10, piece);
        c.server_seq += static_cast<uint32_t>(piece.size());
        c.at += piece.size();
      }
      capture.tcp(c.client, kServer, c.port, 80, c.client_seq, c.server_seq, 0x10, {});
    }
  }
  return 0;
}

// Client and port of flow `n`: four million and more are different.
struct Ends {
  explicit Ends(uint64_t n)
      : client(static_cast<uint32_t>(0x0a000000 + n % 2'000'000)),
        port(static_cast<uint16_t>(1024 + n / 2'000'000 + n % 50'000)) {}
  uint32_t client;
  uint16_t port;
};
constexpr uint32_t kWebServer = 0xc0a80001;

int flows(uint64_t count, uint64_t packets, const std::string& out) {
  Capture capture(out);
  std::mt19937_64 random(64);
  const auto send = [&](uint64_t flow, uint8_t flags, uint32_t seq) {
    const Ends ends(flow);
    capture.tcp(ends.client, kWebServer, ends.port, 443, seq, 0, flags, {}, 60);
  };
  for (uint64_t flow = 0; flow < count; ++flow) send(flow, 0x02, 0);
  for (uint64_t i = count; i < packets; ++i) send(random() % count, 0x10, 1);
  return 0;
}

constexpr std::string_view kRequest =
    "GET /api/v1/orders/1234 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\r\n";
constexpr std::string_view kResponse =
    "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/json\r\nContent-Length: 61\r\n\r\n"
    "{\"order\":\"A-1234\",\"state\":\"shipped\",\"note\":\"thank you, all!\"}\n";

void handshake(Capture& capture, const Ends& ends) {
  capture.tcp(ends.client, kWebServer, ends.port, 80, 0, 0, 0x02, {}, 60);
  capture.tcp(kWebServer, ends.client, 80, ends.port, 0, 1, 0x12, {}, 60);
  capture.tcp(ends.client, kWebServer, ends.port, 80, 1, 1, 0x10, {}, 60);
}

void exchange(Capture& capture, const Ends& ends) {
  const auto asked = static_cast<uint32_t>(1 + kRequest.size());
  const auto told = static_cast<uint32_t>(1 + kResponse.size());
  capture.tcp(ends.client, kWebServer, ends.port, 80, 1, 1, 0x18, kRequest);
  capture.tcp(kWebServer, ends.client, 80, ends.port, 1, asked, 0x18, kResponse);
  capture.tcp(ends.client, kWebServer, ends.port, 80, asked, told, 0x10, {}, 60);
}

int connections(uint64_t count, const std::string& out) {
  Capture capture(out);
  const auto asked = static_cast<uint32_t>(1 + kRequest.size());
  const auto told = static_cast<uint32_t>(1 + kResponse.size());
  for (uint64_t n = 0; n < count; ++n) {
    const Ends ends(n);
    handshake(capture, ends);
    exchange(capture, ends);
    capture.tcp(kWebServer, ends.client, 80, ends.port, told, asked, 0x11, {}, 60);
    capture.tcp(ends.client, kWebServer, ends.port, 80, asked, told + 1, 0x11, {}, 60);
    capture.tcp(kWebServer, ends.client, 80, ends.port, told + 1, asked + 1, 0x10, {}, 60);
  }
  return 0;
}

int elephants(uint64_t count, uint64_t megabytes, const std::string& out) {
  Capture capture(out);
  Bodies bodies("text");
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
                           std::to_string(uint64_t{1} << 40) + "\r\n\r\n";
  std::vector<uint32_t> sent(count, 1);
  const auto asked = static_cast<uint32_t>(1 + kRequest.size());
  for (uint64_t n = 0; n < count; ++n) {
    const Ends ends(n);
    handshake(capture, ends);
    capture.tcp(ends.client, kWebServer, ends.port, 80, 1, 1, 0x18, kRequest);
    capture.tcp(kWebServer, ends.client, 80, ends.port, 1, asked, 0x18, head);
    sent[n] += static_cast<uint32_t>(head.size());
  }
  for (uint64_t bytes = 0; bytes < megabytes * 1'000'000;) {
    for (uint64_t n = 0; n < count; ++n) {
      const Ends ends(n);
      const std::string body = bodies.next();
      for (size_t at = 0; at < body.size(); at += kSegment) {
        const std::string_view piece = std::string_view(body).substr(at, kSegment);
        capture.tcp(kWebServer, ends.client, 80, ends.port, sent[n], asked, 0x10, piece);
        sent[n] += static_cast<uint32_t>(piece.size());
        if (at / kSegment % 4 == 3) {
          capture.tcp(ends.client, kWebServer, ends.port, 80, asked, sent[n], 0x10, {}, 60);
        }
      }
      bytes += body.size();
    }
  }
  return 0;
}

int state(const std::string& name, uint64_t count, const std::string& out) {
  Capture capture(out);
  for (uint64_t n = 0; n < count; ++n) {
    const Ends ends(n);
    if (name == "half_open") {
      capture.tcp(ends.client, kWebServer, ends.port, 80, 0, 0, 0x02, {}, 60);
      continue;
    }
    handshake(capture, ends);
    if (name == "open") continue;
    exchange(capture, ends);
    if (name == "exchanged") continue;
    const auto ahead = static_cast<uint32_t>(1 + kResponse.size() + kSegment);
    capture.tcp(kWebServer, ends.client, 80, ends.port, ahead, static_cast<uint32_t>(1 + kRequest.size()),
                0x10, kResponse);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() >= 3 && (words[0] == "text" || words[0] == "json" || words[0] == "hostile")) {
    return http(words[0], std::stoull(words[1]), words[2], words.size() > 3 ? words[3] : std::string());
  }
  if (words.size() == 4 && words[0] == "flows") {
    return flows(std::stoull(words[1]), std::stoull(words[2]), words[3]);
  }
  if (words.size() == 3 && words[0] == "connections") return connections(std::stoull(words[1]), words[2]);
  if (words.size() == 4 && words[0] == "elephants") {
    return elephants(std::stoull(words[1]), std::stoull(words[2]), words[3]);
  }
  if (words.size() == 1 && words[0] == "names") {
    for (const weir::bench::Hostile& input : weir::bench::hostile_inputs()) {
      std::cout << input.name << '\t' << input.what << '\n';
    }
    return 0;
  }
  if (words.size() == 4 && words[0] == "named") {
    for (const weir::bench::Hostile& input : weir::bench::hostile_inputs()) {
      if (input.name != words[1]) continue;
      Capture capture(words[3]);
      input.write(capture, std::stoull(words[2]) * 1'000'000);
      return 0;
    }
    std::cerr << "bench_traffic: there is no '" << words[1] << "'; bench_traffic names lists them\n";
    return 2;
  }
  const auto is_state = [](const std::string& name) {
    return name == "half_open" || name == "open" || name == "exchanged" || name == "ahead";
  };
  if (words.size() == 4 && words[0] == "state" && is_state(words[1])) {
    return state(words[1], std::stoull(words[2]), words[3]);
  }
  std::cerr << "usage: bench_traffic text|json|hostile MEGABYTES OUT.pcap [PAYLOAD]\n"
               "       bench_traffic flows COUNT PACKETS OUT.pcap\n"
               "       bench_traffic connections COUNT OUT.pcap\n"
               "       bench_traffic elephants COUNT MEGABYTES OUT.pcap\n"
               "       bench_traffic state half_open|open|exchanged|ahead COUNT OUT.pcap\n"
               "       bench_traffic names\n"
               "       bench_traffic named NAME MEGABYTES OUT.pcap\n";
  return 2;
}
