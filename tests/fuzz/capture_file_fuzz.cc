// Any bytes as a capture file: parsed whole and in pieces, with the same packets and the same error; every
// packet inside the input, every time in range.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sensor/capture/capture_parser.h"
#include "sensor/capture/packet_source.h"

namespace {

using namespace weir;

struct Seen {
  int64_t time;
  size_t offset;  // in the input
  size_t size;
  uint32_t wire_length;
  uint16_t link_type;
  bool operator==(const Seen&) const = default;
};

void require(bool condition) {
  if (!condition) std::abort();
}

// The window grows by `step` bytes a call.
std::string parse(Bytes input, size_t step, std::vector<Seen>* seen) {
  CaptureFormat format = CaptureFormat::kNeedMore;
  size_t end = std::min(step, input.size());
  while ((format = detect_capture_format(input.first(end), end == input.size())) ==
         CaptureFormat::kNeedMore) {
    end = std::min(input.size(), end + step);
  }
  if (format == CaptureFormat::kOther) return describe_foreign_format(input.first(end));
  CaptureParser parser(format);
  RawPacket out[16];
  for (;;) {
    const auto from = static_cast<size_t>(parser.position());
    require(from <= end);
    const size_t size = end - from;
    const auto window = std::make_unique<uint8_t[]>(size);
    std::copy_n(input.data() + from, size, window.get());
    size_t count = 0;
    const auto status = parser.parse({window.get(), size}, end == input.size(), out, &count);
    require(count <= std::size(out));
    for (size_t i = 0; i < count; ++i) {
      const Bytes bytes = out[i].bytes;
      require(bytes.empty() ||
              (bytes.data() >= window.get() && bytes.data() + bytes.size() <= window.get() + size));
      require(out[i].wire_length >= bytes.size());
      require(out[i].time >= 0 && out[i].time <= kMaxPacketTime);
      const size_t offset = bytes.empty() ? 0 : from + static_cast<size_t>(bytes.data() - window.get());
      seen->push_back({out[i].time, offset, bytes.size(), out[i].wire_length, out[i].link_type});
    }
    if (status == CaptureParser::Status::kFinished) break;
    if (count > 0) continue;
    require(end < input.size());
    require(parser.wanted() <= CaptureParser::kMaxBlockBytes);
    end = std::min(input.size(), end + step);
  }
  return parser.error();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // The first byte chooses the cut of the second pass; the rest is the file.
  const size_t step = size_t{data[0]} + 1;
  const Bytes input(data + 1, size - 1);
  std::vector<Seen> whole, pieces;
  const std::string error = parse(input, std::max<size_t>(input.size(), 1), &whole);
  require(parse(input, step, &pieces) == error);
  require(pieces == whole);
  return 0;
}
