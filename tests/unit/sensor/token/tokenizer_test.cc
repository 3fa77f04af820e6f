#include "sensor/token/tokenizer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace weir {
namespace {

std::string hex_of(const std::array<uint8_t, 32>& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const uint8_t b : bytes) out += std::string(1, kDigits[b >> 4]) + kDigits[b & 15];
  return out;
}

class KeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "weir-token-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ + "/key";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path_, std::ios::trunc) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }
  std::string read() const {
    std::stringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  std::string refusal() {
    TokenKey key;
    std::string error;
    EXPECT_FALSE(TokenKey::load_or_create(path_, &key, &error));
    return error;
  }

  std::string folder_, path_;
};

// A pipe that nobody writes would be waited for.
TEST_F(KeyFile, ThatIsAPipeIsRefused) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), path_ + ": the token key must be a plain file");
}

// The key 00 01 … 1f and its check, made with Python's hashlib.blake2b.
constexpr const char* kKnown =
    "weir-token-key-1 k1 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 53e962b9466d1697\n";

TEST_F(KeyFile, TokensAreKeyedBlake2b) {
  write(kKnown);
  TokenKey key;
  std::string error;
  ASSERT_TRUE(TokenKey::load_or_create(path_, &key, &error)) << error;
  // "k" and hashlib.blake2b(b"weir-token-key-name", key=key, digest_size=32).hexdigest()[:8]
  EXPECT_EQ(key.name(), "kff399f2c");
  const Tokenizer tokenizer(key);
  // hashlib.blake2b(detector + b"\0" + value, key=key, digest_size=16)
  EXPECT_EQ(tokenizer.text(tokenizer.token("cn.mobile", "13812345678")),
            "kff399f2c:e4e7e14c7966bf68a670e613d90094cb");
  EXPECT_EQ(tokenizer.text(tokenizer.token("net.email", "zhang.san@qq.com")),
            "kff399f2c:e549f72342f50e777b579b4e8c7f7d52");
  EXPECT_EQ(tokenizer.text(tokenizer.token("x", "")), "kff399f2c:2b6819da4330232d19c90983d5365f32");
}

TEST_F(KeyFile, IsMadeOnceForItsOwnerAlone) {
  TokenKey first, second;
  std::string error;
  ASSERT_TRUE(TokenKey::load_or_create(path_, &first, &error)) << error;
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_TRUE(TokenKey::load_or_create(path_, &second, &error)) << error;
  EXPECT_EQ(first.bytes(), second.bytes());
  EXPECT_NE(first.bytes(), TokenKey::random().bytes());
  // Nothing is left beside it.
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++files;
  EXPECT_EQ(files, 1u);
}

TEST_F(KeyFile, ThatOthersMayReadIsRefused) {
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u}) {
    write(kKnown, mode);
    EXPECT_NE(refusal().find("chmod 600"), std::string::npos) << mode;
  }
}

TEST_F(KeyFile, ThatIsDamagedIsRefusedAndKept) {
  std::string text = kKnown;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = damaged[i] == '3' ? '4' : '3';
    write(damaged);
    EXPECT_NE(refusal().find("damaged"), std::string::npos) << i;
    EXPECT_EQ(read(), damaged);
    // Cut short at this place. Without its last byte, the line break, it is whole.
    write(text.substr(0, i));
    if (i + 1 < text.size()) {
      EXPECT_NE(refusal().find("damaged"), std::string::npos) << i;
    }
  }
  write(text + "more");
  EXPECT_NE(refusal().find("damaged"), std::string::npos);
  write(std::string(100'000, 'x'));
  EXPECT_NE(refusal().find("damaged"), std::string::npos);
}

TEST_F(KeyFile, InAFolderThatIsNotThereIsRefused) {
  TokenKey key;
  std::string error;
  EXPECT_FALSE(TokenKey::load_or_create(folder_ + "/none/key", &key, &error));
  EXPECT_NE(error.find("none/key"), std::string::npos);
  EXPECT_FALSE(TokenKey::load_or_create(folder_, &key, &error));
}

TEST(TokenText, DiffersByDetectorAndValue) {
  const Tokenizer tokenizer(TokenKey::random());
  EXPECT_EQ(tokenizer.token("a.b", "1"), tokenizer.token("a.b", "1"));
  EXPECT_NE(tokenizer.token("a.b", "1"), tokenizer.token("a.b", "2"));
  EXPECT_NE(tokenizer.token("a.b", "1"), tokenizer.token("a.c", "1"));
  EXPECT_TRUE(tokenizer.text(Token{}).ends_with(":00000000000000000000000000000000"));
}

// Tokens that cannot be compared do not look alike, whatever the file says its key is called.
TEST_F(KeyFile, TheNameIsTheKeysOwn) {
  std::set<std::string> names;
  for (int i = 0; i < 100; ++i) {
    const TokenKey key = TokenKey::random();
    names.insert(key.name());
    EXPECT_EQ(key.name().size(), 9u);
    EXPECT_EQ(key.name()[0], 'k');
    EXPECT_EQ(key.name().find_first_not_of("0123456789abcdef", 1), std::string::npos);
    EXPECT_EQ(Tokenizer(key).text(Token{}), key.name() + ":00000000000000000000000000000000");
    // Nothing of the key itself.
    EXPECT_NE(key.name().substr(1), hex_of(key.bytes()).substr(0, 8));
  }
  EXPECT_EQ(names.size(), 100u);
  // A file made now says its name, and gives it again.
  TokenKey made, again;
  std::string error;
  ASSERT_TRUE(TokenKey::load_or_create(path_, &made, &error)) << error;
  ASSERT_TRUE(TokenKey::load_or_create(path_, &again, &error)) << error;
  EXPECT_EQ(made.name(), again.name());
  EXPECT_TRUE(read().starts_with("weir-token-key-1 " + made.name() + " " + hex_of(made.bytes()))) << read();
  std::filesystem::remove(path_);
  ASSERT_TRUE(TokenKey::load_or_create(path_, &again, &error)) << error;
  EXPECT_NE(made.name(), again.name());
}

}  // namespace
}  // namespace weir
