#include "sensor/reassembly/tcp_shared.h"

namespace weir {
namespace {

// Pieces are at most one segment or one joined run; larger blocks go to the heap directly.
std::pmr::pool_options pool_options() {
  std::pmr::pool_options options;
  options.largest_required_pool_block = 16384;
  return options;
}

}  // namespace

TcpShared::TcpShared(MemoryBudget& budget, const TcpOptions& options, const HashKey& key)
    : budget_(budget), options_(options), key_(key), pool_(pool_options()) {}

}  // namespace weir
