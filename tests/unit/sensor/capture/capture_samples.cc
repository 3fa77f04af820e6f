#include "tests/unit/sensor/capture/capture_samples.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <sstream>
#include <stdexcept>

#include "sensor/capture/capture_parser.h"

namespace weir::capture_test {

void PrintTo(const Packet& packet, std::ostream* out) {
  *out << packet.bytes.size() << " of " << packet.wire_length << " bytes at " << packet.time
       << " ns, link type " << packet.link_type;
}

void PrintTo(const Reading& reading, std::ostream* out) {
  *out << reading.packets.size() << " packets to offset " << reading.position << ", error \"" << reading.error
       << "\", drops " << reading.os_drops << " and " << reading.interface_drops;
}

Packet own(const RawPacket& raw) {
  return {raw.time, Frame(raw.bytes.begin(), raw.bytes.end()), raw.wire_length, raw.link_type};
}

Frame read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot open " + path);
  const std::vector<char> chars((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return Frame(chars.begin(), chars.end());
}

const std::vector<TsharkPacket>& tshark_packets() {
  static const std::vector<TsharkPacket> kAll = [] {
    std::vector<TsharkPacket> all;
    std::ifstream table(kFolder + "files.tsv");
    for (std::string line; std::getline(table, line);) {
      if (line.starts_with("#")) continue;
      std::istringstream fields(line);
      TsharkPacket p;
      int64_t seconds = 0;
      std::string nanoseconds, captured, hex;
      fields >> p.file >> seconds >> nanoseconds >> captured >> p.wire_length >> hex;
      p.time = seconds * 1'000'000'000 + std::stoll(nanoseconds, nullptr, 10);
      for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        p.bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
      }
      if (p.bytes.size() != std::stoul(captured)) throw std::runtime_error("bad line in files.tsv: " + line);
      all.push_back(std::move(p));
    }
    return all;
  }();
  return kAll;
}

std::vector<std::string> tshark_files() {
  std::vector<std::string> names;
  for (const TsharkPacket& p : tshark_packets()) {
    if (std::find(names.begin(), names.end(), p.file) == names.end()) names.push_back(p.file);
  }
  return names;
}

std::vector<Packet> expected_packets(const std::string& file) {
  std::vector<Packet> packets;
  for (const TsharkPacket& p : tshark_packets()) {
    if (p.file != file) continue;
    // All are Ethernet but the two raw IP packets, which begin with their version.
    const bool raw_ip = p.bytes[0] == 0x45 || p.bytes[0] == 0x60;
    packets.push_back({p.time, p.bytes, p.wire_length, raw_ip ? uint16_t{101} : uint16_t{1}});
  }
  return packets;
}

Reading parse_in_pieces(const Frame& input, const std::vector<size_t>& cuts, size_t burst) {
  Reading reading;
  CaptureFormat format = CaptureFormat::kNeedMore;
  std::unique_ptr<CaptureParser> parser;
  std::vector<RawPacket> out(burst);
  std::vector<size_t> ends = cuts;
  ends.push_back(input.size());
  for (size_t i = 0; i < ends.size(); ++i) {
    const bool last = i + 1 == ends.size();
    if (!parser) {
      const auto start = std::make_unique<uint8_t[]>(ends[i]);
      std::copy_n(input.begin(), ends[i], start.get());
      format = detect_capture_format({start.get(), ends[i]}, last);
      if (format == CaptureFormat::kNeedMore) continue;
      if (format == CaptureFormat::kOther) {
        reading.error = describe_foreign_format({start.get(), ends[i]});
        return reading;
      }
      parser = std::make_unique<CaptureParser>(format);
    }
    for (;;) {
      const auto from = static_cast<size_t>(parser->position());
      const size_t size = ends[i] - from;
      const auto window = std::make_unique<uint8_t[]>(size);
      std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(from), size, window.get());
      size_t count = 0;
      const auto status = parser->parse({window.get(), size}, last, out, &count);
      for (size_t k = 0; k < count; ++k) reading.packets.push_back(own(out[k]));
      if (status == CaptureParser::Status::kFinished) {
        reading.error = parser->error();
        reading.position = parser->position();
        reading.os_drops = parser->os_drops();
        reading.interface_drops = parser->interface_drops();
        return reading;
      }
      if (count == 0) {
        if (last) throw std::logic_error("the parser does not end");
        break;
      }
    }
  }
  throw std::logic_error("the format stays undecided");
}

Reading read_to_end(CaptureFile* file, size_t burst) {
  Reading reading;
  std::vector<RawPacket> out(burst);
  for (;;) {
    size_t count = 0;
    const SourceStatus status = file->next_burst(out, &count);
    for (size_t k = 0; k < count; ++k) reading.packets.push_back(own(out[k]));
    if (status == SourceStatus::kEnd || status == SourceStatus::kError) break;
  }
  reading.error = file->error();
  reading.position = file->position();
  reading.os_drops = file->kernel_drops();
  reading.interface_drops = file->interface_drops();
  return reading;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "weir-capture-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = name;
}
TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

namespace {
template <class Integer>
Frame little(Integer value) {
  Frame out;
  for (size_t i = 0; i < sizeof(value); ++i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
  return out;
}
}  // namespace

Frame le16(uint16_t value) { return little(value); }
Frame le32(uint32_t value) { return little(value); }
Frame le64(uint64_t value) { return little(value); }

Frame join(std::initializer_list<Frame> parts) {
  Frame out;
  for (const Frame& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Frame block(uint32_t type, const Frame& body) {
  const Frame padding((4 - body.size() % 4) % 4, 0);
  const auto length = static_cast<uint32_t>(12 + body.size() + padding.size());
  return join({le32(type), le32(length), body, padding, le32(length)});
}

Frame section_header() {
  return block(0x0a0d0d0a, join({le32(0x1a2b3c4d), le16(1), le16(0), le64(~uint64_t{0})}));
}

Frame interface_description(const Frame& options, uint16_t link_type, uint32_t snaplen) {
  return block(1, join({le16(link_type), le16(0), le32(snaplen), options}));
}

Frame option(uint16_t code, const Frame& value) {
  return join(
      {le16(code), le16(static_cast<uint16_t>(value.size())), value, Frame((4 - value.size() % 4) % 4, 0)});
}

Frame enhanced_packet(uint32_t interface, uint64_t ts, const Frame& bytes) {
  const auto size = static_cast<uint32_t>(bytes.size());
  return block(6, join({le32(interface), le32(static_cast<uint32_t>(ts >> 32)),
                        le32(static_cast<uint32_t>(ts)), le32(size), le32(size), bytes}));
}

}  // namespace weir::capture_test
