// The registry: every parser can be asked, made and driven, and each conversation has one that is certain.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "parsers/api/parser.h"
#include "tests/harness/parser_driver.h"

namespace weir {
namespace {

// The first flight of each side of each conversation in tests/data/<file>.json.
std::vector<std::pair<std::string, std::string>> first_flights(const std::string& file) {
  std::ifstream in(std::string(WEIR_SOURCE_DIR) + "/tests/data/" + file + ".json");
  EXPECT_TRUE(in.good()) << file;
  const nlohmann::json document = nlohmann::json::parse(in);
  std::vector<std::pair<std::string, std::string>> flights;
  for (const auto& conversation : document.is_array() ? document : nlohmann::json::array({document})) {
    auto& [out, back] = flights.emplace_back();
    for (const auto& step : conversation["steps"]) {
      std::string& side = step["from"] == "client" ? out : back;
      if (!side.empty()) continue;
      const std::string hex = step["hex"];
      for (size_t i = 0; i + 1 < hex.size() && side.size() < kProbeLimit; i += 2) {
        side += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
      }
    }
    EXPECT_FALSE(out.empty() || back.empty()) << file;
  }
  return flights;
}

TEST(Registry, EveryEntryIsWhole) {
  std::set<std::string_view> names;
  for (const ParserInfo& info : parser_registry()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    ASSERT_NE(info.probe, nullptr);
    ASSERT_NE(info.make, nullptr);
    EXPECT_NE(info.make(false), nullptr);
    EXPECT_FALSE(info.usual_ports.empty());
  }
  for (const char* name : {"http", "tls", "ssh", "quic", "dtls", "wireguard", "ipsec"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

// What the sensor asks in a flow's first moments: the parsers of its transport, by what has been said.
std::vector<std::string> certain_of(Transport transport, std::string_view out, std::string_view back,
                                    bool midstream) {
  std::vector<std::string> names;
  for (const ParserInfo& info : parser_registry()) {
    if (info.transport != transport) continue;
    const ProbeResult answer = transport == Transport::kUdp ? harness::probe_datagram(info, out)
                                                            : harness::probe_of(info, out, back, midstream);
    if (answer == ProbeResult::kCertain) names.emplace_back(info.name);
  }
  return names;
}

// Conversations between real programs: whoever speaks first, from the first flight on, one parser is certain
// and the others are not.
TEST(Registry, OneParserIsCertainOfARecordedConversation) {
  struct Case {
    const char* file;
    const char* name;
    Transport transport;
  };
  size_t asked = 0;
  for (const Case& c :
       {Case{"encrypted/ssh", "ssh", Transport::kTcp}, Case{"encrypted/quic", "quic", Transport::kUdp},
        Case{"encrypted/quic_v2", "quic", Transport::kUdp}, Case{"encrypted/dtls", "dtls", Transport::kUdp},
        Case{"encrypted/wireguard", "wireguard", Transport::kUdp},
        Case{"encrypted/ipsec_500", "ipsec", Transport::kUdp},
        Case{"encrypted/ipsec_4500", "ipsec", Transport::kUdp}, Case{"http1/http", "http", Transport::kTcp},
        Case{"http1/tls", "tls", Transport::kTcp}}) {
    for (const auto& [out, back] : first_flights(c.file)) {
      for (const bool midstream : {false, true}) {
        EXPECT_EQ(certain_of(c.transport, out, "", midstream), std::vector<std::string>{c.name}) << c.file;
        if (c.transport == Transport::kUdp) continue;
        EXPECT_EQ(certain_of(c.transport, "", back, midstream), std::vector<std::string>{c.name}) << c.file;
        EXPECT_EQ(certain_of(c.transport, out, back, midstream), std::vector<std::string>{c.name}) << c.file;
      }
      ++asked;
    }
  }
  EXPECT_GE(asked, 9u);
}

// How other protocols begin, by their standards; with and without their last bytes, whoever began.
TEST(Registry, NobodyClaimsOtherTalk) {
  using namespace std::string_literals;
  const std::pair<std::string, std::string> talks[] = {
      {"SSH is spoken here\r\n", "RFB 003.008\n"},           // RFC 6143 7.1.1
      {"EHLO a.example\r\n", "220 mail.example ESMTP\r\n"},  // RFC 5321
      {"USER li\r\n", "+OK POP3 ready\r\n"},                 // RFC 1939
      {"a1 LOGIN li x\r\n", "* OK IMAP4rev1 ready\r\n"},     // RFC 9051
      {"USER li\r\n", "220 FTP ready\r\n"},                  // RFC 959
      {"*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},                 // redis
      {"OPTIONS rtsp://a.example/m RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 200 OK\r\n\r\n"},  // RFC 2326
      {"INVITE sip:li@a.example SIP/2.0\r\n\r\n", "SIP/2.0 100 Trying\r\n\r\n"},              // RFC 3261
      {"\x10\x0c\0\x04MQTT\x04\x02\0<\0\0"s, "\x20\x02\0\0"s},  // MQTT 3.1.1, 3.1
      {"\0\0\0\x08\x04\xd2\x16\x2f"s, "N"s},                    // PostgreSQL SSLRequest
      {""s,
       "J\0\0\0\x0a"s
       "8.0.36\0\x08\0\0\0abcdefgh\0"s},                               // MySQL greeting
      {"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"s, ""s},  // TPKT, RFC 1006
      {"\0\0\0\x2a\xffSMBr\0\0\0\0"s, ""s},                            // SMB over TCP
      {"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01"
       "a\0\0\x01\0\x01"s,
       ""s},                                             // DNS, RFC 1035
      {"\x23\0\x06\xec"s + std::string(44, '\0'), ""s},  // NTP, RFC 5905
      {"<34>Oct 11 22:14:15 host su: text"s, ""s},       // RFC 3164
      {std::string(100, '\0'), std::string(100, '\xff')},
  };
  for (const auto& [out, back] : talks) {
    for (const ParserInfo& info : parser_registry()) {
      if (info.transport == Transport::kUdp) {
        EXPECT_EQ(harness::probe_datagram(info, out.empty() ? back : out), ProbeResult::kNo)
            << info.name << out;
        continue;
      }
      for (const bool midstream : {false, true}) {
        EXPECT_EQ(harness::probe_of(info, out, back, midstream, true), ProbeResult::kNo)
            << info.name << out << back;
        EXPECT_NE(harness::probe_of(info, "", back, midstream), ProbeResult::kCertain) << info.name << back;
      }
    }
  }
}

}  // namespace
}  // namespace weir
