// A worker's surroundings for alerts: a catalogue, policies that count persons, a masker that shows where it
// was, and an item over one flow.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "sensor/alert/item_alerts.h"
#include "sensor/alert/ocsf_writer.h"
#include "tests/harness/whole_finding.h"

namespace weir::test {

inline constexpr Nanoseconds kMs = 1'000'000;
inline constexpr Nanoseconds kSecond = 1000 * kMs;
// 2026-11-23 08:15:00.000123 UTC.
inline constexpr Nanoseconds kStart = 1'795'421'700 * kSecond + 123'456;

inline IpAddress ip(const char* text) {
  IpAddress a;
  EXPECT_TRUE(IpAddress::parse(text, &a));
  return a;
}

// Groups of policies by number of persons: {group, policies {id, persons, severity}}.
struct CountingPolicies : VerdictSource {
  struct Row {
    uint16_t group;
    uint64_t persons;
    Severity severity;
    PolicyFacts facts;
  };
  std::vector<Row> rows;
  std::vector<uint64_t> counts;
  std::vector<uint32_t> suppressed;
  mutable int asked = 0;

  void add(uint16_t group, const char* id, uint64_t persons, Severity severity) {
    Row row{group, persons, severity, {}};
    row.facts.id = id;
    row.facts.group = "g" + std::to_string(group);
    row.facts.title_en = std::string("Title of ") + id;
    row.facts.title_zh = std::string("标题 ") + id;
    row.facts.version = "0123456789abcdef";
    row.facts.articles = {4};
    row.facts.named = {true, false, true};
    row.facts.distinct = persons;
    rows.push_back(row);
    counts.push_back(persons);
    std::ranges::sort(counts);
  }
  std::span<const uint64_t> steps() const override { return counts; }
  void evaluate(const ItemFacts&, const ItemFindings& findings, Nanoseconds,
                Verdict* verdict) const override {
    ++asked;
    verdict->clear();
    verdict->suppressed_by = suppressed;
    const uint64_t persons = findings.distinct_at(0, Confidence::kMedium);
    for (const Row& row : rows) {
      if (persons < row.persons) continue;
      if (verdict->groups.empty() || verdict->groups.back().group != row.group) {
        verdict->groups.push_back({row.group, row.severity, &row.facts, {}, persons, 0});
      } else {
        verdict->groups.back().others.push_back(verdict->groups.back().policy);
        verdict->groups.back().policy = &row.facts;
        verdict->groups.back().severity = row.severity;
      }
    }
  }
};

// Masks the word SECRET and leaves "‹…›" around whatever passed through it, "«…»" around names of fields.
struct ShowingMasker : MetadataMasker {
  std::string mask(std::string_view wire) override {
    std::string out(wire);
    for (size_t at; (at = out.find("SECRET")) != std::string::npos;) out.replace(at, 6, "******");
    return show ? "‹" + out + "›" : out;
  }
  std::string field_name(std::string_view wire) override {
    const std::string out = mask(wire);
    return show ? "«" + out.substr(3, out.size() - 6) + "»" : out;
  }
  bool show = false;
};

struct Collected : AlertSink {
  void on_alert(Alert&& alert) override { alerts.push_back(std::move(alert)); }
  std::vector<Alert> alerts;
};

struct Worker {
  Catalogue catalogue;
  CountingPolicies policies;
  NetworkList internal = private_networks();
  ShowingMasker masker;
  Collected sink;
  AlertCounters counters;
  AlertContext context{catalogue, policies, internal, masker, sink, counters, "k5eed0001:", {}};

  Worker() {
    const std::tuple<const char*, const char*, const char*, Category> rows[] = {
        {"cn.resident_id", "Resident identity number", "居民身份证号码", Category::kIdentity},
        {"cn.mobile", "Mobile number", "手机号码", Category::kContact},
        {"payment.card", "Payment card", "银行卡号", Category::kFinancial}};
    for (const auto& [id, en, zh, category] : rows) {
      DetectorInfo info;
      info.id = id;
      info.title_en = en;
      info.title_zh = zh;
      info.category = category;
      info.sensitivity.gbt35273 = "sensitive";
      info.sensitivity.jrt0171 = category == Category::kFinancial ? "C3" : "C2";
      catalogue.detectors.push_back(info);
    }
    catalogue.version = "00112233445566778899aabbccddeeff";
  }
  Worker(const Worker&) = delete;
};

// An upload: 10.0.0.5:50000 → 203.0.113.9:8080.
struct Item {
  FlowFacts flow;
  ItemFacts facts;
  ItemFindings findings;

  Item() {
    flow.initiator = {ip("10.0.0.5"), 50'000, true, {2, 0, 0, 0, 0, 1}};
    flow.responder = {ip("203.0.113.9"), 8080, true, {2, 0, 0, 0, 0, 2}};
    flow.transport = kProtoTcp;
    flow.first_packet = kStart;
    facts.flow = &flow;
    facts.meta.kind = ItemKind::kBody;
    facts.meta.protocol = "http";
    facts.meta.method = "POST";
    facts.meta.host = "shop.example:8080";
    facts.meta.path = "/up";
    facts.ordinal = 3;
    facts.decode_path = "http/gzip";
    facts.charset = "GB18030";
    facts.first_byte = kStart + kMs;
    facts.last_byte = kStart + kMs;
  }
  Item(const Item&) = delete;

  // The n-th person's value of a detector, decided at an item offset.
  static Finding finding(DetectorIndex detector, uint32_t n, uint64_t decided_at, int score = 90) {
    Finding f;
    f.detector = detector;
    f.score = static_cast<uint8_t>(score);
    f.reasons.add(Reason::kShape);
    f.reasons.add(Reason::kKeyword);
    f.labelled = true;
    f.decided_at = decided_at;
    f.end = decided_at > 64 ? decided_at - 64 : decided_at;
    f.begin = f.end > 18 ? f.end - 18 : 0;
    f.text_begin = uint64_t{n} * 10'000;
    f.token.bytes[0] = static_cast<uint8_t>(detector + 1);
    f.token.bytes[14] = static_cast<uint8_t>(n >> 8);
    f.token.bytes[15] = static_cast<uint8_t>(n);
    f.name.bytes = f.token.bytes;
    f.masked = "110***********0123";
    f.keyword = "身份证";
    f.field = "id_no";
    f.excerpt = "{\"xxxx\":\"字字\",\"身份证\":\"999999999999999999\"}";
    return f;
  }
  void end(uint64_t size, Nanoseconds last_byte) {
    facts.ended = true;
    facts.size = size;
    facts.wire_bytes = size;
    facts.last_byte = last_byte;
  }
};

inline void tell(ItemAlerts& alerts, Item& item, const Finding& finding, Nanoseconds time) {
  alerts.on_finding(item.facts, item.findings, finding, WholeFinding(finding), time);
}

}  // namespace weir::test
