// What the capture tests share: the files of tests/data/capture, tshark's reading of them, and packets that
// own their bytes so that they can be compared after their burst is over.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sensor/capture/capture_file.h"
#include "tests/harness/packet_builder.h"

namespace weir::capture_test {

using harness::Frame;

struct Packet {
  Nanoseconds time = 0;
  Frame bytes;
  uint32_t wire_length = 0;
  uint16_t link_type = 0;

  friend bool operator==(const Packet&, const Packet&) = default;
};
void PrintTo(const Packet& packet, std::ostream* out);

Packet own(const RawPacket& raw);

inline const std::string kFolder = "tests/data/capture/";
Frame read_file(const std::string& path);

// One line of files.tsv.
struct TsharkPacket {
  std::string file;
  Nanoseconds time = 0;
  uint32_t wire_length = 0;
  Frame bytes;
};
const std::vector<TsharkPacket>& tshark_packets();
std::vector<std::string> tshark_files();
std::vector<Packet> expected_packets(const std::string& file);

// All that one reading gives.
struct Reading {
  std::vector<Packet> packets;
  std::string error;
  uint64_t position = 0;
  uint64_t os_drops = 0;
  uint64_t interface_drops = 0;

  friend bool operator==(const Reading&, const Reading&) = default;
};
void PrintTo(const Reading& reading, std::ostream* out);

// Through CaptureParser: the window holds the input up to each of `cuts` (ascending offsets), then all of it.
// Each window is a heap block of its exact size.
Reading parse_in_pieces(const Frame& input, const std::vector<size_t>& cuts, size_t burst = 64);
inline Reading parse_whole(const Frame& input, size_t burst = 64) {
  return parse_in_pieces(input, {}, burst);
}

Reading read_to_end(CaptureFile* file, size_t burst = 64);

// A directory of its own under the system's temporary directory, gone with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// pcapng blocks, little endian.
Frame le16(uint16_t value);
Frame le32(uint32_t value);
Frame le64(uint64_t value);
Frame join(std::initializer_list<Frame> parts);
Frame block(uint32_t type, const Frame& body);
Frame section_header();
Frame interface_description(const Frame& options = {}, uint16_t link_type = 1, uint32_t snaplen = 0);
Frame option(uint16_t code, const Frame& value);
Frame enhanced_packet(uint32_t interface, uint64_t ts, const Frame& bytes);

}  // namespace weir::capture_test
