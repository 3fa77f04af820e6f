// CPU lists as the kernel writes them (Documentation/admin-guide/cputopology.rst), and which CPUs workers
// get.
#include "sensor/base/cpus.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace weir {
namespace {

std::vector<int> list(std::string_view text) {
  std::vector<int> cpus;
  EXPECT_TRUE(parse_cpu_list(text, &cpus)) << text;
  return cpus;
}

TEST(Cpus, ListsAsTheKernelWritesThem) {
  EXPECT_EQ(list("0"), (std::vector<int>{0}));
  EXPECT_EQ(list("0-3"), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(list("0-1,8,10-11"), (std::vector<int>{0, 1, 8, 10, 11}));
  EXPECT_EQ(list(""), std::vector<int>{});
  for (const char* text : {",", "1,", "-", "1-", "-1", "3-1", "a", "1 2", "4096", "99999999999"}) {
    std::vector<int> cpus;
    EXPECT_FALSE(parse_cpu_list(text, &cpus)) << text;
  }
  EXPECT_EQ(cpu_list_text({0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
  EXPECT_EQ(cpu_list_text({}), "");
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text << '\n';
}

// Two sockets of four cores; the second hardware thread of core n is CPU n + 8. CPUs 2, 3, 6, 7 are isolated.
class TwoSockets : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path() / ("weir-cpus-" + std::to_string(::getpid()));
    const auto system = root_ / "sys/devices/system";
    write(system / "cpu/online", "0-15");
    write(system / "cpu/isolated", "2-3,6-7");
    write(system / "node/online", "0-1");
    write(system / "node/node0/cpulist", "0-3,8-11");
    write(system / "node/node1/cpulist", "4-7,12-15");
    for (int cpu = 0; cpu < 16; ++cpu) {
      const int core = cpu % 8;
      write(system / "cpu" / ("cpu" + std::to_string(cpu)) / "topology/thread_siblings_list",
            std::to_string(core) + "," + std::to_string(core + 8));
      all_.push_back(cpu);
    }
    facts_ = read_cpu_facts(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::filesystem::path root_;
  std::vector<int> all_;
  CpuFacts facts_;
};

TEST_F(TwoSockets, AreReadAsTheyAre) {
  EXPECT_EQ(facts_.isolated, (std::vector<int>{2, 3, 6, 7}));
  EXPECT_EQ(facts_.node_of, (std::vector<int>{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(facts_.first_sibling[10], 2);
}

TEST_F(TwoSockets, IsolatedOnesOfTheCardsNodeComeFirst) {
  EXPECT_EQ(choose_worker_cpus(all_, facts_, 1, 2), (std::vector<int>{6, 7}));
  EXPECT_EQ(choose_worker_cpus(all_, facts_, 0, 3), (std::vector<int>{2, 3, 6}));
}

TEST_F(TwoSockets, ThenOneThreadACoreWithCpu0Last) {
  facts_.isolated.clear();
  EXPECT_EQ(choose_worker_cpus(all_, facts_, 0, 5), (std::vector<int>{1, 2, 3, 0, 8}));
  EXPECT_EQ(choose_worker_cpus(all_, facts_, -1, 8), (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 0}));
}

TEST_F(TwoSockets, OnlyWhatTheProcessMayUseAndAgainFromTheFront) {
  EXPECT_EQ(choose_worker_cpus({8, 9}, facts_, -1, 3), (std::vector<int>{8, 9, 8}));
  EXPECT_EQ(choose_worker_cpus({}, facts_, -1, 3), std::vector<int>{});
}

TEST(Cpus, ThisThreadGoesWhereItIsPut) {
  const std::vector<int> before = allowed_cpus();
  ASSERT_FALSE(before.empty());
  std::string error;
  ASSERT_TRUE(place_this_thread({before.back()}, &error)) << error;
  EXPECT_EQ(allowed_cpus(), (std::vector<int>{before.back()}));
  ASSERT_TRUE(place_this_thread(before, &error)) << error;
  EXPECT_EQ(allowed_cpus(), before);
  CpuFacts facts;
  facts.isolated = {before.front()};
  ASSERT_TRUE(place_this_thread({before.back()}, &error)) << error;
  std::vector<int> both = {before.front(), before.back()};
  both.erase(std::unique(both.begin(), both.end()), both.end());
  EXPECT_EQ(usable_cpus(facts), both);
  EXPECT_EQ(allowed_cpus(), (std::vector<int>{before.back()})) << "back where it was";
  ASSERT_TRUE(place_this_thread(before, &error)) << error;
  EXPECT_FALSE(place_this_thread({4095}, &error));
  EXPECT_NE(error.find("CPU 4095"), std::string::npos) << error;
}

}  // namespace
}  // namespace weir
