// One capture file, or one stream of capture bytes, read from its beginning to its end.
//
// Three ways to the same packets: a regular pcap or pcapng file is mapped and parsed in place; a pipe or
// standard input goes through a bounded buffer and the same parser; any other regular file is offered to
// libpcap. Owned by ReplaySource, which calls next_burst() until kEnd or kError; one thread.
//
// A file that still grows is read to the length that it had when it was opened. One that becomes shorter
// meanwhile, or whose disk fails, is read as far as it is there, and ends with kError (file_mapping.h); of
// the packets that were handed out last, what went while they were looked at may be zeros.
#pragma once

#include <memory>
#include <string>

#include "sensor/capture/packet_source.h"

namespace weir {

class CaptureFile {
 public:
  virtual ~CaptureFile() = default;

  // As PacketSource::next_burst. kError at the end of a damaged file: error() says at which offset. kIdle
  // only from a stream that has nothing now (after 100 ms at most) or whose read a signal interrupted.
  virtual SourceStatus next_burst(std::span<RawPacket> out, size_t* count) = 0;
  virtual std::string error() const = 0;

  // Bytes consumed, and in all; 0 in all where the length is unknown.
  virtual uint64_t position() const = 0;
  virtual uint64_t size() const = 0;

  // Whether packets stay valid as long as this object lives, not only until its next call.
  virtual bool stable() const { return false; }

  // What the file says its capture lost, as far as it was read.
  virtual uint64_t kernel_drops() const { return 0; }
  virtual uint64_t interface_drops() const { return 0; }
};

// `path`: a file; "-" is standard input. Null, and *error, where it cannot be opened or is no capture.
std::unique_ptr<CaptureFile> open_capture(const std::string& path, std::string* error);

// A stream on a descriptor that stays the caller's. No libpcap here: it wants a file.
std::unique_ptr<CaptureFile> open_capture_stream(int descriptor);

// True for what can be read only once: "-", a pipe, a socket, a device.
bool is_stream_path(const std::string& path);

}  // namespace weir
