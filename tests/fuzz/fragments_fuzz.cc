// Any sequence of fragments: what is read was sent, every byte is accounted for, memory is bounded and given
// back, whatever offsets, lengths and ends are claimed.
//
// Input: one byte of set-up (bits 0 … 2: overlap policy, bit 3: little memory, bit 4: few fragments a
// datagram, bit 5: packets carry their own bytes, so that there may be headers and tunnels in them), then a
// record a fragment:
//   flags (bit 0: IPv6, bit 1: more fragments, bit 2: the capture cut it, bit 3: another protocol, bits 4 …
//   7: identification), offset in units of eight (2 bytes), length (1 byte; with bit 7 of the next one times
//   64), time step in s (7 bits), then its bytes: one that is repeated, or with set-up bit 5 all of them.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "sensor/pipeline/fragment_path.h"

namespace {

using namespace weir;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

struct Sums {
  uint64_t sent = 0;
  uint64_t accounted = 0;
};

void hear(Defragmenter& defragmenter, Sums* sums) {
  DatagramReading r;
  while (defragmenter.next(&r)) {
    require(r.bytes.size() <= r.wire, "captured is part of the wire");
    require(r.context != nullptr, "a context");
    uint32_t ones = 0;  // an over-read of a borrowed buffer shows here
    for (const uint8_t byte : r.bytes) ones += byte;
    require(ones <= r.bytes.size() * 255, "bytes");
    if (r.version == 0 && r.kind != DatagramReading::Kind::kRepeat) sums->accounted += r.wire;
    if (r.tallies == nullptr) continue;
    sums->accounted += r.tallies->repeated.total() + r.tallies->differing.total() + r.tallies->cut.total();
  }
}

// Of the packets that come out; the same rules.
void hear(FragmentPath& path) {
  ReassembledPacket p;
  while (path.next(&p)) {
    require(p.view.payload.size() <= p.view.payload_wire || p.use == PieceUse::kCountOnly, "payload");
    require(p.view.key.protocol == kProtoTcp || p.view.key.protocol == kProtoUdp, "a transport");
    require(p.beside.duplicate + p.beside.unread_total() <= p.beside.seen, "the ledger");
  }
}

std::vector<uint8_t> frame_of(const Fragment& f) {
  std::vector<uint8_t> frame;
  const auto be16 = [&frame](size_t n) {
    frame.push_back(static_cast<uint8_t>(n >> 8));
    frame.push_back(static_cast<uint8_t>(n));
  };
  if (f.v6) {
    frame = {0x60, 0, 0, 0};
    be16(f.wire + 8);
    frame.insert(frame.end(), {44, 64});
    frame.resize(40);
    frame.insert(frame.end(), {f.protocol, 0});
    be16(f.offset | (f.more ? 1u : 0u));
    be16(f.id >> 16);
    be16(f.id & 0xffff);
  } else {
    frame = {0x45, 0};
    be16(f.wire + 20);
    be16(f.id);
    be16(f.offset / 8 | (f.more ? 0x2000u : 0u));
    frame.insert(frame.end(), {64, f.protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2});
  }
  frame.insert(frame.end(), f.bytes.begin(), f.bytes.end());
  return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t setup = *data++;
  --size;
  const bool own_bytes = (setup & 32) != 0;
  FragmentPathOptions options;
  options.defragment.targets = TargetPolicies({}, static_cast<TargetPolicy>((setup & 7) % 6));
  if ((setup & 16) != 0) options.defragment.max_fragments = 16;
  options.memory = (setup & 8) != 0 ? 20'000 : size_t{8} << 20;
  MemoryBudget budget(options.memory);
  Sums sums;
  {
    Defragmenter defragmenter(options.defragment, HashKey{1, 2}, budget);
    Decoder decoder;
    FragmentPath path(options, DecodeOptions(), decoder);
    Nanoseconds now = 1'700'000'000'000'000'000;
    constexpr size_t kRecord = 6;
    while (size >= kRecord) {
      const uint8_t flags = data[0];
      Fragment f;
      f.v6 = (flags & 1) != 0;
      f.more = (flags & 2) != 0;
      f.protocol = (flags & 8) != 0 ? data[5] : kProtoUdp;
      f.id = flags >> 4;
      f.offset = read_be16(data + 1) % 8192u * 8u;
      f.wire = data[3] * ((data[4] & 0x80) != 0 ? 64u : 1u);
      now += Nanoseconds{data[4] & 0x7f} * 1'000'000'000;
      size_t taken = kRecord;
      // Of its exact size: a sanitizer sees an over-read.
      std::vector<uint8_t> bytes;
      if (own_bytes) {
        f.wire = std::min<uint32_t>(f.wire, static_cast<uint32_t>(size - kRecord));
        bytes.assign(data + kRecord, data + kRecord + f.wire);
        taken += f.wire;
      } else {
        bytes.assign(f.wire, data[5]);
      }
      data += taken;
      size -= taken;
      if ((flags & 4) != 0) bytes.resize(bytes.size() / 2);
      bytes.shrink_to_fit();
      f.bytes = bytes;

      PacketView view;
      view.time = now;
      sums.sent += f.wire;
      defragmenter.advance(now);
      hear(defragmenter, &sums);
      defragmenter.add(f, view, true);
      hear(defragmenter, &sums);
      require(budget.used() <= budget.limit(), "the budget");

      const std::vector<uint8_t> frame = frame_of(f);
      RawPacket raw{now, frame, static_cast<uint32_t>(frame.size() - f.bytes.size() + f.wire), 101, 0};
      path.advance(now);
      hear(path);
      if (decoder.decode(raw, &view) == PacketKind::kFragment) path.add(view);
      hear(path);
      path.add_foreign(raw);
      hear(path);
    }
    defragmenter.finish();
    hear(defragmenter, &sums);
    require(defragmenter.waiting() == 0, "nothing waits at the end");
    path.finish();
    hear(path);
  }
  require(sums.sent == sums.accounted, "every byte is accounted for");
  require(budget.used() == 0, "all memory is given back");
  return 0;
}
