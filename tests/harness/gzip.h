// gzip (RFC 1952) as zlib writes it, for tests and benchmarks.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace weir {

// `text` in one stream; `bits` as zlib has them: 31 gzip, 15 zlib, -15 bare deflate.
inline std::string deflated(std::string_view text, int level = 6, int bits = 31) {
  z_stream z{};
  if (deflateInit2(&z, level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&z, static_cast<uLong>(text.size())) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

inline std::string gzipped(std::string_view text, int level = 6) { return deflated(text, level); }

}  // namespace weir
