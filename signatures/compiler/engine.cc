#include "signatures/compiler/engine.h"

#include <fcntl.h>
#include <hs/hs.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace weir {

namespace {

using Hash = std::array<uint8_t, 32>;
using Databases = std::array<hs_database*, kEngines>;

constexpr std::string_view kMagic = "weir-hs-cache-1\n";
constexpr size_t kMaxCacheBytes = 256 << 20;

class Hasher {
 public:
  Hasher() { crypto_generichash_init(&state_, nullptr, 0, sizeof(Hash)); }
  void add(std::string_view bytes) {
    crypto_generichash_update(&state_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  }
  void add_number(uint64_t n) { add({reinterpret_cast<const char*>(&n), sizeof n}); }
  void add_text(std::string_view text) {
    add_number(text.size());
    add(text);
  }
  Hash finish() {
    Hash hash{};
    crypto_generichash_final(&state_, hash.data(), hash.size());
    return hash;
  }

 private:
  crypto_generichash_state state_;
};

std::string_view view_of(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// Everything that decides what the databases hold: library, processor, expressions.
Hash key_of(const EngineExpressions& engines) {
  Hasher hasher;
  hasher.add_text(hs_version());
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  hasher.add_number(platform.tune);
  hasher.add_number(platform.cpu_features);
  hasher.add_number(sizeof(void*));
  for (const auto& engine : engines) {
    hasher.add_number(engine.size());
    for (const EngineExpression& e : engine) {
      hasher.add_text(e.expression);
      hasher.add_number(e.flags);
      hasher.add_number(e.id);
    }
  }
  return hasher.finish();
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

// What decides what the sensor finds may be written by us and by root alone.
bool belongs_to_us(const struct stat& info) {
  return (info.st_uid == geteuid() || info.st_uid == 0) && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// The cache file's bytes; nullopt when there is none or it is not to be trusted (then `note` says why).
std::optional<std::string> read_cache(const std::string& path, std::string* note) {
  // O_NONBLOCK: a pipe of this name must not be waited for.
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno != ENOENT) *note = path + ": cannot be read: " + std::strerror(errno);
    return std::nullopt;
  }
  struct stat info {};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
      static_cast<uint64_t>(info.st_size) > kMaxCacheBytes) {
    *note = path + ": not a cache file; made again";
    return std::nullopt;
  }
  if (!belongs_to_us(info)) {
    *note = path + ": others may write it, so it is not used; made again";
    return std::nullopt;
  }
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = read(file.get(), bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    have += static_cast<size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

// Magic, key, hash of what follows, then a length and the bytes for each engine: none exactly where `engines`
// has no expressions for it.
bool unpack(std::string_view bytes, const Hash& key, const EngineExpressions& engines, Databases* databases) {
  const auto take = [&](size_t n) {
    const std::string_view part = bytes.substr(0, n);
    bytes.remove_prefix(std::min(n, bytes.size()));
    return part;
  };
  if (take(kMagic.size()) != kMagic || take(key.size()) != view_of(key)) return false;
  const std::string_view sum = take(sizeof(Hash));
  Hasher hasher;
  hasher.add(bytes);
  if (sum != view_of(hasher.finish())) return false;
  for (size_t i = 0; i < kEngines; ++i) {
    hs_database*& database = (*databases)[i];
    uint64_t size = 0;
    const std::string_view length = take(sizeof size);
    if (length.size() != sizeof size) return false;
    std::memcpy(&size, length.data(), sizeof size);
    const std::string_view part = take(size);
    if (part.size() != size || (size == 0) != engines[i].empty()) return false;
    if (size == 0) continue;
    if (hs_deserialize_database(part.data(), part.size(), &database) != HS_SUCCESS) {
      database = nullptr;
      return false;
    }
  }
  return bytes.empty();
}

std::optional<std::string> pack(const Hash& key, const Databases& databases) {
  std::string body;
  for (hs_database* database : databases) {
    char* bytes = nullptr;
    size_t size = 0;
    if (database != nullptr && hs_serialize_database(database, &bytes, &size) != HS_SUCCESS)
      return std::nullopt;
    const std::unique_ptr<char, decltype(&free)> owner(bytes, &free);
    const uint64_t length = size;
    body.append(reinterpret_cast<const char*>(&length), sizeof length);
    body.append(bytes == nullptr ? "" : bytes, size);
  }
  Hasher hasher;
  hasher.add(body);
  return std::string(kMagic) + std::string(view_of(key)) + std::string(view_of(hasher.finish())) + body;
}

void write_cache(const std::string& path, const std::string& bytes, std::string* note) {
  std::string temporary = path + ".XXXXXX";
  const File file(mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) {
    *note = path + ": the cache cannot be written: " + std::strerror(errno);
    return;
  }
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = write(file.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  if (done != bytes.size() || fchmod(file.get(), 0644) != 0 || fsync(file.get()) != 0 ||
      rename(temporary.c_str(), path.c_str()) != 0) {
    *note = path + ": the cache cannot be written: " + std::strerror(errno);
    unlink(temporary.c_str());
  }
}

bool compile_engine(const std::vector<EngineExpression>& engine, hs_database** database, std::string* error) {
  std::vector<const char*> expressions;
  std::vector<unsigned> flags, ids;
  for (const EngineExpression& e : engine) {
    expressions.push_back(e.expression.c_str());
    flags.push_back(e.flags);
    ids.push_back(e.id);
  }
  hs_compile_error_t* problem = nullptr;
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(), static_cast<unsigned>(engine.size()),
                       HS_MODE_BLOCK, nullptr, database, &problem) != HS_SUCCESS) {
    *error = std::string("Hyperscan: ") + (problem != nullptr ? problem->message : "no memory");
    if (problem != nullptr && problem->expression >= 0) {
      *error += " in " + engine[static_cast<size_t>(problem->expression)].expression;
    }
    hs_free_compile_error(problem);
    *database = nullptr;
    return false;
  }
  return true;
}

}  // namespace

bool expression_width(const EngineExpression& expression, uint32_t* width, std::string* error) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* problem = nullptr;
  if (hs_expression_info(expression.expression.c_str(), expression.flags, &info, &problem) != HS_SUCCESS) {
    *error = std::string("Hyperscan refuses it: ") + (problem != nullptr ? problem->message : "no memory");
    hs_free_compile_error(problem);
    return false;
  }
  const std::unique_ptr<hs_expr_info_t, decltype(&free)> owner(info, &free);
  if (info->min_width == 0) {
    *error = "it matches nothing at all; every match must have a length";
    return false;
  }
  if (info->max_width > kMaxCanonicalValue) {
    *error = "its matches have no bound of at most " + std::to_string(kMaxCanonicalValue) +
             " bytes; write {n,m} for '*' and '+'";
    return false;
  }
  *width = info->max_width;
  return true;
}

std::string cache_path(const EngineExpressions& engines, const std::string& cache_dir) {
  if (cache_dir.empty() || sodium_init() < 0) return {};
  const Hash key = key_of(engines);
  std::array<char, 33> name{};
  sodium_bin2hex(name.data(), name.size(), key.data(), 16);
  return cache_dir + "/patterns-" + name.data() + ".hsdb";
}

bool make_databases(const EngineExpressions& engines, const std::string& cache_dir, Databases* databases,
                    std::string* error, std::string* note) {
  databases->fill(nullptr);
  if (sodium_init() < 0) {
    *error = "libsodium cannot be started";
    return false;
  }
  if (hs_valid_platform() != HS_SUCCESS) {
    *error = "this processor lacks SSSE3, which Hyperscan needs";
    return false;
  }
  const std::string path = cache_path(engines, cache_dir);
  const Hash key = key_of(engines);
  if (!path.empty()) {
    if (const std::optional<std::string> bytes = read_cache(path, note)) {
      if (unpack(*bytes, key, engines, databases)) return true;
      free_databases(databases);
      *note = path + ": damaged; made again";
    }
  }
  for (size_t i = 0; i < kEngines; ++i) {
    if (!engines[i].empty() && !compile_engine(engines[i], &(*databases)[i], error)) {
      free_databases(databases);
      return false;
    }
  }
  if (!path.empty()) {
    if (const std::optional<std::string> bytes = pack(key, *databases)) write_cache(path, *bytes, note);
  }
  return true;
}

void free_databases(Databases* databases) {
  for (hs_database*& database : *databases) {
    hs_free_database(database);
    database = nullptr;
  }
}

}  // namespace weir
