#include "sensor/base/item_findings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>

#include "tests/harness/whole_finding.h"

namespace weir {
namespace {

using test::add;

constexpr DetectorIndex kMobile = 3, kCard = 10, kIdentity = 0, kName = 7;

Finding make(DetectorIndex detector, uint32_t value, uint8_t score, bool labelled = false) {
  Finding f;
  f.detector = detector;
  f.score = score;
  f.labelled = labelled;
  f.begin = value;
  for (size_t i = 0; i < 4; ++i) f.token.bytes[i] = static_cast<uint8_t>(value >> (8 * i));
  f.token.bytes[15] = static_cast<uint8_t>(detector);
  f.name.bytes = f.token.bytes;
  f.field = std::to_string(value);
  f.backed = true;
  f.reasons.add(Reason::kShape);
  return f;
}

Finding person(DetectorIndex detector, uint32_t value, PersonRole role, uint64_t at) {
  Finding f = make(detector, value, 60);
  f.role = role;
  f.text_begin = at;
  return f;
}

TEST(ItemFindings, NothingAtFirst) {
  const ItemFindings item;
  EXPECT_TRUE(item.empty());
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kLow), 0u);
  EXPECT_EQ(item.best(kMobile), nullptr);
  EXPECT_EQ(item.best_score(kMobile), 0);
  EXPECT_EQ(item.revision(kMobile), 0u);
}

TEST(ItemFindings, OneValueIsOnePersonHoweverOften) {
  ItemFindings item;
  for (int i = 0; i < 50; ++i) add(item, make(kMobile, 1, 75, true));
  EXPECT_EQ(item.matches(kMobile), 50u);
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kMedium), 1u);
  EXPECT_EQ(item.best_score(kMobile), 75);
  EXPECT_EQ(item.tokens(kMobile, 10).size(), 1u);
}

TEST(ItemFindings, FiveLabelledMobilesAreEightyFive) {
  ItemFindings item;
  const int expected[] = {75, 80, 80, 80, 85};
  for (uint32_t i = 0; i < 5; ++i) {
    add(item, make(kMobile, i, 75, true));
    EXPECT_EQ(item.best_score(kMobile), expected[i]);
  }
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kHigh), 5u);
  EXPECT_TRUE(item.reasons(kMobile).has(Reason::kSeveral));
  for (uint32_t i = 5; i < 20; ++i) add(item, make(kMobile, i, 75, true));
  EXPECT_EQ(item.best_score(kMobile), 90);
}

TEST(ItemFindings, BonusesReachBackOverTheirOwnDetectorOnly) {
  ItemFindings item;
  add(item, make(kMobile, 1, 45));
  add(item, make(kCard, 1, 65));
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kMedium), 0u);
  for (uint32_t i = 2; i <= 20; ++i) add(item, make(kMobile, i, 45));
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kMedium), 20u);  // 45 + 15
  EXPECT_EQ(item.best_score(kCard), 65);
  EXPECT_EQ(item.effective_score(make(kMobile, 1, 45)), 60);
  EXPECT_EQ(item.distinct_at_score(kMobile, 61), 0u);
}

TEST(ItemFindings, ABetterFindingOfAKnownValueRaisesIt) {
  ItemFindings item;
  add(item, make(kMobile, 1, 45));
  add(item, make(kMobile, 1, 75, true));
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kMedium), 1u);
  EXPECT_EQ(item.distinct_labelled_at(kMobile, Confidence::kMedium), 1u);
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kLow), 1u);
  EXPECT_EQ(item.best(kMobile)->score, 75);
  add(item, make(kMobile, 1, 45));
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kMedium), 1u);
}

TEST(ItemFindings, MostlyInvalidCandidatesTakeTwentyFromTheUnlabelled) {
  ItemFindings item;
  for (int i = 0; i < 9; ++i) item.count_candidate(kCard, i == 0);
  add(item, make(kCard, 1, 65));
  add(item, make(kCard, 2, 95, true));
  EXPECT_EQ(item.distinct_at(kCard, Confidence::kMedium), 2u);
  const uint64_t before = item.revision(kCard);
  item.count_candidate(kCard, true);  // the tenth: two of ten pass
  EXPECT_GT(item.revision(kCard), before);
  EXPECT_EQ(item.distinct_at(kCard, Confidence::kMedium), 1u);
  EXPECT_EQ(item.distinct_at(kCard, Confidence::kLow), 2u);  // 65 - 20
  EXPECT_EQ(item.effective_score(make(kCard, 1, 65)), 45);
  EXPECT_EQ(item.best_score(kCard), 95);  // no bonus for two values
  EXPECT_TRUE(item.reasons(kCard).has(Reason::kMostlyInvalid));
  EXPECT_FALSE(item.reasons(kCard).has(Reason::kSeveral));
  // Half is enough.
  for (int i = 0; i < 6; ++i) item.count_candidate(kCard, true);
  EXPECT_EQ(item.distinct_at(kCard, Confidence::kMedium), 2u);
}

TEST(ItemFindings, NameIdentityAndPhoneWithinTwoHundredCharactersAreARecord) {
  ItemFindings near;
  add(near, person(kName, 1, PersonRole::kName, 100));
  add(near, person(kIdentity, 1, PersonRole::kIdentity, 150));
  add(near, person(kMobile, 1, PersonRole::kPhone, 300));
  for (const DetectorIndex d : {kName, kIdentity, kMobile}) {
    EXPECT_EQ(near.best_score(d), 75) << d;
    EXPECT_TRUE(near.reasons(d).has(Reason::kPersonRecord));
  }
  ItemFindings far;
  add(far, person(kName, 1, PersonRole::kName, 99));
  add(far, person(kIdentity, 1, PersonRole::kIdentity, 150));
  add(far, person(kMobile, 1, PersonRole::kPhone, 300));
  EXPECT_EQ(far.best_score(kIdentity), 60);
  ItemFindings two;
  add(two, person(kIdentity, 1, PersonRole::kIdentity, 150));
  add(two, person(kMobile, 1, PersonRole::kPhone, 160));
  EXPECT_EQ(two.best_score(kIdentity), 60);
}

TEST(ItemFindings, KeepsTheFirstFieldsOfDistinctValuesAndTheBest) {
  ItemFindings item;
  for (uint32_t i = 0; i < 10; ++i) add(item, make(kMobile, i / 2, static_cast<uint8_t>(45 + i)));
  ASSERT_EQ(item.fields(kMobile).size(), 3u);
  EXPECT_EQ(item.fields(kMobile)[2], "2");
  EXPECT_EQ(item.best(kMobile)->score, 54);
}

TEST(ItemFindings, CountsAtLeastBeyondItsLimits) {
  ItemFindings item(nullptr, {.max_distinct = 100, .max_occurrences = 1});
  for (uint32_t i = 0; i < 250; ++i) add(item, make(kMobile, i, 75));
  EXPECT_TRUE(item.saturated(kMobile));
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kMedium), 100u);
  EXPECT_EQ(item.matches(kMobile), 250u);
}

TEST(ItemFindings, StaysWithinItsBudgetAndGivesItBack) {
  MemoryBudget budget(256 * 1024);
  {
    ItemFindings item(&budget);
    for (uint32_t i = 0; i < 65'536; ++i) add(item, make(kMobile, i, 75));
    EXPECT_TRUE(item.saturated(kMobile));
    EXPECT_GT(item.distinct_at(kMobile, Confidence::kMedium), 1000u);
    EXPECT_LE(budget.used(), budget.limit());
    EXPECT_GT(budget.refusals(), 0u);
    const ItemFindings moved(std::move(item));
    EXPECT_GT(budget.used(), 0u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ItemFindings, DetectorsAreInCatalogueOrder) {
  ItemFindings item;
  add(item, make(kCard, 1, 65));
  add(item, make(kIdentity, 1, 75));
  add(item, make(kMobile, 1, 45));
  const std::vector<DetectorIndex> expected = {kIdentity, kMobile, kCard};
  EXPECT_EQ(std::vector<DetectorIndex>(item.detectors().begin(), item.detectors().end()), expected);
}

class Counting final : public MatchDetails {
 public:
  Token token() const override { return Token{{static_cast<uint8_t>(++tokens)}}; }
  std::string masked() const override { return {}; }
  std::string field() const override {
    ++fields;
    return {};
  }
  Finding finding() const override {
    ++findings;
    return make(kMobile, 0, 50);
  }
  mutable int tokens = 0, fields = 0, findings = 0;
};

// A flood of values costs their records alone: 2 tokens, 3 fields, the best one.
TEST(ItemFindings, AsksForDetailsOfWhatAnAlertCanShowOnly) {
  ItemFindings item(nullptr, {.max_distinct = 65536, .max_occurrences = 3, .max_tokens = 2});
  Counting details;
  for (uint32_t i = 0; i < 1000; ++i) item.add(make(kMobile, i, 50), details);
  for (uint32_t i = 0; i < 1000; ++i) item.add(make(kMobile, i, 50), details);
  EXPECT_EQ(details.tokens, 2);
  EXPECT_EQ(details.fields, 3);
  EXPECT_EQ(details.findings, 1);
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kLow), 1000u);
  EXPECT_EQ(item.tokens(kMobile, 100).size(), 2u);
}

TEST(ItemFindings, NumberLiftsOnlyWhatSomethingBacks) {
  ItemFindings item;
  Finding bare = make(kMobile, 0, 45);
  bare.backed = false;
  for (uint32_t i = 0; i < 50; ++i) {
    bare.name.bytes[0] = static_cast<uint8_t>(i + 1);
    add(item, bare);
  }
  EXPECT_EQ(item.best_score(kMobile), 45);
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kMedium), 0u);
  EXPECT_FALSE(item.reasons(kMobile).has(Reason::kSeveral));
  // Five that bear their word are lifted, and they alone.
  for (uint32_t i = 100; i < 105; ++i) add(item, make(kMobile, i, 75, true));
  EXPECT_EQ(item.best_score(kMobile), 85);
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kLow), 55u);
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kMedium), 5u);
}

TEST(ItemFindings, AValueThatGetsItsWordLaterIsBackedFromThenOn) {
  ItemFindings item;
  for (uint32_t i = 0; i < 5; ++i) {
    Finding f = make(kMobile, i, 45);
    f.backed = false;
    add(item, f);
    f.labelled = true;
    f.score = 75;
    add(item, f);
  }
  EXPECT_EQ(item.distinct_at_score(kMobile, 85), 5u);
  EXPECT_EQ(item.distinct_at(kMobile, Confidence::kHigh), 5u);
}

// Of n candidates, k or more hold by chance with sum C(n,i) p^i (1-p)^(n-i), p one in ten.
TEST(ItemFindings, DecoysTakeNothingFromWhatChanceCannotExplain) {
  const auto likelihood = [](int n, int k) {
    double sum = 0;
    for (int i = k; i <= n; ++i) {
      sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(i + 1.0) - std::lgamma(n - i + 1.0) +
                      i * std::log(0.1) + (n - i) * std::log(0.9));
    }
    return sum;
  };
  int stays = 0, goes = 0;
  for (const int n : {12, 30, 64, 110, 500, 2000}) {
    for (int k = 1; 2 * k < n; ++k) {
      ItemFindings item;
      for (int i = 0; i < k; ++i) {
        item.count_candidate(kIdentity, true);
        add(item, make(kIdentity, static_cast<uint32_t>(i), 75));
      }
      for (int i = k; i < n; ++i) item.count_candidate(kIdentity, false);
      const bool lowered = item.best_score(kIdentity) == 55;
      if (likelihood(n, k) > 1e-6) {
        EXPECT_TRUE(lowered) << k << " of " << n;
        ++goes;
      } else if (likelihood(n, k) < 1e-8) {
        EXPECT_FALSE(lowered) << k << " of " << n;
        ++stays;
      }
    }
  }
  EXPECT_GT(stays, 100);
  EXPECT_GT(goes, 100);
}

}  // namespace
}  // namespace weir
