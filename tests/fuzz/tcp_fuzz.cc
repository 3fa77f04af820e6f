// Any sequence of TCP segments: order, ledger and memory hold, whatever the sender says.
//
// Input: one byte of set-up (bit 0: little memory, bit 1: few packets' allowance, bits 2-4: overlap policy,
// bit 5: wrong checksums are dropped, bit 7: records have an eighth byte), then a record a segment:
//   flags and direction (bit 7: from the responder, bit 6: capture cuts the payload),
//   sequence number relative to the last of this direction (2 bytes signed; 0x8000: 2^30 further),
//   acknowledgement relative to the other direction's highest end (1 byte signed),
//   payload length (1 byte), time step in ms (1 byte signed), payload byte, repeated,
//   and, with bit 7, bits 0-1: checksum, bits 2-3: TTL, bits 4-7: urgent pointer.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "sensor/reassembly/tcp_connection.h"
#include "tests/harness/segmenter.h"
#include "tests/harness/stream_recorder.h"

namespace {

using weir::Direction;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

constexpr uint8_t kTtls[] = {64, 30, 3, 0};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t setup = *data++;
  --size;
  weir::MemoryBudget budget((setup & 1) != 0 ? 3000 : size_t{1} << 20);
  weir::TcpOptions options;
  options.hold_limit = (setup & 1) != 0 ? 1000 : size_t{1} << 18;
  if ((setup & 2) != 0) options.hold_packets = 4;
  options.targets = weir::TargetPolicies({}, static_cast<weir::TargetPolicy>((setup >> 2 & 7) % 6));
  options.drop_wrong_checksums = (setup & 0x20) != 0;
  const size_t record = (setup & 0x80) != 0 ? 8 : 7;
  weir::TcpShared shared(budget, options);
  weir::Inspection ledger;
  weir::TcpContext context{shared, ledger};
  weir::harness::StreamRecorder sink;
  sink.keep_stream(false);
  weir::TcpConnection connection;
  std::array<uint32_t, 2> last = {0xffffff00u, 0x7fffff00u};
  weir::Nanoseconds now = 1'700'000'000'000'000'000;
  uint64_t sent = 0;

  for (; size >= record; data += record, size -= record) {
    const size_t side = data[0] >> 7;
    const bool cut = (data[0] & 0x40) != 0;
    const auto step = static_cast<int16_t>(weir::read_be16(data + 1));
    last[side] += step == INT16_MIN ? uint32_t{1} << 30 : static_cast<uint32_t>(int32_t{step});
    const size_t length = data[4];
    now += int64_t{static_cast<int8_t>(data[5])} * 1'000'000;

    const std::vector<uint8_t> payload(length, data[6]);  // of its exact size: a sanitizer sees an over-read
    weir::PacketView packet = weir::harness::view_of({});
    packet.time = now;
    packet.tcp_flags = data[0] & 0x3f;
    packet.tcp_seq = last[side];
    packet.tcp_ack = last[1 - side] + static_cast<uint32_t>(int32_t{static_cast<int8_t>(data[3])});
    packet.payload = weir::Bytes(payload).first(cut ? length / 2 : length);
    packet.payload_wire = static_cast<uint32_t>(length);
    if (record == 8) {
      packet.checksum = static_cast<weir::Checksum>(data[7] & 3);
      packet.ttl = kTtls[data[7] >> 2 & 3];
      packet.tcp_urgent = static_cast<uint16_t>(data[7] >> 4);
    }
    sent += length;
    last[side] += static_cast<uint32_t>(length);

    if (connection.deadline(shared) < now && (data[6] & 1) != 0) connection.expire(now, sink, context);
    connection.on_segment(packet, static_cast<Direction>(side), sink, context);
    require(sink.errors().empty(), "the order of a direction");
    require(ledger.seen == sent, "all payload is seen");
    require(budget.used() <= budget.limit(), "the budget");
  }
  connection.finish(now, sink, context);
  require(sink.errors().empty(), sink.errors().empty() ? "" : sink.errors().front().c_str());
  require(sink[Direction::kFromInitiator].ended && sink[Direction::kFromResponder].ended,
          "both ends are told");
  require(ledger.seen == sink.delivered() + ledger.duplicate + ledger.unread_total(),
          "seen = handed on + duplicate + unread");
  require(budget.used() == 0, "all memory is given back");
  return 0;
}
