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

ReassemblyCounters& ReassemblyCounters::operator+=(const ReassemblyCounters& other) {
  segments += other.segments;
  chunks += other.chunks;
  held += other.held;
  hold_refused += other.hold_refused;
  gaps += other.gaps;
  gap_bytes += other.gap_bytes;
  late += other.late;
  duplicates += other.duplicates;
  conflicts += other.conflicts;
  uncompared += other.uncompared;
  unplaced += other.unplaced;
  resets_ignored += other.resets_ignored;
  fins_ignored += other.fins_ignored;
  urgent += other.urgent;
  doubtful += other.doubtful;
  replaced += other.replaced;
  bad_checksum += other.bad_checksum;
  static_assert(sizeof(ReassemblyCounters) == 17 * sizeof(uint64_t), "each counter is added up");
  return *this;
}

TcpShared::TcpShared(MemoryBudget& budget, const TcpOptions& options)
    : budget_(budget), options_(options), pool_(pool_options()) {}

}  // namespace weir
