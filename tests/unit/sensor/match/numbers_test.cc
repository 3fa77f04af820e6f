// Numbers that only look like cards: none may come out at medium or above, once the whole item is known.
#include <gtest/gtest.h>

#include <random>

#include "sensor/base/item_findings.h"
#include "tests/harness/whole_finding.h"
#include "tests/unit/sensor/match/match_fixture.h"

namespace weir {
namespace {

const char* const kPrefixes[] = {"4",    "51", "55", "2221", "62", "34", "37",
                                 "3528", "30", "36", "6011", "65", "50", "67"};

std::vector<std::string> random_numbers() {
  std::mt19937_64 random(20261123);
  std::vector<std::string> numbers;
  for (size_t i = 0; i < 10000; ++i) {
    std::string number = kPrefixes[random() % std::size(kPrefixes)];
    const size_t length = 15 + random() % 5;
    while (number.size() < length) number += static_cast<char>('0' + random() % 10);
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::string> consecutive_numbers(const std::string& first) {
  std::vector<std::string> numbers;
  const unsigned long long start = std::stoull(first);
  for (unsigned long long i = 0; i < 10000; ++i) numbers.push_back(std::to_string(start + i));
  return numbers;
}

std::string as_json(const std::vector<std::string>& numbers) {
  std::string text = "[";
  for (size_t i = 0; i < numbers.size(); ++i) {
    text += (i == 0 ? "" : ",") + std::string(R"({"seq":)") + std::to_string(i) + R"(,"value":")" +
            numbers[i] + R"("})";
  }
  return text + "]";
}
std::string as_csv(const std::vector<std::string>& numbers) {
  std::string text = "seq,value,flag\n";
  for (size_t i = 0; i < numbers.size(); ++i) text += std::to_string(i) + "," + numbers[i] + ",1\n";
  return text;
}
std::string as_text(const std::vector<std::string>& numbers) {
  std::string text;
  for (const std::string& number : numbers) text += "The next one is " + number + " as was said. ";
  return text;
}

// Distinct values at medium or above over all detectors at the item's end.
size_t at_medium(const std::string& text) {
  const Found found = scan_whole(text);
  ItemFindings item;
  for (const auto& [detector, passed] : found.candidates) item.count_candidate(detector, passed);
  for (const Finding& f : found.findings) test::add(item, f);
  size_t n = 0;
  for (const DetectorIndex d : item.detectors()) n += item.distinct_at(d, Confidence::kMedium);
  return n;
}

TEST(Numbers, TenThousandRandomOnesAreNoCards) {
  const std::vector<std::string> numbers = random_numbers();
  EXPECT_EQ(at_medium(as_json(numbers)), 0u);
  EXPECT_EQ(at_medium(as_csv(numbers)), 0u);
  EXPECT_EQ(at_medium(as_text(numbers)), 0u);
}

// Stock numbers that read as landlines of Shanghai, in records full of digits.
TEST(Numbers, LookAlikesAreNotLiftedByTheirNumber) {
  std::string text = "[";
  for (int i = 0; i < 60; ++i) {
    text += R"({"sku":"0216234)" + std::to_string(5000 + 7 * i) + R"(","n":)" + std::to_string(i) + "},";
  }
  EXPECT_GT(scan_whole(text).findings.size(), 50u);
  EXPECT_EQ(at_medium(text), 0u);
  // A telephone elsewhere in the item says nothing of another field.
  EXPECT_EQ(at_medium(R"({"座机":""},)" + text), 0u);
}

TEST(Numbers, TenThousandConsecutiveOnesAreNoCards) {
  for (const char* first :
       {"4111111111110000", "621234567890120000", "6222021234567890000", "371234567890000"}) {
    const std::vector<std::string> numbers = consecutive_numbers(first);
    EXPECT_EQ(at_medium(as_json(numbers)), 0u) << first;
    EXPECT_EQ(at_medium(as_csv(numbers)), 0u) << first;
    EXPECT_EQ(at_medium(as_text(numbers)), 0u) << first;
  }
}

TEST(Numbers, RealCardsWithTheirLabelStayAmongThem) {
  std::vector<std::string> numbers = random_numbers();
  numbers.resize(1000);
  EXPECT_EQ(at_medium(as_text(numbers) + "银行卡号 6222021234567890128 。"), 1u);
}

TEST(Numbers, CandidatesTellPassAndFail) {
  const Found found = scan_whole("4111111111111111 4111111111111112 4111111111111113 0.4111111111111114");
  const auto card = static_cast<DetectorIndex>(builtin_patterns()->find("payment.card"));
  const std::vector<std::pair<DetectorIndex, bool>> expected = {{card, true}, {card, false}, {card, false}};
  EXPECT_EQ(found.candidates, expected);
}

}  // namespace
}  // namespace weir
