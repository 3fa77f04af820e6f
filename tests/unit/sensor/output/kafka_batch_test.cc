// Batches after a refusal: a broker that takes no more than so much, or refuses one record, is met with few
// refusals and little loss of speed. The broker here is a rule of the test.
#include "sensor/output/kafka_batch.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace weir {
namespace {

struct Sent {
  size_t requests = 0;
  size_t refused = 0;
  std::vector<size_t> blamed;  // records that were given up
  size_t delivered = 0;
};

// Sends records of these sizes to a broker that takes a batch where `takes` says so (first record, bytes,
// count); a refused batch goes again. Batches of the producer's own are of `usual` bytes.
Sent send(const std::vector<size_t>& sizes, size_t usual,
          const std::function<bool(size_t first, size_t bytes, size_t count)>& takes) {
  KafkaBatch batch(usual);
  Sent sent;
  size_t next = 0;
  while (next < sizes.size()) {
    batch.begin();
    size_t bytes = 0;
    size_t count = 0;
    while (next + count < sizes.size()) {
      const size_t size = sizes[next + count];
      if (!batch.add(size)) break;
      if (!batch.one_at_a_time() && count > 0 && bytes + size > usual) break;
      bytes += size;
      ++count;
    }
    ++sent.requests;
    if (takes(next, bytes, count)) {
      sent.delivered += count;
      next += count;
      batch.passed();
    } else if (batch.is_single()) {
      sent.blamed.push_back(next);
      ++next;
      batch.found();
    } else {
      ++sent.refused;
      batch.refused(bytes);
    }
  }
  return sent;
}

TEST(KafkaBatch, ATopicsLimitCostsFewRequests) {
  constexpr size_t kLimit = 100'000;
  const std::vector<size_t> sizes(100'000, 1'500);
  const Sent sent = send(sizes, 1'000'000, [](size_t, size_t bytes, size_t) { return bytes <= kLimit; });
  EXPECT_EQ(sent.delivered, sizes.size());
  EXPECT_TRUE(sent.blamed.empty());
  // 66 records fit into a batch: 1,516 batches are the least.
  EXPECT_LT(sent.requests, 3'200u);
  EXPECT_LT(sent.refused, sent.requests / 30);
}

TEST(KafkaBatch, OneBadRecordIsFoundAndBatchesAreAsBeforeAfterwards) {
  constexpr size_t kBad = 5'432;
  const std::vector<size_t> sizes(20'000, 1'000);
  const Sent sent = send(sizes, 1'000'000, [](size_t first, size_t, size_t count) {
    return kBad < first || kBad >= first + count;
  });
  EXPECT_EQ(sent.blamed, std::vector<size_t>{kBad});
  EXPECT_EQ(sent.delivered, sizes.size() - 1);
  // 20 batches of a thousand records, and a search through one of them.
  EXPECT_LT(sent.requests, 20u + 25u);
}

TEST(KafkaBatch, ManyBadRecordsUnderALimitAreAllFoundAndNoOther) {
  const auto bad = [](size_t n) { return n % 97 == 5; };
  std::vector<size_t> sizes;
  for (size_t n = 0; n < 5'000; ++n) sizes.push_back(200 + n * 37 % 3'000);
  const Sent sent = send(sizes, 1'000'000, [&](size_t first, size_t bytes, size_t count) {
    for (size_t n = first; n < first + count; ++n) {
      if (bad(n)) return false;
    }
    return bytes <= 50'000 || count == 1;
  });
  std::vector<size_t> expected;
  for (size_t n = 0; n < sizes.size(); ++n) {
    if (bad(n)) expected.push_back(n);
  }
  EXPECT_EQ(sent.blamed, expected);
  EXPECT_EQ(sent.delivered, sizes.size() - expected.size());
  EXPECT_LT(sent.requests, 2'500u);
}

TEST(KafkaBatch, GrowsBackToTheProducersOwn) {
  size_t limit = 2'000;
  KafkaBatch batch(100'000);
  size_t good = 0;
  batch.refused(100'000);
  while (batch.one_at_a_time()) {
    batch.begin();
    size_t bytes = 0;
    while (batch.add(500)) bytes += 500;
    if (bytes > limit) {
      batch.refused(bytes);
      continue;
    }
    batch.passed();
    if (++good == 50) limit = 1'000'000;  // the topic's limit was raised
    ASSERT_LT(good, 1'000u);
  }
  EXPECT_FALSE(batch.is_single());
}

}  // namespace
}  // namespace weir
