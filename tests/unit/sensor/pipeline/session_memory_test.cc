// The account of sessions' memory, and who has been silent longest.
#include "sensor/pipeline/session_memory.h"

#include <gtest/gtest.h>

#include <array>

namespace weir {
namespace {

struct Kept {
  FlowRecord flow;
  SessionMemory::Entry entry;
};

TEST(SessionMemory, TakesAndGivesWhatEntriesSay) {
  SessionMemory memory(1000);
  Kept a;
  Kept b;
  EXPECT_TRUE(memory.try_add(a.entry, 600, a.flow));
  EXPECT_FALSE(memory.has_room(401));
  EXPECT_FALSE(memory.try_add(b.entry, 401, b.flow));
  EXPECT_EQ(memory.size(), 1u);
  memory.remove(b.entry);  // was not added
  EXPECT_TRUE(memory.try_add(b.entry, 400, b.flow));
  EXPECT_FALSE(memory.try_resize(b.entry, 401));
  EXPECT_EQ(memory.budget().used(), 1000u);
  EXPECT_TRUE(memory.try_resize(a.entry, 100));
  EXPECT_TRUE(memory.try_resize(b.entry, 900));
  EXPECT_EQ(memory.budget().used(), 1000u);
  memory.remove(a.entry);
  memory.remove(b.entry);
  EXPECT_EQ(memory.budget().used(), 0u);
  EXPECT_EQ(memory.budget().peak(), 1000u);
  EXPECT_EQ(memory.size(), 0u);
}

TEST(SessionMemory, TheLongestSilentComesFirst) {
  SessionMemory memory(1000);
  std::array<Kept, 4> kept;
  for (size_t i = 0; i < kept.size(); ++i) {
    kept[i].flow.last_packet = static_cast<Nanoseconds>(i + 1);
    ASSERT_TRUE(memory.try_add(kept[i].entry, 1, kept[i].flow));
  }
  FlowRecord none;
  EXPECT_EQ(memory.silent(none), &kept[0].flow);
  EXPECT_EQ(memory.silent(kept[0].flow), &kept[1].flow) << "never the one at hand";
  kept[1].flow.last_packet = 10;  // it has spoken since
  kept[2].flow.last_packet = 11;
  EXPECT_EQ(memory.silent(kept[0].flow), &kept[3].flow);
  EXPECT_EQ(memory.silent(none), &kept[3].flow) << "the one spared lost its place, to within a few";
  memory.remove(kept[3].entry);
  memory.remove(kept[0].entry);
  EXPECT_EQ(memory.silent(none), &kept[1].flow);
  memory.remove(kept[1].entry);
  EXPECT_EQ(memory.silent(kept[2].flow), nullptr) << "there is no other";
  memory.remove(kept[2].entry);
  EXPECT_EQ(memory.silent(none), nullptr);
}

}  // namespace
}  // namespace weir
