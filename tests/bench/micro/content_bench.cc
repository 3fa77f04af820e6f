// What content costs before matching: bytes of an item per second through windows, codings and charsets,
// into a sink that looks at nothing.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "parsers/codec/charset.h"
#include "parsers/codec/text_scan.h"
#include "sensor/content/flow_content.h"
#include "tests/harness/gzip.h"

namespace weir {
namespace {

class NullSink final : public TextSink {
 public:
  void on_item_begin(ItemId, const ItemFacts&) override {}
  uint64_t on_window(ItemId, const ItemFacts&, const TextWindow& window) override {
    if (window.ends_run) return window.item_end;
    return window.item_end - std::min<uint64_t>(window.item_end - window.item_begin, 128);
  }
  void on_item_end(ItemId, const ItemFacts&) override {}
};

std::string ascii_text(size_t size) {
  std::mt19937 random(1);
  std::string text;
  while (text.size() < size) {
    text += "{\"user\": " + std::to_string(random() % 100000) +
            ", \"note\": \"the quick brown fox\", \"total\": " + std::to_string(random()) + "}\n";
  }
  text.resize(size);
  return text;
}

// Chinese text as UTF-8 (three bytes a character) or GBK (two), with some ASCII between.
std::string chinese(size_t size, bool gbk) {
  const std::string line =
      gbk ? "\xd0\xd5\xc3\xfb\xa3\xba\xd5\xc5\xce\xb0\xa3\xac\xc9\xed\xb7\xdd\xd6\xa4\xba\xc5\xc2\xeb"
            "11010519491231002X\xa3\xac\xca\xd6\xbb\xfa 13812345678\n"
          : "姓名：张伟，身份证号码11010519491231002X，手机 13812345678\n";
  std::string text;
  while (text.size() + line.size() <= size) text += line;
  return text;
}

std::string random_bytes(size_t size) {
  std::mt19937 random(2);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// One body of the given bytes an iteration, in segments of 1,448 bytes.
void run(benchmark::State& state, const std::string& bytes, size_t text_size, const char* type,
         std::vector<std::string> codings = {}, size_t segment = 1448) {
  MemoryBudget budget(size_t{64} << 20);
  ContentContext context({}, budget);
  NullSink sink;
  FlowFacts facts;
  Inspection ledger;
  FlowContent flow(facts, ledger, sink, context);
  Nanoseconds now = 0;
  for (auto _ : state) {
    ContentMeta meta;
    meta.kind = ItemKind::kBody;
    meta.protocol = "http";
    meta.declared_type = type;
    meta.codings = codings;
    const ItemId item = flow.open(std::move(meta), kNoItem);
    for (size_t at = 0; at < bytes.size(); at += segment) {
      flow.set_time(++now);
      flow.data(item, at, as_bytes(bytes).subspan(at, std::min(segment, bytes.size() - at)));
    }
    flow.close(item, CloseReason::kComplete);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text_size));
}

constexpr size_t kSize = size_t{1} << 20;

void BM_AsciiPassThrough(benchmark::State& state) {
  run(state, ascii_text(kSize), kSize, "application/json");
}
BENCHMARK(BM_AsciiPassThrough);

void BM_Utf8Chinese(benchmark::State& state) {
  const std::string text = chinese(kSize, false);
  run(state, text, text.size(), "text/plain");
}
BENCHMARK(BM_Utf8Chinese);

void BM_Gbk(benchmark::State& state) {
  const std::string text = chinese(kSize, true);
  run(state, text, text.size(), "text/plain; charset=gbk");
}
BENCHMARK(BM_Gbk);

void BM_Binary(benchmark::State& state) {
  run(state, "\xff\xd8\xff\xe0" + random_bytes(kSize), kSize, "image/jpeg");
}
BENCHMARK(BM_Binary);

void BM_RandomBytesAsText(benchmark::State& state) {
  run(state, random_bytes(kSize), kSize, "text/html; charset=gbk");
}
BENCHMARK(BM_RandomBytesAsText);

void BM_GzipJson(benchmark::State& state) {
  run(state, gzipped(ascii_text(kSize)), kSize, "application/json", {"gzip"});
}
BENCHMARK(BM_GzipJson);

void BM_PercentEscaped(benchmark::State& state) {
  std::string text;
  while (text.size() < kSize) text += "q=%E8%BA%AB%E4%BB%BD%E8%AF%81+11010519491231002X&";
  run(state, text, text.size(), "application/x-www-form-urlencoded");
}
BENCHMARK(BM_PercentEscaped);

void BM_UnicodeEscaped(benchmark::State& state) {
  std::string text;
  while (text.size() < kSize) text += "{\"name\": \"\\u5f20\\u4f1f\", \"id\": \"11010519491231002X\"},";
  run(state, text, text.size(), "application/json");
}
BENCHMARK(BM_UnicodeEscaped);

// Everything at once: what a hostile page can make of a window.
void BM_HostileEscapes(benchmark::State& state) {
  std::string text;
  while (text.size() < kSize)
    text +=
        "%25%34%31\\u0025\\u0033\\u0031%5Cu0031%255Cu0031\xef\xbc\x91\xe2\x80\x8b"
        "2";
  run(state, text, text.size(), "text/html; charset=gbk");
}
BENCHMARK(BM_HostileEscapes);

void BM_Multipart(benchmark::State& state) {
  const std::string file = ascii_text(kSize);
  const std::string body =
      "--b\r\nContent-Disposition: form-data; name=f; filename=a.txt\r\n\r\n" + file + "\r\n--b--\r\n";
  run(state, body, body.size(), "multipart/form-data; boundary=b");
}
BENCHMARK(BM_Multipart);

// ---- What a sender can make cost more than its bytes: here the rate is of coded bytes (at least 0.3 Gbit/s,
// 38 MB/s) ----

std::string gzip_header() { return std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10); }

void run_coded(benchmark::State& state, const std::string& coded) {
  run(state, coded, coded.size(), "application/json", {"gzip"});
}

// RFC 1951 3.2.7: codes for "a" and the end of block, then the end of block at once. Eight blocks end on a
// byte.
void BM_EmptyDynamicBlocks(benchmark::State& state) {
  std::string bits;
  const auto number = [&bits](uint32_t v, int n) {
    for (int i = 0; i < n; ++i) bits.push_back(static_cast<char>(v >> i & 1));
  };
  for (int block = 0; block < 8; ++block) {
    number(0, 1);
    number(2, 2);
    number(0, 5);
    number(0, 5);
    number(14, 4);
    for (int i = 0; i < 18; ++i) number(i == 2 || i == 17 ? 1 : 0, 3);
    for (const int zeros : {97, -1, 138, 20, -1, -1}) {
      number(zeros < 0 ? 0 : 1, 1);
      if (zeros > 0) number(static_cast<uint32_t>(zeros - 11), 7);
    }
    number(1, 1);
  }
  std::string blocks(bits.size() / 8, '\0');
  for (size_t i = 0; i < bits.size(); ++i) {
    blocks[i / 8] = static_cast<char>(static_cast<uint8_t>(blocks[i / 8]) | bits[i] << (i % 8));
  }
  std::string coded = gzip_header();
  while (coded.size() < kSize) coded += blocks;
  run_coded(state, coded);
}
BENCHMARK(BM_EmptyDynamicBlocks);

// 3.2.6: ten bits each, four of them in five bytes.
void BM_EmptyFixedBlocks(benchmark::State& state) {
  std::string coded = gzip_header();
  while (coded.size() < kSize) coded += std::string("\x02\x08\x20\x80\0", 5);
  run_coded(state, coded);
}
BENCHMARK(BM_EmptyFixedBlocks);

void BM_EmptyMembers(benchmark::State& state) {
  const std::string empty = gzipped("");
  std::string coded;
  while (coded.size() < kSize) coded += empty;
  run_coded(state, coded);
}
BENCHMARK(BM_EmptyMembers);

void BM_ThousandsOfMembers(benchmark::State& state) {
  std::string coded;
  for (int i = 0; coded.size() < kSize; ++i) coded += gzipped("{\"n\":" + std::to_string(i) + "}\n");
  run_coded(state, coded);
}
BENCHMARK(BM_ThousandsOfMembers);

// A thousand bytes for one, up to where a bomb is given up: bounded by that, not by its coded bytes.
void BM_BombOfBlanks(benchmark::State& state) {
  const std::string text(size_t{80} << 20, ' ');
  run(state, gzipped(text), size_t{64} << 20, "application/json", {"gzip"});
}
BENCHMARK(BM_BombOfBlanks);

// A request's headers: opening and closing an item, and its small buffer.
void BM_SmallItems(benchmark::State& state) { run(state, ascii_text(400), 400, ""); }
BENCHMARK(BM_SmallItems);

void BM_ScanAscii(benchmark::State& state) {
  const std::string text = ascii_text(16384);
  for (auto _ : state) benchmark::DoNotOptimize(scan_text(as_bytes(text)));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(BM_ScanAscii);

void BM_DetectGbk(benchmark::State& state) {
  const std::string text = chinese(4096, true);
  for (auto _ : state) {
    CharsetDetector detector;
    detector.feed(0, as_bytes(text));
    benchmark::DoNotOptimize(detector.decide());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(BM_DetectGbk);

}  // namespace
}  // namespace weir
