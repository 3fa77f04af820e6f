// `weir replay --items`: one JSON line an item that was read, for people who want to see what the sensor made
// of a capture. Shows no content; every string from the wire is masked.
#pragma once

#include <memory>

#include "sensor/base/metadata_masker.h"
#include "sensor/output/line_sink.h"
#include "sensor/pipeline/item_inspector.h"

namespace weir {

class ItemLines final : public ItemObserver {
 public:
  explicit ItemLines(std::shared_ptr<const PatternSet> patterns);
  void on_item(const ItemFacts& facts) override;
  // Where the lines go: written by the one worker, interrupted by the run.
  LineSink& sink() { return sink_; }

 private:
  LineSink sink_;
  std::unique_ptr<MetadataMasker> masker_;
};

}  // namespace weir
