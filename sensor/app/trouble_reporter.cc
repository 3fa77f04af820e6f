#include "sensor/app/trouble_reporter.h"

#include <algorithm>
#include <iostream>

namespace weir {

namespace {
constexpr auto kEvery = std::chrono::minutes(1);
}  // namespace

TroubleReporter::TroubleReporter()
    : say_([](const std::string& line) { std::cerr << "weir: " << line << std::flush; }) {}

bool TroubleReporter::has_told(const std::string& text) const {
  return std::ranges::any_of(told_, [&](const auto& one) { return one.second.text == text; });
}

void TroubleReporter::tell(const std::vector<Trouble>& now_wrong, Clock::time_point now) {
  for (auto& [kind, told] : told_) told.wrong = false;
  for (const Trouble& trouble : now_wrong) {
    const auto [place, is_new] = told_.try_emplace(trouble.kind);
    Told& told = place->second;
    told.wrong = true;
    if (!is_new && (trouble.text == told.text || now - told.at < kEvery)) continue;
    told.name = trouble.name;
    told.text = trouble.text;
    told.at = now;
    say_(trouble.text + '\n');
  }
  for (auto& [kind, told] : told_) {
    if (told.wrong || told.text.empty() || (told.over_at && now - *told.over_at < kEvery)) continue;
    told.text.clear();
    told.over_at = now;
    say_(told.name + ": that is over\n");
  }
}

}  // namespace weir
