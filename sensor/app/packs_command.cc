// weir packs: the catalogue of detectors, and its own samples.
#include <cstdio>
#include <iostream>

#include "sensor/app/command_line.h"
#include "sensor/match/pack_samples.h"
#include "signatures/compiler/pattern_set.h"

namespace weir {

namespace po = boost::program_options;

namespace {

const Command kCommand = {"packs", "packs list | show ID | test [FILE|DIR …]",
                          "The catalogue: list the detectors, show one whole, or run the samples that the "
                          "packs carry. FILEs are packs\n"
                          "of your own, added to the built-in ones.",
                          "  weir packs list\n"
                          "  weir packs show cn.resident_id\n"
                          "  weir packs test my-pack.yaml\n"};

std::shared_ptr<const PatternSet> compile(const std::vector<std::string>& files) {
  std::vector<Diagnostic> problems;
  auto patterns = compile_packs(files, {}, &problems);
  std::string text;
  for (const Diagnostic& p : problems) text += (text.empty() ? "" : "\n") + p.to_string();
  if (!patterns) throw UsageError(text);
  if (!text.empty()) std::cerr << text << '\n';
  return patterns;
}

int list(const PatternSet& patterns) {
  std::printf("%-26s %-14s %-9s %-14s %s\n", "detector", "category", "keyword", "pack", "title");
  for (const DetectorSpec& d : patterns.detectors()) {
    std::printf("%-26s %-14s %-9s %-14s %s · %s\n", d.id.c_str(), d.category.c_str(),
                std::string(name_of(d.keyword)).c_str(), (d.pack + " " + d.pack_version).c_str(),
                d.title.en.c_str(), d.title.zh.c_str());
  }
  return kExitDone;
}

void field(const char* name, const std::string& value) {
  if (!value.empty()) std::printf("  %-12s %s\n", name, value.c_str());
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

int show(const PatternSet& patterns, const std::string& id) {
  const size_t index = patterns.find(id);
  if (index == kMaxDetectors) throw UsageError("there is no detector '" + id + "' (weir packs list)");
  const DetectorSpec& d = patterns.detectors()[index];
  std::printf("%s\n", d.id.c_str());
  field("title", d.title.en + " · " + d.title.zh);
  field("description", d.description.en);
  field("说明", d.description.zh);
  field("category", d.category);
  field("keyword", std::string(name_of(d.keyword)));
  field("base score", std::to_string(d.base));
  field("shape", d.shape);
  std::vector<std::string> validators;
  for (const NamedValidator* v : d.validators) validators.emplace_back(v->name);
  field("validators", join(validators));
  field("keywords", join(d.keywords));
  field("contrary", join(d.contrary));
  field("excluded", join(d.excluded));
  field("published", join(d.published_samples));
  field("PIPL", d.pipl);
  field("GB/T 35273", d.gbt35273);
  field("GB/T 45574", d.gbt45574);
  field("JR/T 0171", d.jrt0171);
  field("pack", d.pack + " " + d.pack_version);
  field("samples", std::to_string(d.samples.size()));
  return kExitDone;
}

int test(const std::shared_ptr<const PatternSet>& patterns) {
  const PackSampleReport report = run_pack_samples(patterns);
  for (const std::string& failure : report.failures) std::printf("FAILED  %s\n", failure.c_str());
  std::printf("%zu samples of %zu detectors, %zu failed\n", report.samples, patterns->detectors().size(),
              report.failures.size());
  return report.failures.empty() ? kExitDone : kExitFailed;
}

}  // namespace

int packs_command(const std::vector<std::string>& args) {
  std::vector<std::string> words;
  po::options_description options;
  po::variables_map given;
  if (!parse_command_line(kCommand, args, options, &words, &given)) return kExitDone;
  if (words.empty()) throw UsageError("list, show ID, or test [FILE …]?");
  const std::string verb = words.front();
  words.erase(words.begin());
  if (verb == "list") return list(*compile(words));
  if (verb == "test") return test(compile(words));
  if (verb == "show") {
    if (words.empty()) throw UsageError("show which detector? (weir packs list)");
    const std::string id = words.front();
    words.erase(words.begin());
    return show(*compile(words), id);
  }
  throw UsageError("there is no 'packs " + verb + "': list, show ID, or test [FILE …]");
}

}  // namespace weir
