// Matching alone, in windows of 16 KiB as content gives them: documents, JSON full of digits, random text, a
// table of real records, and buffers made to hurt. `bytes_per_second` counts text; hits and findings are per
// KiB of it.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "sensor/match/matcher.h"

namespace weir {
namespace {

constexpr size_t kSize = 4 << 20;
constexpr size_t kWindow = 16 << 10;

class Counter final : public FindingSink {
 public:
  void on_match(const Match&, const MatchDetails&) override { ++findings; }
  void on_candidate(DetectorIndex, bool) override {}
  uint64_t findings = 0;
};

const std::shared_ptr<const PatternSet>& patterns() {
  static const auto made = [] {
    std::vector<Diagnostic> problems;
    return compile_packs({}, {}, &problems);
  }();
  return made;
}

// Prose in two languages, with the years, section numbers and addresses that documents have.
std::string document() {
  static const char* const kParagraphs[] = {
      "The sensor stands beside the line and changes nothing on it. It takes what the switch copies to it, "
      "puts "
      "the pieces of each conversation in order, and reads what was said, as far as it can be read. What it "
      "could not read it counts, and says so. ",
      "A network service provider and other enterprises shall, in collecting and using citizens' personal "
      "electronic information in the course of their business, follow the principles of lawfulness, "
      "propriety "
      "and necessity, state the purpose, manner and scope, and obtain the consent of the person concerned. ",
      "国家保护能够识别公民个人身份和涉及公民个人隐私的电子信息。任何组织和个人不得窃取或者以其他非法方式获取"
      "公民个人电子信息，"
      "不得出售或者非法向他人提供公民个人电子信息。\n",
      "Section 4.2 of the report (2024, page 117) compares the three methods; see also RFC 9293 and the "
      "notes at "
      "https://www.example.org/docs/transport/2024/overview.html for what was left out. ",
      "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and "
      "associated documentation files, to deal in the software without restriction, including without "
      "limitation "
      "the rights to use, copy, modify, merge, publish and distribute it. ",
      "网络服务提供者和其他企业事业单位应当采取技术措施和其他必要措施，确保信息安全，防止在业务活动中收集的公"
      "民个人电子信息泄露、毁损、"
      "丢失。在发生或者可能发生信息泄露、毁损、丢失的情况时，应当立即采取补救措施。\n",
      "If the telephone rings, do not answer it before the second tone; the call is recorded by the "
      "exchange. "
      "Write to the editors (editors@example.org) when a figure seems wrong. ",
  };
  std::mt19937 random(1);
  std::string text;
  while (text.size() < kSize) text += kParagraphs[random() % std::size(kParagraphs)];
  return text;
}

std::string number(std::mt19937_64& random, size_t digits) {
  std::string text(1, static_cast<char>('1' + random() % 9));
  while (text.size() < digits) text += static_cast<char>('0' + random() % 10);
  return text;
}

std::string digit_rich_json() {
  std::mt19937_64 random(2);
  std::string text;
  while (text.size() < kSize) {
    text += R"({"ts":17)" + number(random, 11) + R"(,"level":"info","order_no":")" + number(random, 18) +
            R"(","amount":)" + number(random, 4) + "." + number(random, 2) + R"(,"user_id":)" +
            number(random, 8) + R"(,"ip":"10.)" + number(random, 2) + "." + number(random, 2) +
            ".7\",\"trace\":\"";
    for (int i = 0; i < 32; ++i) text += "0123456789abcdef"[random() % 16];
    text += R"(","latency_us":)" + number(random, 6) + R"(,"count":)" + number(random, 3) +
            R"(,"time":"2026-10-0)" + number(random, 1) + "T1" + number(random, 1) + ":2" +
            number(random, 1) + R"(:30.)" + number(random, 3) + "Z\"}\n";
  }
  return text;
}

std::string records() {
  std::mt19937_64 random(3);
  std::string text;
  for (size_t i = 0; text.size() < kSize; ++i) {
    text += R"({"id":)" + std::to_string(i) + R"(,"name":"张伟","phone":"138)" + number(random, 8) +
            R"(","email":"user)" + std::to_string(i) + "@example.com\"}\n";
  }
  return text;
}

std::string printable() {
  std::mt19937_64 random(4);
  std::string text;
  while (text.size() < kSize) text += static_cast<char>(33 + random() % 94);
  return text;
}

std::string repeated(std::string_view unit) {
  std::string text;
  while (text.size() + unit.size() <= kSize / 4) text += unit;
  return text;
}

void scan(benchmark::State& state, const std::string& text) {
  Matcher matcher(patterns(), std::make_shared<const Tokenizer>(TokenKey::random()));
  Counter counter;
  for (auto _ : state) {
    ItemMatchState item;
    uint64_t begin = 0, end = 0;
    while (end < text.size()) {
      end = std::min<uint64_t>(text.size(), end + kWindow);
      while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
      OffsetMap map;
      map.set_identity(begin);
      const Text reading{std::string_view(text).substr(begin, end - begin), &map, false};
      TextWindow window;
      window.readings = {&reading, 1};
      window.item_begin = begin;
      window.item_end = end;
      window.break_before = begin == 0;
      window.ends_run = end == text.size();
      begin = matcher.scan(item, window, 1'790'000'000'000'000'000, counter);
    }
  }
  const auto bytes = static_cast<int64_t>(text.size());
  state.SetBytesProcessed(state.iterations() * bytes);
  const double kib = static_cast<double>(state.iterations()) * static_cast<double>(bytes) / 1024;
  state.counters["Gbit/s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * bytes) * 8e-9, benchmark::Counter::kIsRate);
  state.counters["hits/KiB"] = static_cast<double>(matcher.counters().anchor_hits) / kib;
  state.counters["findings/KiB"] = static_cast<double>(counter.findings) / kib;
}

BENCHMARK_CAPTURE(scan, document, document());
BENCHMARK_CAPTURE(scan, digit_rich_json, digit_rich_json());
BENCHMARK_CAPTURE(scan, records, records());
BENCHMARK_CAPTURE(scan, printable, printable());
BENCHMARK_CAPTURE(scan, hostile_digit_groups, repeated("1234 "));
BENCHMARK_CAPTURE(scan, hostile_digits, repeated("7"));
BENCHMARK_CAPTURE(scan, hostile_at_signs, repeated("a@b@"));
BENCHMARK_CAPTURE(scan, hostile_addresses, repeated("a@b.c.d.e.f.g.h.i.j.k."));
BENCHMARK_CAPTURE(scan, hostile_words, repeated("phone card "));
BENCHMARK_CAPTURE(scan, hostile_half_words, repeated("phonphontelcarcaraccoun"));
BENCHMARK_CAPTURE(scan, hostile_bad_cards, repeated("4111 1111 1111 1112 "));
BENCHMARK_CAPTURE(scan, hostile_half_ibans, repeated("GB82 WEST 1234 5698 7654 "));

}  // namespace
}  // namespace weir
