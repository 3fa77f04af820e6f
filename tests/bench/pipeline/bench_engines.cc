// What `weir` is compared with, in one program, so that run.py can take turns on one pinned core:
//   bench_engines hs FILE EXPRESSIONS written|reshaped    raw hs_scan, block mode, 16 KiB blocks of FILE
//   bench_engines pcap FILE                               libpcap's pcap_next_ex over a capture
// Prints one JSON line: {"bytes":…, "packets":…, "seconds":…, "reports":…}.
#include <hs/hs.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr size_t kBlock = 16 * 1024;
constexpr int kPasses = 3;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::vector<std::string> read_expressions(const std::string& path, bool reshaped) {
  std::ifstream in(path);
  std::vector<std::string> expressions;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream columns(line);
    std::string name, written, shaped;
    std::getline(columns, name, '\t');
    std::getline(columns, written, '\t');
    std::getline(columns, shaped, '\t');
    expressions.push_back(reshaped && !shaped.empty() ? shaped : written);
  }
  return expressions;
}

int on_match(unsigned, unsigned long long, unsigned long long, unsigned, void* count) {
  ++*static_cast<uint64_t*>(count);
  return 0;
}

int run_hyperscan(const std::string& file, const std::string& expressions_file, bool reshaped) {
  const std::vector<std::string> expressions = read_expressions(expressions_file, reshaped);
  std::vector<const char*> texts;
  std::vector<unsigned> flags, ids;
  for (const std::string& e : expressions) {
    texts.push_back(e.c_str());
    flags.push_back(HS_FLAG_DOTALL);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                       HS_MODE_BLOCK, nullptr, &database, &error) != HS_SUCCESS) {
    std::cerr << "expression " << error->expression << ": " << error->message << '\n';
    return 1;
  }
  hs_scratch_t* scratch = nullptr;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) return 1;
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  uint64_t reports = 0;
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    reports = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (size_t at = 0; at < bytes.size(); at += kBlock) {
      const size_t n = std::min(kBlock, bytes.size() - at);
      hs_scan(database, bytes.data() + at, static_cast<unsigned>(n), 0, scratch, on_match, &reports);
    }
    const double seconds = seconds_since(begin);
    if (pass == 0 || seconds < best) best = seconds;
  }
  std::printf("{\"expressions\":%zu,\"bytes\":%zu,\"seconds\":%.6f,\"reports\":%llu}\n", texts.size(),
              bytes.size(), best, static_cast<unsigned long long>(reports));
  hs_free_scratch(scratch);
  hs_free_database(database);
  return 0;
}

int run_pcap(const std::string& file) {
  uint64_t packets = 0, bytes = 0, touched = 0;
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    char text[PCAP_ERRBUF_SIZE] = {};
    pcap_t* pcap = pcap_open_offline(file.c_str(), text);
    if (pcap == nullptr) {
      std::cerr << text << '\n';
      return 1;
    }
    packets = bytes = 0;
    const auto begin = std::chrono::steady_clock::now();
    pcap_pkthdr* header = nullptr;
    const u_char* data = nullptr;
    while (pcap_next_ex(pcap, &header, &data) == 1) {
      ++packets;
      bytes += header->len;
      if (header->caplen > 0) touched += data[0];
    }
    const double seconds = seconds_since(begin);
    pcap_close(pcap);
    if (pass == 0 || seconds < best) best = seconds;
  }
  std::printf("{\"packets\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"touched\":%llu}\n",
              static_cast<unsigned long long>(packets), static_cast<unsigned long long>(bytes), best,
              static_cast<unsigned long long>(touched));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 4 && words[0] == "hs") return run_hyperscan(words[1], words[2], words[3] == "reshaped");
  if (words.size() == 2 && words[0] == "pcap") return run_pcap(words[1]);
  std::cerr << "usage: bench_engines hs FILE EXPRESSIONS written|reshaped | pcap FILE\n";
  return 2;
}
