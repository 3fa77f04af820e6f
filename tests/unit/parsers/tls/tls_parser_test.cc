// TLS: the server name, the ledger of encrypted bytes, and what is done when it turns out to be none. The
// hello was recorded from Python's ssl module (OpenSSL) by tests/data/http1/record.py.
#include "parsers/tls/tls_parser.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>

#include "parsers/tls/client_hello.h"
#include "parsers/wire/ciphertext.h"
#include "tests/harness/parser_driver.h"

namespace weir {
namespace {

using harness::drive_every_split;
using harness::probe_of;
using harness::RecordingSink;
using harness::Script;

constexpr Direction kOut = Direction::kFromInitiator;
constexpr Direction kBack = Direction::kFromResponder;

std::string unhex(const std::string& text) {
  std::string out;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

// A whole recorded conversation: name, and flights in order.
struct Recorded {
  std::string name;
  Script script;
  std::string first;  // the client's first flight
  size_t out = 0;
  size_t back = 0;
};

std::vector<Recorded> recorded() {
  std::ifstream in("tests/data/http1/tls.json");
  EXPECT_TRUE(in.good());
  std::vector<Recorded> all;
  for (const auto& conversation : nlohmann::json::parse(in)) {
    Recorded& one = all.emplace_back();
    one.name = conversation["server_name"];
    for (const auto& step : conversation["steps"]) {
      const std::string bytes = unhex(step["hex"]);
      const bool out = step["from"] == "client";
      if (one.first.empty()) one.first = bytes;
      (out ? one.out : one.back) += bytes.size();
      one.script.data(out ? kOut : kBack, bytes);
    }
  }
  return all;
}

std::string record(uint8_t type, std::string_view payload) {
  std::string out{static_cast<char>(type), 3, 3, static_cast<char>(payload.size() >> 8),
                  static_cast<char>(payload.size() & 0xFF)};
  return out.append(payload);
}

TEST(Tls, RecordedConversations) {
  const std::vector<Recorded> all = recorded();
  ASSERT_EQ(all.size(), 3u);  // TLS 1.3, TLS 1.2, no name
  for (const Recorded& one : all) {
    const RecordingSink got = drive_every_split(tls_parser_info(), one.script);
    if (one.name.empty()) {
      EXPECT_TRUE(got.items().empty());
    } else {
      ASSERT_EQ(got.items().size(), 1u);
      EXPECT_EQ(got.message(0).meta.host, one.name);
      EXPECT_EQ(got.message(0).meta.protocol, "tls");
      EXPECT_EQ(got.message(0).meta.direction, kOut);
    }
    EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), one.out);
    EXPECT_EQ(got.unread_bytes(kBack, Unread::kEncrypted), one.back);
    EXPECT_EQ(probe_of(tls_parser_info(), one.first, ""), ProbeResult::kCertain);
    EXPECT_EQ(probe_of(tls_parser_info(), one.first.substr(0, 10), ""), ProbeResult::kMore);
  }
}

TEST(Tls, AHelloInSeveralRecords) {
  const Recorded one = recorded()[0];
  const std::string hello = one.first.substr(5);
  for (const size_t piece : {1u, 7u, 100u}) {
    std::string cut;
    for (size_t at = 0; at < hello.size(); at += piece) cut += record(22, hello.substr(at, piece));
    const RecordingSink got = drive_every_split(tls_parser_info(), Script().out(cut));
    EXPECT_EQ(got.message(0).meta.host, one.name);
    EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), cut.size());
  }
}

TEST(Tls, EveryDamageToAHelloIsBorne) {
  const std::string hello = recorded()[0].first.substr(5);
  for (size_t n = 0; n < hello.size(); ++n) {
    EXPECT_EQ(tls::server_name_of(as_bytes(std::string(hello.substr(0, n)))), "") << n;
  }
  size_t named = 0;
  for (size_t at = 0; at < hello.size(); ++at) {
    for (const char value : {'\x00', '\x7F', '\xFF'}) {
      std::string damaged = hello;
      damaged[at] = value;
      named += !tls::server_name_of(as_bytes(damaged)).empty();
    }
  }
  EXPECT_GT(named, 0u);                // random, keys
  EXPECT_LT(named, 3 * hello.size());  // lengths
}

TEST(Tls, AnEndlessHelloIsNotKept) {
  std::string hello = std::string("\x01\xFF\xFF\xFF", 4) + std::string(60000, 'x');
  std::string records;
  for (size_t at = 0; at < hello.size(); at += 16000) records += record(22, hello.substr(at, 16000));
  const std::unique_ptr<Parser> parser = tls_parser_info().make(false);
  RecordingSink sink;
  for (size_t at = 0; at < records.size(); at += 1000) {
    parser->on_data(kOut, as_bytes(std::string_view(records).substr(at, 1000)), sink);
    EXPECT_LE(parser->held_bytes(), 16u << 10);
  }
  parser->on_end(kOut, sink);
  EXPECT_TRUE(sink.items().empty());
  EXPECT_EQ(sink.unread_bytes(kOut, Unread::kEncrypted), records.size());
}

// The other side is read in clear: this one's random bytes must not hide the text in the records behind them.
TEST(Tls, ASideAloneIsNotCountedUnseen) {
  std::mt19937 random(3);
  std::string noise(600, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  std::string table;
  for (int i = 0; i < 30; ++i) table += "Zhang San,1381234567" + std::to_string(i % 10) + "\n";
  const RecordingSink got = drive_every_split(
      tls_parser_info(),
      Script().out(recorded()[0].first).back("in clear\n").out(record(23, noise) + record(23, table)));
  std::string read;
  for (const auto& item : got.items()) read += item.bytes;
  EXPECT_TRUE(read.ends_with(table.substr(kCiphertextSample)));
}

// Nobody greets for more than 256 KiB: what is behind that is read, however well its records are made.
TEST(Tls, AGreetingWithoutEndIsReadInTheEnd) {
  const std::string text = "name,phone\nZhang,13812345678\n";
  std::string records = record(22, std::string("\x01\0\0\x02\x03\x03", 6));
  while (records.size() < (256u << 10) + 20'000) records += record(22, std::string(16'000, 'x'));
  const size_t greeting = records.size();
  const std::unique_ptr<Parser> parser = tls_parser_info().make(false);
  RecordingSink sink;
  const std::string all = records + record(22, text) + text;
  for (size_t at = 0; at < all.size(); at += 1448) {
    parser->on_data(kOut, as_bytes(std::string_view(all).substr(at, 1448)), sink);
  }
  parser->on_end(kOut, sink);
  const auto raw = sink.of_kind(ItemKind::kRawStream);
  ASSERT_EQ(raw.size(), 1u);
  EXPECT_TRUE(raw[0]->bytes.ends_with(record(22, text) + text));
  EXPECT_EQ(raw[0]->bytes.size() + sink.unread_bytes(kOut, Unread::kEncrypted), all.size());
  EXPECT_LE(sink.unread_bytes(kOut, Unread::kEncrypted), greeting);
}

TEST(Tls, BrokenRecordsAreReadRaw) {
  const Recorded one = recorded()[0];
  const RecordingSink got = drive_every_split(
      tls_parser_info(),
      Script().out(one.first + "id=110101199003078531").back("plain").gap_back(3).back("text"));
  const auto raw = got.of_kind(ItemKind::kRawStream);
  ASSERT_EQ(raw.size(), 2u);
  EXPECT_EQ(raw[0]->bytes, "id=110101199003078531");
  EXPECT_EQ(raw[1]->bytes, "plaintext");
  ASSERT_EQ(raw[1]->holes.size(), 1u);
  EXPECT_EQ(raw[1]->holes[0].offset, 5u);
  EXPECT_EQ(got.unread_bytes(kOut, Unread::kEncrypted), one.first.size());
  // A direction that is raw stays so when the other one goes on encrypted.
  const RecordingSink mixed = drive_every_split(
      tls_parser_info(),
      Script().out(one.first + "broken").back(record(23, "abc") + "xyz").out("more").back("z"));
  ASSERT_EQ(mixed.of_kind(ItemKind::kRawStream).size(), 1u);
  EXPECT_EQ(mixed.of_kind(ItemKind::kRawStream)[0]->bytes, "brokenmore");
  EXPECT_EQ(mixed.unread_bytes(kBack, Unread::kEncrypted), 12u);
}

TEST(Tls, Gaps) {
  const std::string first = record(22, std::string("\x02\x00\x00\x03xyz", 7));
  // Inside a record the chain goes on; past it everything is counted.
  const RecordingSink inside =
      drive_every_split(tls_parser_info(), Script().back(first.substr(0, 8)).gap_back(4).back("broken"));
  EXPECT_EQ(inside.of_kind(ItemKind::kRawStream)[0]->bytes, "broken");
  const RecordingSink past = drive_every_split(
      tls_parser_info(), Script().back(first.substr(0, 8)).gap_back(5).back("whatever").out("x"));
  EXPECT_TRUE(past.items().empty());
  EXPECT_EQ(past.unread_bytes(kBack, Unread::kEncrypted), 16u);
  EXPECT_EQ(past.unread_bytes(kOut, Unread::kEncrypted), 1u);
}

TEST(Tls, Midstream) {
  const RecordingSink inside = drive_every_split(
      tls_parser_info(), Script().back("tail of a record" + record(23, "abc")).out(record(23, "x")), true);
  EXPECT_TRUE(inside.items().empty());
  EXPECT_EQ(inside.unread_bytes(kBack, Unread::kEncrypted), 24u);
  EXPECT_EQ(inside.unread_bytes(kOut, Unread::kEncrypted), 6u);
  const Recorded one = recorded()[0];
  const RecordingSink whole = drive_every_split(tls_parser_info(), one.script, true);
  EXPECT_EQ(whole.message(0).meta.host, one.name);
  EXPECT_EQ(whole.asker(), kOut);
  EXPECT_EQ(inside.asker(), std::nullopt);
}

TEST(Tls, Probe) {
  const ParserInfo tls = tls_parser_info();
  const std::string data = record(23, std::string(30, '\xA5'));
  EXPECT_EQ(probe_of(tls, "", ""), ProbeResult::kMore);
  for (const std::string_view other :
       {"GET / HTTP/1.1\r\n", "\x16\x02", "\x17\x03\x03", "\x16\x03\x01\x7F"}) {
    EXPECT_EQ(probe_of(tls, other, ""), ProbeResult::kNo) << other;
  }
  EXPECT_EQ(probe_of(tls, "", data + data, true), ProbeResult::kCertain);
  EXPECT_EQ(probe_of(tls, "", "\x99\x17\x03rest of one" + data + data, true), ProbeResult::kMaybe);
  EXPECT_EQ(probe_of(tls, "", record(23, std::string(16000, 'x')).substr(0, 4096), true),
            ProbeResult::kMaybe);
  EXPECT_EQ(probe_of(tls, "", std::string(4096, 'x'), true), ProbeResult::kNo);
  // A chain that breaks is none, from whichever record it is followed.
  std::string empties;
  for (int i = 0; i < 700; ++i) empties += record(23, "");
  EXPECT_EQ(probe_of(tls, empties + "\xff\xff\xff\xff\xff\xff", "", true, true), ProbeResult::kNo);
  EXPECT_EQ(probe_of(tls, "??" + empties, "", true, true), ProbeResult::kMaybe);
}

}  // namespace
}  // namespace weir
