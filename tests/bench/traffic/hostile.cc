#include "tests/bench/traffic/hostile.h"

#include <functional>
#include <iterator>
#include <random>
#include <string>

namespace weir::bench {

namespace {

constexpr size_t kSegment = 1448;
constexpr size_t kBody = 256 * 1024;
constexpr uint32_t kServer = 0x0a010001;
constexpr uint8_t kSyn = 0x02, kAck = 0x10, kPush = 0x18;

// One connection after another from one client, each from a port of its own.
class Talk {
 public:
  explicit Talk(Capture& capture, uint16_t port = 80) : capture_(capture), port_(port) {}

  void open() {
    ++client_port_;
    capture_.tcp(kClient, kServer, client_port_, port_, 0, 0, kSyn, {});
    capture_.tcp(kServer, kClient, port_, client_port_, 0, 1, kSyn | kAck, {});
    sent_[0] = sent_[1] = 1;
  }
  // A flow whose beginning was not seen.
  void join() {
    ++client_port_;
    sent_[0] = sent_[1] = 1;
  }
  void client(std::string_view bytes, size_t segment = kSegment) { send(0, bytes, segment); }
  void server(std::string_view bytes, size_t segment = kSegment) { send(1, bytes, segment); }
  // From the client, `ahead` bytes behind the next one; what comes next stays.
  void client_ahead(uint32_t ahead, std::string_view bytes, uint8_t ttl = 64) {
    capture_.tcp(kClient, kServer, client_port_, port_, sent_[0] + ahead, sent_[1], kPush, bytes, 0, ttl);
  }

 private:
  static constexpr uint32_t kClient = 0x0a020001;

  void send(size_t side, std::string_view bytes, size_t segment) {
    for (size_t at = 0; at < bytes.size(); at += segment) {
      const std::string_view piece = bytes.substr(at, segment);
      if (side == 0) {
        capture_.tcp(kClient, kServer, client_port_, port_, sent_[0], sent_[1], kAck, piece);
      } else {
        capture_.tcp(kServer, kClient, port_, client_port_, sent_[1], sent_[0], kAck, piece);
      }
      sent_[side] += static_cast<uint32_t>(piece.size());
    }
  }

  Capture& capture_;
  uint16_t port_;
  uint16_t client_port_ = 20'000;
  uint32_t sent_[2] = {1, 1};
};

// Uploads of text, `next` giving a piece at a time.
void upload(Capture& capture, size_t bytes, const std::function<std::string()>& next,
            std::string_view headers = {}) {
  Talk talk(capture);
  for (size_t sent = 0; sent < bytes;) {
    std::string body;
    while (body.size() < std::min(kBody, bytes - sent)) body += next();
    talk.open();
    talk.client("POST /upload HTTP/1.1\r\nHost: files.example\r\nContent-Type: text/plain\r\n" +
                std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    talk.server("HTTP/1.1 204 No Content\r\n\r\n");
    sent += body.size();
  }
}

void repeat(Capture& capture, size_t bytes, const std::string& unit) {
  upload(capture, bytes, [&] { return unit; });
}

// A different one each time, from a fixed seed.
class Digits {
 public:
  std::string operator()(size_t n) {
    std::string text;
    for (size_t i = 0; i < n; ++i) text += static_cast<char>('0' + random_() % 10);
    return text;
  }

 private:
  std::mt19937_64 random_{20261130};
};

std::string times(std::string_view unit, size_t n) {
  std::string text;
  for (size_t i = 0; i < n; ++i) text += unit;
  return text;
}

// Undone in each of four rounds, and a digit of another script.
const std::string kNested = "\\u005cu0025%255cu0025%2541\xEF\xBC\x91";

void email_ends(Capture& capture, size_t bytes) {
  repeat(capture, bytes, "a@zz" + times(".zz", 73) + " " + kNested + " ");
}

void email_false_ends(Capture& capture, size_t bytes) {
  repeat(capture, bytes, "a@1.2" + times(".cn", 70) + " ");
}

void nested_escapes(Capture& capture, size_t bytes) {
  repeat(capture, bytes,
         "%25%34%31\\u0025\\u0033\\u0031%5Cu0031%255Cu0031\xEF\xBC\x91\xE2\x80\x8B"
         "2" +
             kNested);
}

void values_between_escapes(Capture& capture, size_t bytes) {
  Digits digits;
  upload(capture, bytes, [&] { return "138" + digits(8) + "," + kNested; });
}

void many_addresses(Capture& capture, size_t bytes) {
  size_t n = 0;
  upload(capture, bytes, [&] { return "u" + std::to_string(n++) + "@example.com "; });
}

void many_numbers(Capture& capture, size_t bytes) {
  Digits digits;
  upload(capture, bytes, [&] { return "138" + digits(8) + ","; });
}

void labelled_numbers(Capture& capture, size_t bytes) {
  Digits digits;
  upload(capture, bytes, [&] { return "手机138" + digits(8); });
}

void digits_only(Capture& capture, size_t bytes) {
  Digits digits;
  upload(capture, bytes, [&] { return digits(997); });
}

void card_groups(Capture& capture, size_t bytes) { repeat(capture, bytes, "4111 "); }

void keywords(Capture& capture, size_t bytes) {
  repeat(capture, bytes, "身份证号码电话手机 id card number phone card ");
}

void words_around_numbers(Capture& capture, size_t bytes) {
  repeat(capture, bytes, times("tel ", 10) + "13812345678 " + times("id ", 5));
}

// Bits of deflate, lowest first.
struct Bits {
  std::string out;
  void operator()(uint32_t value, unsigned n) {
    held |= uint64_t{value} << count;
    for (count += n; count >= 8; count -= 8, held >>= 8) out += static_cast<char>(held & 0xff);
  }
  std::string take() {
    if (count > 0) out += static_cast<char>(held & 0xff);
    return std::move(out);
  }

 private:
  uint64_t held = 0;
  unsigned count = 0;
};

// RFC 1951 3.2.7. Each block says two codes, then `letters` zero bytes.
std::string dynamic_blocks(size_t bytes, int letters) {
  Bits bits;
  const auto block = [&](uint32_t last) {
    bits(last, 1);
    bits(2, 2);   // dynamic
    bits(0, 5);   // 257 literal and length codes
    bits(0, 5);   // one distance code
    bits(14, 4);  // 18 code length codes, in the order 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1
    for (int i = 0; i < 18; ++i) bits(i == 2 || i == 17 ? 1 : 0, 3);
    // Of these 1 is coded as 0, 18 as 1: literal 0, then 255 zeros, the end of block, the distance code.
    bits(0, 1);
    bits(1, 1);
    bits(138 - 11, 7);
    bits(1, 1);
    bits(117 - 11, 7);
    bits(0, 1);
    bits(0, 1);
    for (int i = 0; i < letters; ++i) bits(0, 1);
    bits(1, 1);  // end of block
  };
  while (bits.out.size() < bytes) block(0);
  block(1);
  return bits.take();
}

// 3.2.6: each block is one letter.
std::string fixed_blocks(size_t bytes) {
  Bits bits;
  const auto block = [&](uint32_t last) {
    bits(last, 1);
    bits(1, 2);
    bits(0x89, 8);  // 0x91, an "a", from its highest bit on
    bits(0, 7);
  };
  while (bits.out.size() < bytes) block(0);
  block(1);
  return bits.take();
}

void gzip_of(Capture& capture, size_t bytes, const std::string& blocks) {
  const std::string gzip = std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10) + blocks + std::string(8, '\0');
  upload(
      capture, bytes, [&] { return gzip; }, "Content-Encoding: gzip\r\n");
}

void empty_blocks(Capture& capture, size_t bytes) { gzip_of(capture, bytes, dynamic_blocks(kBody, 0)); }
void dynamic_letters(Capture& capture, size_t bytes) { gzip_of(capture, bytes, dynamic_blocks(kBody, 4)); }
void fixed_letters(Capture& capture, size_t bytes) { gzip_of(capture, bytes, fixed_blocks(kBody)); }

void tiny_requests(Capture& capture, size_t bytes) {
  Talk talk(capture);
  const std::string requests = times("GET / HTTP/1.1\n\n", 16 * 1024);
  for (size_t sent = 0; sent < bytes; sent += requests.size()) {
    talk.open();
    talk.client(requests);
  }
}

void start_lines(Capture& capture, size_t bytes) {
  Talk talk(capture);
  // The chunk's size is none: from there on a message's begin is looked for.
  std::string text = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n";
  while (text.size() < kBody) text += times("GET /", 819) + std::string(4096, 'a') + "\r\n";
  for (size_t sent = 0; sent < bytes; sent += text.size()) {
    talk.open();
    talk.client(text);
  }
}

void tls_records(Capture& capture, size_t bytes) {
  Talk talk(capture, 9999);
  const std::string head = "x" + times(std::string("\x17\x03\x03\0\0", 5), 700) + std::string(6, '\xff');
  for (size_t sent = 0; sent < bytes;) {
    talk.join();
    talk.client(head);
    const std::string rest(4096, 'z');
    talk.client(rest, 1);
    sent += head.size() + rest.size() * 60;  // a byte and its headers
  }
}

void doubtful_overlaps(Capture& capture, size_t bytes) {
  Talk talk(capture, 9000);
  for (size_t sent = 0; sent < bytes;) {
    talk.open();
    talk.client("hello\n");
    // Held: the byte before the first is missing.
    for (uint32_t i = 0; i < 700; ++i) talk.client_ahead(1 + 2 * i, "a");
    // Differ in every second byte, and may not have come as far as the receiver.
    for (int round = 0; round < 64; ++round) {
      std::string other;
      for (size_t i = 0; i < kSegment; ++i) other += i % 2 == 1 ? static_cast<char>('b' + round % 20) : 'a';
      talk.client_ahead(0, other, 2);
    }
    talk.client(times("a", 1500));
    sent += 700 * 60 + 64 * kSegment;
  }
}

constexpr Hostile kInputs[] = {
    {"email_ends", "an address with 74 labels of no known end, nested escapes each 250 bytes", email_ends},
    {"email_false_ends", "an address with 70 known ends, refused for its first labels", email_false_ends},
    {"nested_escapes", "nothing but escapes in escapes", nested_escapes},
    {"values_between_escapes", "a number between two nested escapes", values_between_escapes},
    {"many_addresses", "70,000 different addresses in a megabyte", many_addresses},
    {"many_numbers", "a different mobile number each twelve bytes", many_numbers},
    {"labelled_numbers", "… with its word", labelled_numbers},
    {"digits_only", "digits", digits_only},
    {"card_groups", "groups of four that begin a card at every group", card_groups},
    {"keywords", "the packs' words, and nothing else", keywords},
    {"words_around_numbers", "one number among words that speak for it", words_around_numbers},
    {"empty_blocks", "gzip of empty dynamic blocks", empty_blocks},
    {"dynamic_letters", "gzip of dynamic blocks of four bytes each", dynamic_letters},
    {"fixed_letters", "gzip of fixed blocks of a letter each", fixed_letters},
    {"tiny_requests", "pipelined requests of 16 bytes", tiny_requests},
    {"start_lines", "819 beginnings of a request in a line, after broken framing", start_lines},
    {"tls_records", "700 empty TLS records of a flow already under way, then byte by byte", tls_records},
    {"doubtful_overlaps", "held bytes, and low-TTL segments that differ in every second one",
     doubtful_overlaps},
};

}  // namespace

std::span<const Hostile> hostile_inputs() { return kInputs; }

}  // namespace weir::bench
