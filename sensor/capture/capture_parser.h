// Reads pcap and pcapng from a moving window of bytes: the same code for a mapped file (the window is all
// of it), a stream (the window is what has come) and the fuzzer.
//
// Use: choose the format with detect_capture_format(), then call parse() with the bytes that begin at
// position(), as long as it makes progress. It never reads outside the window, keeps no packet bytes, and
// holds at most 65,536 interface descriptions. Packets borrow the window.
//
// Sources: draft-ietf-opsawg-pcap (pcap, its FCS bits), draft-ietf-opsawg-pcapng (pcapng, and the obsolete
// packet block of its appendix).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sensor/base/packet.h"

namespace weir {

enum class CaptureFormat : uint8_t {
  kNeedMore,  // fewer than 8 bytes so far
  kPcap,
  kPcapng,
  kOther,
};
inline constexpr size_t kCaptureHeaderBytes = 24;

// By the first bytes of the input. `last`: no more will come.
CaptureFormat detect_capture_format(Bytes start, bool last);

// What the first bytes look like where Weir cannot read them ("compressed with gzip …"), with what to do
// about it; "not a capture file" where they look like nothing.
std::string describe_foreign_format(Bytes start);

class CaptureParser {
 public:
  // One packet record or one block that Weir reads; larger ones are damage. Other blocks are skipped,
  // however long.
  static constexpr uint32_t kMaxPacketBytes = 1 << 20;
  static constexpr uint32_t kMaxBlockBytes = 16 << 20;
  static constexpr size_t kMaxInterfaces = 65536;

  enum class Status : uint8_t {
    kOk,        // out is full, or the window holds no whole record more
    kFinished,  // the input is over; error() tells whether it was whole
  };

  explicit CaptureParser(CaptureFormat format) : format_(format) {}

  // `window`: the input from position() on. `last`: nothing comes after it. Fills out[0 … *count) and
  // moves position(). Where fewer packets came than `out` holds and the status is kOk, the window must
  // grow to wanted() bytes from the new position() before the next call.
  Status parse(Bytes window, bool last, std::span<RawPacket> out, size_t* count);

  uint64_t position() const { return position_; }
  size_t wanted() const { return wanted_; }

  // The damage that ended the reading, or else the first that was passed over; with its byte offset.
  std::string error() const { return fatal_.empty() ? note_ : fatal_; }
  // Whether damage ended the reading, or only cost packets in the middle.
  bool fatal() const { return !fatal_.empty(); }

  // What the file says its capture lost (interface statistics blocks, packet blocks' drop counts).
  uint64_t os_drops() const;
  uint64_t interface_drops() const;

 private:
  enum class Step : uint8_t { kRecord, kPacket, kNeedMore, kDone };

  struct Interface {
    uint16_t link_type = 0;
    uint32_t snaplen = 0;  // 0: no limit
    // ns = ts * multiplier / divisor, or for powers of two ts * 1e9 >> shift
    uint64_t multiplier = 1000;
    uint64_t divisor = 1;
    uint8_t shift = 0;
    bool power_of_two = false;
    int64_t offset_seconds = 0;
    uint64_t os_drops = 0;
    uint64_t interface_drops = 0;
  };

  bool read_pcap_header(Bytes window, bool last);
  template <bool kBig>
  Status parse_pcap(Bytes window, bool last, std::span<RawPacket> out, size_t* count);

  Status parse_pcapng(Bytes window, bool last, std::span<RawPacket> out, size_t* count);
  template <bool kBig>
  Step next_block(Bytes window, bool last, RawPacket* out);
  Step section_header(Bytes window, bool last);
  Step skip_foreign(Bytes window, bool last);
  template <bool kBig>
  Step read_body(uint32_t type, Bytes block, RawPacket* out);
  template <bool kBig>
  Step interface_description(Bytes block);
  template <bool kBig>
  void interface_statistics(Bytes block);
  Step packet_block(uint32_t interface, uint32_t high, uint32_t low, uint32_t captured, uint32_t on_wire,
                    Bytes rest, RawPacket* out);
  Step need(size_t bytes, size_t have, bool last, const char* what);
  Step fail(std::string text);
  void note(std::string text);
  void retire_interfaces();
  static Nanoseconds to_time(const Interface& interface, uint64_t ts);

  CaptureFormat format_;
  bool started_ = false;  // pcap: the file header is read; pcapng: a section header is
  bool big_endian_ = false;
  bool done_ = false;
  uint64_t position_ = 0;
  size_t wanted_ = kCaptureHeaderBytes;
  std::string fatal_;
  std::string note_;

  // pcap
  uint32_t fraction_ns_ = 1000;
  uint32_t record_header_ = 16;
  uint32_t fcs_bytes_ = 0;
  uint16_t link_type_ = 0;

  // pcapng
  std::vector<Interface> interfaces_;
  Nanoseconds last_time_ = 0;
  uint64_t foreign_left_ = 0;  // bytes of a block that Weir does not read, its closing length included
  uint32_t foreign_length_ = 0;
  uint64_t past_os_drops_ = 0;  // of sections that are over
  uint64_t past_interface_drops_ = 0;
};

}  // namespace weir
