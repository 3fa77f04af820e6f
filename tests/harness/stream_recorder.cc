#include "tests/harness/stream_recorder.h"

#include <algorithm>

namespace weir::harness {

void StreamRecorder::take_place(Direction direction, uint64_t offset, uint64_t n, const char* what) {
  const size_t side = index_of(direction);
  if (offset != next_[side]) {
    errors_.push_back(std::string(what) + " at " + std::to_string(offset) + ", expected at " +
                      std::to_string(next_[side]));
  }
  if (n == 0) errors_.push_back(std::string(what) + " of nothing");
  if (sides_[side].ended) errors_.push_back(std::string(what) + " after the end");
  next_[side] = offset + n;
}

void StreamRecorder::on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time) {
  take_place(direction, offset, bytes.size(), "chunk");
  Side& side = sides_[index_of(direction)];
  delivered_ += bytes.size();
  side.chunks.push_back({offset, std::string(as_text(bytes)), time});
  if (keep_stream_) side.stream += as_text(bytes);
  std::string& recent = recent_[index_of(direction)];
  recent += as_text(bytes.last(std::min<size_t>(bytes.size(), 256)));
  if (recent.size() > 256) recent.erase(0, recent.size() - 256);
}

void StreamRecorder::on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time) {
  take_place(direction, offset, n, "gap");
  Side& side = sides_[index_of(direction)];
  side.gaps.push_back({offset, n, time});
  recent_[index_of(direction)].clear();
  if (keep_stream_) side.stream.append(n, '?');
}

void StreamRecorder::on_end(Direction direction, Nanoseconds time) {
  Side& side = sides_[index_of(direction)];
  if (side.ended) errors_.push_back("a second end");
  side.ended = true;
  side.end_time = time;
}

void StreamRecorder::on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes,
                              const Surroundings& around, Nanoseconds time) {
  if (bytes.empty()) errors_.push_back("an extra of nothing");
  if (around.shared >= bytes.size() && !bytes.empty()) errors_.push_back("an extra of shared bytes alone");
  delivered_ += bytes.size() - around.shared;
  sides_[index_of(direction)].extras.push_back({kind, offset, std::string(as_text(bytes)), time,
                                                std::string(as_text(around.before)),
                                                std::string(as_text(around.after)), around.shared});
}

}  // namespace weir::harness
