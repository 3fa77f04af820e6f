// The cache of compiled databases: used when whole, made again when anything about it is not.
#include <gtest/gtest.h>
#include <hs/hs.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "signatures/compiler/engine.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class Cache : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-cache-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    engines_[kExpressionEngine].push_back({"[^0-9][0-9]{4}", HS_FLAG_DOTALL, 0});
    engines_[kWordEngine].push_back({"phone", HS_FLAG_CASELESS, 7});
  }
  void TearDown() override {
    free_databases(&databases_);
    fs::remove_all(folder_);
  }
  // Makes the databases and shows that they work; the note.
  std::string make(const EngineExpressions& engines) {
    free_databases(&databases_);
    std::string error, note;
    EXPECT_TRUE(make_databases(engines, folder_, &databases_, &error, &note)) << error;
    EXPECT_EQ(reports(databases_[kExpressionEngine], "tel 12345"), 1);
    EXPECT_EQ(reports(databases_[kWordEngine], "tel 12345"), 0);
    return note;
  }
  static int reports(hs_database_t* database, std::string_view text) {
    hs_scratch_t* scratch = nullptr;
    EXPECT_EQ(hs_alloc_scratch(database, &scratch), HS_SUCCESS);
    int n = 0;
    hs_scan(
        database, text.data(), static_cast<unsigned>(text.size()), 0, scratch,
        [](unsigned, unsigned long long, unsigned long long, unsigned, void* c) {
          ++*static_cast<int*>(c);
          return 0;
        },
        &n);
    hs_free_scratch(scratch);
    return n;
  }
  std::string read(const std::string& path) const {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }
  void write(const std::string& path, const std::string& bytes) const {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  std::string folder_;
  EngineExpressions engines_;
  std::array<hs_database*, kEngines> databases_{};
};

TEST_F(Cache, IsWrittenOnceAndThenRead) {
  const std::string path = cache_path(engines_, folder_);
  EXPECT_EQ(make(engines_), "");
  const std::string first = read(path);
  ASSERT_FALSE(first.empty());
  const auto written = fs::last_write_time(path);
  EXPECT_EQ(make(engines_), "");
  EXPECT_EQ(fs::last_write_time(path), written);
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_)) ++files;
  EXPECT_EQ(files, 1u);
}

TEST_F(Cache, AnEngineWithoutExpressionsStaysEmpty) {
  engines_[kExpressionEngine].clear();
  for (int round = 0; round < 2; ++round) {  // made, then read
    free_databases(&databases_);
    std::string error, note;
    ASSERT_TRUE(make_databases(engines_, folder_, &databases_, &error, &note)) << error;
    EXPECT_EQ(databases_[kExpressionEngine], nullptr);
    EXPECT_EQ(reports(databases_[kWordEngine], "a phone"), 1);
  }
}

TEST_F(Cache, OtherExpressionsHaveAnotherFile) {
  EngineExpressions other = engines_;
  other[kWordEngine][0].expression = "mobile";
  EXPECT_NE(cache_path(engines_, folder_), cache_path(other, folder_));
  other = engines_;
  other[kWordEngine][0].id = 8;
  EXPECT_NE(cache_path(engines_, folder_), cache_path(other, folder_));
  other = engines_;
  other[kWordEngine][0].flags = 0;
  EXPECT_NE(cache_path(engines_, folder_), cache_path(other, folder_));
}

TEST_F(Cache, DamageIsNoticedAtEveryPlaceAndMended) {
  const std::string path = cache_path(engines_, folder_);
  make(engines_);
  const std::string good = read(path);
  for (size_t at = 0; at < good.size(); at += 1 + good.size() / 60) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    write(path, damaged);
    EXPECT_NE(make(engines_).find("damaged"), std::string::npos) << at;
    EXPECT_EQ(read(path), good) << at;
    write(path, good.substr(0, at));
    EXPECT_NE(make(engines_).find("damaged"), std::string::npos) << at;
  }
  write(path, good + "x");
  EXPECT_NE(make(engines_).find("damaged"), std::string::npos);
  write(path, "");
  EXPECT_NE(make(engines_).find("damaged"), std::string::npos);
}

TEST_F(Cache, AFileOfOtherExpressionsUnderThisNameIsNotUsed) {
  make(engines_);
  EngineExpressions other = engines_;
  other[kWordEngine][0].expression = "12345";
  const std::string stranger = read(cache_path(engines_, folder_));
  write(cache_path(other, folder_), stranger);
  free_databases(&databases_);
  std::string error, note;
  ASSERT_TRUE(make_databases(other, folder_, &databases_, &error, &note));
  EXPECT_NE(note.find("damaged"), std::string::npos);
  EXPECT_EQ(reports(databases_[kWordEngine], "tel 12345"), 1);
}

// A cache decides what is found: only what we or root wrote, and nobody else can have changed, is believed,
// whatever its sums say. Made again it is ours.
TEST_F(Cache, ThatOthersMayWriteIsNotRead) {
  make(engines_);
  const std::string path = cache_path(engines_, folder_);
  for (const mode_t mode : {0666u, 0664u, 0646u}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_NE(make(engines_).find("others may write it"), std::string::npos) << std::oct << mode;
    EXPECT_EQ(make(engines_), "") << std::oct << mode;
  }
  if (geteuid() != 0) return;  // giving a file away takes root
  ASSERT_EQ(chown(path.c_str(), 54'321, 54'321), 0);
  EXPECT_NE(make(engines_).find("others may write it"), std::string::npos);
  EXPECT_EQ(make(engines_), "");
}

// Right in every sum, and nothing in it: the sensor would find nothing, in silence.
TEST_F(Cache, WithoutADatabaseIsNotBelieved) {
  make(engines_);
  const std::string path = cache_path(engines_, folder_);
  const std::string good = read(path);
  constexpr size_t kSums = 16 + 32;  // the magic line and the key; then the sum of the rest
  const std::string body(kEngines * sizeof(uint64_t), '\0');
  std::array<uint8_t, 32> sum{};
  crypto_generichash(sum.data(), sum.size(), reinterpret_cast<const uint8_t*>(body.data()), body.size(),
                     nullptr, 0);
  write(path,
        good.substr(0, kSums) + std::string(reinterpret_cast<const char*>(sum.data()), sum.size()) + body);
  EXPECT_NE(make(engines_).find("damaged"), std::string::npos);
  EXPECT_EQ(read(path), good);
}

// A pipe would be waited for, a link may point anywhere: neither is followed, and a cache takes its place.
TEST_F(Cache, ThatIsNoPlainFileIsReplaced) {
  const std::string path = cache_path(engines_, folder_);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_NE(make(engines_).find("not a cache file"), std::string::npos);
  EXPECT_EQ(make(engines_), "");
  const std::string elsewhere = folder_ + "/elsewhere";
  fs::rename(path, elsewhere);
  fs::create_symlink(elsewhere, path);
  EXPECT_NE(make(engines_).find("cannot be read"), std::string::npos);
  EXPECT_EQ(make(engines_), "");
  EXPECT_FALSE(fs::is_symlink(path));
}

TEST_F(Cache, ThatIsNoFolderCostsOnlyTime) {
  write(folder_ + "/file", "x");
  const std::string kept = folder_;
  folder_ = kept + "/file";
  EXPECT_NE(make(engines_).find("cannot be"), std::string::npos);
  folder_ = kept + "/none";
  EXPECT_NE(make(engines_).find("cannot be written"), std::string::npos);
  folder_ = "";
  EXPECT_EQ(make(engines_), "");
  folder_ = kept;
}

}  // namespace
}  // namespace weir
