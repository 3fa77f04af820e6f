// SHA-256 (FIPS 180-4) over a file's bytes as they come. For files that have a name: a digest is what an
// analyst looks a known document up by. One a file; destroyed with it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "parsers/wire/bytes.h"

struct evp_md_ctx_st;

namespace weir {

using Sha256 = std::array<uint8_t, 32>;

class FileDigest {
 public:
  FileDigest();
  void add(Bytes bytes);
  // Once; nullopt when the library refused.
  std::optional<Sha256> finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace weir
