// How fast HTTP/1 is read, items and metadata included and nothing behind them: bodies in packets of 1,448
// bytes, small exchanges (heads), the smallest requests in a row, chunked bodies of 64-byte and 4 KiB chunks,
// the search for a start line in text after a hole, and what a sender could write to make that, a head or the
// probes slow. Nothing here may fall below 0.3 Gbit/s, that is 37 MB/s.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "parsers/http1/http1_parser.h"
#include "parsers/http1/start_line.h"
#include "parsers/tls/tls_parser.h"

namespace weir {
namespace {

constexpr size_t kSegment = 1448;

class CountingSink : public ContentSink {
 public:
  ItemId open(ContentMeta&& meta, ItemId) override {
    benchmark::DoNotOptimize(meta.host.data());
    return ++items;
  }
  void data(ItemId, uint64_t, Bytes bytes) override { content += bytes.size(); }
  void gap(ItemId, uint64_t, uint64_t) override {}
  void meta(ItemId, const ContentMeta&) override {}
  void close(ItemId, CloseReason) override {}
  void unread(Direction, Unread, uint64_t) override {}

  ItemId items = 0;
  uint64_t content = 0;
};

void feed(Parser& parser, Direction direction, std::string_view bytes, ContentSink& sink) {
  for (size_t at = 0; at < bytes.size(); at += kSegment) {
    parser.on_data(direction, as_bytes(bytes.substr(at, kSegment)), sink);
  }
}

const std::string kRequest =
    "GET /api/v1/customers?page=17&size=50 HTTP/1.1\r\nHost: crm.example.com\r\nUser-Agent: Mozilla/5.0 "
    "(X11; Linux "
    "x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36\r\nAccept: "
    "application/json\r\n"
    "Accept-Encoding: gzip, deflate\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\nCookie: "
    "session=0123456789abcdef; "
    "theme=dark\r\nConnection: keep-alive\r\n\r\n";

std::string response(size_t body) {
  return "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: "
         "application/json; charset=utf-8\r\nContent-Length: " +
         std::to_string(body) + "\r\nConnection: keep-alive\r\nCache-Control: no-store\r\n\r\n" +
         std::string(body, 'b');
}

std::string chunked(size_t body, size_t chunk) {
  std::string out = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n";
  char line[32];
  for (size_t at = 0; at < body; at += chunk) {
    std::snprintf(line, sizeof line, "%zx\r\n", chunk);
    ((out += line) += std::string(chunk, 'c')) += "\r\n";
  }
  return out + "0\r\n\r\n";
}

void run_exchange(benchmark::State& state, const std::string& answer) {
  const std::unique_ptr<Parser> parser = http1_parser_info().make(false);
  CountingSink sink;
  for (auto _ : state) {
    feed(*parser, Direction::kFromInitiator, kRequest, sink);
    feed(*parser, Direction::kFromResponder, answer, sink);
  }
  const auto rounds = static_cast<int64_t>(state.iterations());
  state.SetBytesProcessed(rounds * static_cast<int64_t>(kRequest.size() + answer.size()));
  state.SetItemsProcessed(rounds);
  if (sink.items < 5 * state.iterations()) state.SkipWithError("messages were missed");
}

void BM_SmallExchange(benchmark::State& state) { run_exchange(state, response(200)); }
void BM_LargeBody(benchmark::State& state) { run_exchange(state, response(1 << 20)); }
void BM_Chunked(benchmark::State& state) {
  run_exchange(state, chunked(1 << 20, static_cast<size_t>(state.range(0))));
}
BENCHMARK(BM_SmallExchange);
BENCHMARK(BM_LargeBody);
BENCHMARK(BM_Chunked)->Arg(1)->Arg(64)->Arg(4096);

void BM_SearchStartLine(benchmark::State& state) {
  std::string text;
  while (text.size() < (1 << 20))
    text += "{\"name\":\"Li Lei\",\"url\":\"https://a.example/b/c\",\"n\":12345},\n";
  for (auto _ : state) {
    for (size_t at = 0; at < text.size(); at += kSegment) {
      benchmark::DoNotOptimize(http1::find_start_line(std::string_view(text).substr(at, kSegment)));
    }
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_SearchStartLine);

std::string repeated(std::string_view piece, size_t size = 1 << 20) {
  std::string text;
  while (text.size() < size) text += piece;
  return text;
}

// `text` through a parser of its own that was picked up late where `midstream`.
void run_text(benchmark::State& state, const std::string& text, bool midstream, size_t segment = kSegment) {
  CountingSink sink;
  for (auto _ : state) {
    const std::unique_ptr<Parser> parser = http1_parser_info().make(midstream);
    for (size_t at = 0; at < text.size(); at += segment) {
      parser->on_data(Direction::kFromInitiator, as_bytes(std::string_view(text).substr(at, segment)), sink);
    }
    parser->on_end(Direction::kFromInitiator, sink);
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(text.size()));
}

void BM_TinyRequests(benchmark::State& state) { run_text(state, repeated("GET / HTTP/1.1\n\n"), false); }
BENCHMARK(BM_TinyRequests);

// The text that makes the search look back most often, and every packet of a held line.
void BM_SearchHostile(benchmark::State& state) {
  run_text(state, repeated("GET /"), true, static_cast<size_t>(state.range(0)));
}
BENCHMARK(BM_SearchHostile)->Arg(kSegment)->Arg(1);

// Each "GET /" could begin a line that ends in no version.
void BM_SearchManyBegins(benchmark::State& state) {
  run_text(state, repeated(repeated("GET /", 4095) + std::string(4096, 'a') + "\n"), true);
}
BENCHMARK(BM_SearchManyBegins);

// Parameters without end in one field.
void BM_ManyParameters(benchmark::State& state) {
  const std::string head =
      "GET / HTTP/1.1\r\nContent-Disposition: a" + repeated(";x=\"\"", 60'000) + "\r\n\r\n";
  run_text(state, repeated(head), false);
}
BENCHMARK(BM_ManyParameters);

// A long head, byte by byte.
void BM_HeadByteByByte(benchmark::State& state) {
  run_text(state, repeated("GET / HTTP/1.1\r\n" + repeated("A: b\r\n", 60'000) + "\r\n"), false, 1);
}
BENCHMARK(BM_HeadByteByByte);

// The probe of a flow that was picked up late: empty TLS records whose chain breaks at its end.
void BM_ProbeBrokenChain(benchmark::State& state) {
  std::string text;
  while (text.size() < 3500) text += std::string_view("\x17\x03\x03\0\0", 5);
  text.resize(kProbeLimit, '\xff');
  const ParserInfo tls = tls_parser_info();
  ProbeView view;
  view.head[0] = as_bytes(text);
  view.finished[0] = view.midstream = true;
  for (auto _ : state) benchmark::DoNotOptimize(tls.probe(view));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_ProbeBrokenChain);

}  // namespace
}  // namespace weir
