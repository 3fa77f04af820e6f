#include "sensor/token/tokenizer.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir {

namespace {

// One line: the format, a name, the key, and the first bytes of their hash, so that a damaged file is noticed
// and no token is made with a wrong key. The name is "k1" in files of earlier versions, which are good as
// before; what tokens show is derived from the key.
constexpr std::string_view kFormat = "weir-token-key-1";
constexpr size_t kCheckBytes = 8;
constexpr size_t kMaxFile = 256;

std::string hex(const uint8_t* bytes, size_t n) {
  std::string out(n * 2 + 1, '\0');
  sodium_bin2hex(out.data(), out.size(), bytes, n);
  out.pop_back();
  return out;
}

std::array<uint8_t, kCheckBytes> check_of(const std::string& name, const std::array<uint8_t, 32>& key) {
  // Under a key of its own: the check says nothing of the tokens' key.
  std::array<uint8_t, 32> hash{};
  crypto_generichash_state state;
  crypto_generichash_init(&state, reinterpret_cast<const uint8_t*>(kFormat.data()), kFormat.size(),
                          hash.size());
  crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(name.data()), name.size());
  crypto_generichash_update(&state, key.data(), key.size());
  crypto_generichash_final(&state, hash.data(), hash.size());
  std::array<uint8_t, kCheckBytes> check{};
  std::memcpy(check.data(), hash.data(), check.size());
  return check;
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// "k" and eight hex digits: keyed, so that it tells nothing of the key, and the same for no two keys but by a
// chance of one in four billion.
std::string name_of_key(const std::array<uint8_t, 32>& key) {
  constexpr std::string_view kLabel = "weir-token-key-name";
  std::array<uint8_t, crypto_generichash_BYTES> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const uint8_t*>(kLabel.data()), kLabel.size(),
                     key.data(), key.size());
  return "k" + hex(hash.data(), 4);
}

bool is_key_name(std::string_view name) {
  if (name.size() < 2 || name.size() > 9 || name[0] != 'k') return false;
  for (const char c : name.substr(1)) {
    if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

bool parse_key(std::string_view text, std::array<uint8_t, 32>* key) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (!text.starts_with(kFormat) || text.size() <= kFormat.size() || text[kFormat.size()] != ' ')
    return false;
  text.remove_prefix(kFormat.size() + 1);
  const size_t space = text.find(' ');
  if (space == std::string_view::npos || !is_key_name(text.substr(0, space))) return false;
  const std::string name(text.substr(0, space));
  text.remove_prefix(space + 1);
  if (text.size() != 64 + 1 + 2 * kCheckBytes || text[64] != ' ') return false;
  size_t n = 0;
  std::array<uint8_t, kCheckBytes> check{};
  return sodium_hex2bin(key->data(), key->size(), text.data(), 64, nullptr, &n, nullptr) == 0 && n == 32 &&
         sodium_hex2bin(check.data(), check.size(), text.data() + 65, 2 * kCheckBytes, nullptr, &n,
                        nullptr) == 0 &&
         n == kCheckBytes && check == check_of(name, *key);
}

enum class ReadOutcome : uint8_t { kOk, kMissing, kFailed };

ReadOutcome read_key(const std::string& path, std::array<uint8_t, 32>* key, std::string* error) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT) return ReadOutcome::kMissing;
    *error = path + ": the token key cannot be read: " + std::strerror(errno);
    return ReadOutcome::kFailed;
  }
  struct stat info {};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    *error = path + ": the token key must be a plain file";
    return ReadOutcome::kFailed;
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    *error = path + ": the token key can be read by others; make it its owner's alone (chmod 600)";
    return ReadOutcome::kFailed;
  }
  std::array<char, kMaxFile> buffer{};
  size_t have = 0;
  while (have < buffer.size()) {
    const ssize_t n = read(file.get(), buffer.data() + have, buffer.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<size_t>(n);
  }
  const bool good = have < buffer.size() && parse_key({buffer.data(), have}, key);
  sodium_memzero(buffer.data(), buffer.size());
  if (!good) {
    *error = path +
             ": not a token key, or damaged; restore it from a copy, or move it away and a new one is made "
             "(tokens made under the old key can then not be compared)";
    return ReadOutcome::kFailed;
  }
  return ReadOutcome::kOk;
}

// Written beside its place and linked there, so that the file is never half there and a key that another
// process made meanwhile stays.
bool write_key(const std::string& path, const std::string& text, std::string* error) {
  std::string temporary = path + ".XXXXXX";
  const File file(mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) {
    *error = path + ": the token key cannot be made: " + std::strerror(errno);
    return false;
  }
  bool good = fchmod(file.get(), S_IRUSR | S_IWUSR) == 0 &&
              write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
              fsync(file.get()) == 0;
  if (good && link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) good = false;
  if (!good) *error = path + ": the token key cannot be made: " + std::strerror(errno);
  unlink(temporary.c_str());
  return good;
}

}  // namespace

TokenKey::~TokenKey() { sodium_memzero(bytes_.data(), bytes_.size()); }

TokenKey TokenKey::random() {
  TokenKey key;
  // Works before sodium_init() too; without a source of randomness it ends the program.
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  key.name_ = name_of_key(key.bytes_);
  return key;
}

bool TokenKey::load_or_create(const std::string& path, TokenKey* key, std::string* error) {
  if (sodium_init() < 0) {
    *error = "libsodium cannot be started";
    return false;
  }
  ReadOutcome outcome = read_key(path, &key->bytes_, error);
  if (outcome == ReadOutcome::kMissing) {
    const TokenKey fresh = random();
    const auto check = check_of(fresh.name_, fresh.bytes_);
    std::string text = std::string(kFormat) + " " + fresh.name_ + " " +
                       hex(fresh.bytes_.data(), fresh.bytes_.size()) + " " + hex(check.data(), check.size()) +
                       "\n";
    const bool written = write_key(path, text, error);
    sodium_memzero(text.data(), text.size());
    if (!written) return false;
    outcome = read_key(path, &key->bytes_, error);
    if (outcome == ReadOutcome::kMissing) *error = path + ": the token key has vanished";
  }
  if (outcome == ReadOutcome::kOk) key->name_ = name_of_key(key->bytes_);
  return outcome == ReadOutcome::kOk;
}

Tokenizer::Tokenizer(const TokenKey& key) : key_(key) {}

void Tokenizer::start(std::string_view detector_id, crypto_generichash_blake2b_state* state) const {
  crypto_generichash_init(state, key_.bytes().data(), key_.bytes().size(), sizeof(Token::bytes));
  static constexpr uint8_t kEnd = 0;
  crypto_generichash_update(state, reinterpret_cast<const uint8_t*>(detector_id.data()), detector_id.size());
  crypto_generichash_update(state, &kEnd, 1);
}

Token Tokenizer::finish(const crypto_generichash_blake2b_state& started, std::string_view normalised) {
  Token token;
  crypto_generichash_state state = started;
  crypto_generichash_update(&state, reinterpret_cast<const uint8_t*>(normalised.data()), normalised.size());
  crypto_generichash_final(&state, token.bytes.data(), token.bytes.size());
  return token;
}

Token Tokenizer::token(std::string_view detector_id, std::string_view normalised) const {
  crypto_generichash_state state;
  start(detector_id, &state);
  return finish(state, normalised);
}

std::string Tokenizer::text(const Token& token) const {
  return key_.name() + ":" + hex(token.bytes.data(), token.bytes.size());
}

}  // namespace weir
