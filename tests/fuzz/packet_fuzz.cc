// Any bytes as a frame of any link type. Input: link type (2 bytes, little endian), bytes that the snap
// length cut (2 bytes), the frame.
#include <cstdint>
#include <cstdlib>

#include "sensor/decode/decoder.h"

namespace {
void require(bool condition) {
  if (!condition) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  if (size < 4) return 0;
  RawPacket raw;
  raw.link_type = read_le16(data);
  raw.bytes = Bytes(data + 4, size - 4);
  raw.wire_length = static_cast<uint32_t>(size - 4 + read_le16(data + 2));

  Decoder decoder;
  PacketView view;
  const PacketKind kind = decoder.decode(raw, &view);
  const uint32_t hash = steer_hash(raw);
  require(static_cast<size_t>(kind) < kPacketKinds);
  require(decoder.counters().packets[static_cast<size_t>(kind)] == 1);
  require(decoder.counters().bytes[static_cast<size_t>(kind)] == raw.wire_length);
  if (kind != PacketKind::kTcp && kind != PacketKind::kUdp) return 0;

  const uint8_t* end = raw.bytes.data() + raw.bytes.size();
  require(view.payload.empty() ||
          (view.payload.data() >= raw.bytes.data() && view.payload.data() + view.payload.size() <= end));
  require(view.payload.size() <= view.payload_wire);
  // No header says more than an IP packet holds, but for a frame that is longer itself.
  require(view.payload_wire <= 65535 || view.payload_wire <= raw.wire_length);
  require(view.vlan_count <= view.vlans.size());
  require(view.layer_count <= view.layers.size());
  require(view.tunnels <= DecodeOptions().max_tunnels);
  const Bytes header = view.header();
  require(header.size() >= 8 && header.data() >= raw.bytes.data() && header.data() + header.size() <= end);
  require(view.key.protocol == (kind == PacketKind::kTcp ? kProtoTcp : kProtoUdp));

  // The way back is steered alike: addresses exchanged, in an IPv4 or IPv6 header of our own.
  uint8_t back[40] = {0x60};
  for (size_t i = 0; i < 16; ++i) {
    back[8 + i] = view.key.dst.bytes[i];
    back[24 + i] = view.key.src.bytes[i];
  }
  require(steer_hash(RawPacket{0, Bytes(back, 40), 40, 229, 0}) == hash);
  return 0;
}
