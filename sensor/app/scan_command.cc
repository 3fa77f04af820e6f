// weir scan: the detectors over a file or a pipe.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "sensor/app/command_line.h"
#include "sensor/app/setup.h"
#include "sensor/pipeline/text_scan.h"

namespace weir {

namespace po = boost::program_options;

namespace {

const Command kCommand = {
    "scan", "scan [options] FILE|-",
    "Looks for personal information in a file or in standard input, as the sensor would in a body. Prints "
    "where\n"
    "it stands, never the value itself (unless --reveal is given): JSON Lines with byte offsets.",
    "  weir scan customers.csv\n"
    "  weir scan --by-line list.txt        one JSON line for each input line\n"
    "  pg_dump shop | weir scan -          from another program\n"};

constexpr size_t kChunk = 64 * 1024;
constexpr size_t kMaxLine = 16u << 20;  // a longer line is scanned in pieces of this size

struct FileCloser {
  void operator()(std::FILE* f) const {
    if (f != stdin) std::fclose(f);
  }
};
using FilePtr = std::unique_ptr<std::FILE, FileCloser>;

nlohmann::ordered_json match_json(const ScanMatch& match, const Catalogue& catalogue,
                                  std::string_view value) {
  nlohmann::ordered_json j;
  j["detector"] = catalogue.detectors[match.detector].id;
  j["start"] = match.begin;
  j["end"] = match.end;
  j["score"] = match.score;
  j["confidence"] = name_of(confidence_of(match.score));
  j["reasons"] = match.reasons.names();
  if (!value.empty()) j["value"] = value;
  return j;
}

std::string dump(const nlohmann::ordered_json& j) {
  return j.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

class LineScanner {
 public:
  LineScanner(TextScanner& scanner, const Catalogue& catalogue, std::string type, bool reveal)
      : scanner_(scanner), catalogue_(catalogue), type_(std::move(type)), reveal_(reveal) {}

  void feed(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t newline = bytes.find('\n');
      const size_t n = newline == std::string_view::npos ? bytes.size() : newline;
      line_ += bytes.substr(0, n);
      bytes.remove_prefix(newline == std::string_view::npos ? n : n + 1);
      open_ = true;
      if (newline != std::string_view::npos || line_.size() >= kMaxLine) finish_line();
    }
  }
  void finish() {
    if (open_) finish_line();
  }

 private:
  void finish_line() {
    scanner_.begin(type_);
    scanner_.feed(as_bytes(line_));
    const ScanResult result = scanner_.end();
    nlohmann::ordered_json out;
    out["line"] = ++number_;
    out["matches"] = nlohmann::ordered_json::array();
    for (const ScanMatch& m : result.matches) {
      const std::string_view value =
          reveal_ ? std::string_view(line_).substr(m.begin, m.end - m.begin) : std::string_view();
      out["matches"].push_back(match_json(m, catalogue_, value));
    }
    std::cout << dump(out) << '\n';
    line_.clear();
    open_ = false;
  }

  TextScanner& scanner_;
  const Catalogue& catalogue_;
  std::string type_;
  bool reveal_;
  std::string line_;
  bool open_ = false;
  uint64_t number_ = 0;
};

std::string declared_type(const std::string& as) {
  if (as == "auto") return {};
  if (as == "text") return "text/plain";
  if (as == "html") return "text/html";
  if (as == "json") return "application/json";
  throw UsageError("--as is html, json, text or auto, not '" + as + "'");
}

}  // namespace

int scan_command(const std::vector<std::string>& args) {
  bool by_line = false;
  bool reveal = false;
  std::string as = "auto";
  std::string config_file;
  std::vector<std::string> paths;
  po::options_description options;
  auto add = options.add_options();
  add("by-line", po::bool_switch(&by_line), "one result for each input line, offsets into that line");
  add("as", po::value(&as)->value_name("html|json|text|auto"), "what the input is (default auto)");
  add("reveal", po::bool_switch(&reveal),
      "print the values in clear: only where nobody else can read the output");
  add("config,c", po::value(&config_file)->value_name("FILE"), "configuration with further packs");
  po::variables_map given;
  if (!parse_command_line(kCommand, args, options, &paths, &given)) return kExitDone;
  if (paths.size() != 1) throw UsageError("name one file, or - for standard input");
  const std::string type = declared_type(as);
  if (reveal && !by_line && paths[0] == "-") {
    throw UsageError("--reveal over standard input needs --by-line: what has gone by cannot be shown");
  }

  Config config = config_file.empty() ? default_replay_config() : read_config(config_file);
  config.tokens.key_file.clear();
  const std::unique_ptr<Setup> setup = make_setup(config);
  const FilePtr file(paths[0] == "-" ? stdin : std::fopen(paths[0].c_str(), "rb"));
  if (!file) {
    std::cerr << "weir scan: " << paths[0] << ": " << std::strerror(errno) << '\n';
    return kExitUnreadable;
  }

  const Nanoseconds now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                              std::chrono::system_clock::now().time_since_epoch())
                              .count();
  TextScanner scanner(setup->shared(), now);
  LineScanner lines(scanner, *setup->catalogue, type, reveal);
  if (!by_line) scanner.begin(type);
  std::array<char, kChunk> chunk{};
  while (const size_t n = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    if (by_line) {
      lines.feed({chunk.data(), n});
    } else {
      scanner.feed(as_bytes({chunk.data(), n}));
    }
  }
  const bool broken = std::ferror(file.get()) != 0;
  if (broken) std::cerr << "weir scan: " << paths[0] << ": " << std::strerror(errno) << '\n';
  if (by_line) {
    lines.finish();
  } else {
    const ScanResult result = scanner.end();
    for (const ScanMatch& match : result.matches) {
      std::string value;
      if (reveal && std::fseek(file.get(), static_cast<long>(match.begin), SEEK_SET) == 0) {
        value.resize(match.end - match.begin);
        value.resize(std::fread(value.data(), 1, value.size(), file.get()));
      }
      std::cout << dump(match_json(match, *setup->catalogue, value)) << '\n';
    }
    if (!result.complete) {
      std::cerr << "weir scan: more than " << kMaxScanMatches << " matches; those after are not shown\n";
    }
  }
  std::cout.flush();
  return broken ? kExitUnreadable : kExitDone;
}

}  // namespace weir
