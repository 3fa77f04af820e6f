// Any bytes as a signature pack. Whatever is accepted must have been described without a problem and must
// run over its own samples.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "sensor/match/pack_samples.h"
#include "signatures/compiler/pattern_set.h"

namespace {
void require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  if (size > 64 * 1024) return 0;
  const PackText pack{"fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size)};
  std::vector<Diagnostic> problems;
  const auto patterns = compile_pack_texts({&pack, 1}, {}, &problems);
  if (!patterns) {
    require(!problems.empty());
    for (const Diagnostic& p : problems) require(!p.message.empty());
    return 0;
  }
  require(!patterns->detectors().empty());
  const PackSampleReport report = run_pack_samples(patterns);
  require(report.failures.size() <= report.samples);
  return 0;
}
