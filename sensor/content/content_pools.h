// What the items of one worker borrow: window buffers in two sizes, inflate states, scratch. Everything is
// on the content budget while it exists; a few of each are kept for the next borrower.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "parsers/codec/inflate.h"
#include "sensor/base/memory_budget.h"
#include "sensor/content/readings.h"

namespace weir {

struct ContentOptions;
class ContentItem;

// A block of a window pool. Empty when nothing was lent.
struct WindowBuffer {
  std::unique_ptr<uint8_t[]> bytes;
  uint32_t capacity = 0;
};

class ContentPools {
 public:
  ContentPools(const ContentOptions& options, MemoryBudget& budget);
  ~ContentPools();
  ContentPools(const ContentPools&) = delete;
  ContentPools& operator=(const ContentPools&) = delete;

  static constexpr uint32_t kSmallWindow = 2048;
  uint32_t large_window() const { return large_.capacity; }

  // A buffer of at least `size` bytes (at most large_window()); empty when the budget is full.
  WindowBuffer take_window(uint32_t size);
  void give_window(WindowBuffer buffer);

  // An item that lies as it was made, or was closed or dropped. Null when the budget is full.
  std::unique_ptr<ContentItem> take_item();
  void give_item(std::unique_ptr<ContentItem> item);

  InflatePool& inflate() { return inflate_; }
  MemoryBudget& budget() { return budget_; }
  Readings& readings() { return readings_; }
  // Output of the n-th decoder of a stack, before it goes into the next.
  static constexpr size_t kScratch = 16 * 1024;
  std::span<uint8_t> scratch(size_t n);

 private:
  struct Class {
    uint32_t capacity = 0;
    size_t most_kept = 0;
    std::vector<WindowBuffer> kept;
  };
  class Inflate final : public InflatePool {
   public:
    explicit Inflate(MemoryBudget& budget) : budget_(budget) {}
    InflateStatePtr take() override;
    void give(InflateStatePtr state) override;
    // Frees a kept state. False: none.
    bool drop();

   private:
    static constexpr size_t kMostKept = 16;
    MemoryBudget& budget_;
    std::vector<InflateStatePtr> kept_;
  };

  bool make_room(size_t n);

  MemoryBudget& budget_;
  Class small_;
  Class large_;
  Inflate inflate_;
  Readings readings_;
  std::vector<std::unique_ptr<ContentItem>> items_;
  size_t items_kept_;
  std::vector<std::unique_ptr<uint8_t[]>> scratch_;
};

}  // namespace weir
