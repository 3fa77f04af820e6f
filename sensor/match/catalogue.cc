#include <algorithm>
#include <iterator>

#include "sensor/match/matcher.h"

namespace weir {

Catalogue make_catalogue(const PatternSet& patterns) {
  Catalogue catalogue;
  catalogue.version = patterns.version();
  for (const DetectorSpec& d : patterns.detectors()) {
    DetectorInfo info;
    info.id = d.id;
    info.title_en = d.title.en;
    info.title_zh = d.title.zh;
    info.description_en = d.description.en;
    info.description_zh = d.description.zh;
    const auto* const category = std::ranges::find(kCategoryNames, d.category);
    if (category != std::end(kCategoryNames)) {
      info.category = static_cast<Category>(category - std::begin(kCategoryNames));
    }
    info.sensitivity = {d.pipl, d.gbt35273, d.gbt45574, d.jrt0171};
    info.pack = d.pack;
    info.pack_version = d.pack_version;
    catalogue.detectors.push_back(std::move(info));
  }
  return catalogue;
}

}  // namespace weir
