// A StreamSink that writes down what it hears and holds the contract of a stream: chunks and gaps follow
// each other without a seam, one end, nothing after it but extras. Whatever breaks that is in errors().
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sensor/reassembly/stream_sink.h"

namespace weir::harness {

class StreamRecorder : public StreamSink {
 public:
  struct Chunk {
    uint64_t offset;
    std::string bytes;
    Nanoseconds time;
  };
  struct Gap {
    uint64_t offset;
    uint64_t length;
    Nanoseconds time;
    friend bool operator==(const Gap&, const Gap&) = default;
  };
  struct Extra {
    ExtraKind kind;
    uint64_t offset;
    std::string bytes;
    Nanoseconds time;
    std::string before;  // Surroundings
    std::string after;
    size_t shared;
  };
  struct Side {
    std::string stream;  // every byte in order; a gap's bytes are '?'
    std::vector<Chunk> chunks;
    std::vector<Gap> gaps;
    std::vector<Extra> extras;
    std::vector<uint64_t> urgent;  // offsets given to on_urgent
    bool ended = false;
    Nanoseconds end_time = 0;
  };

  void on_chunk(Direction direction, uint64_t offset, Bytes bytes, Nanoseconds time) override;
  void on_gap(Direction direction, uint64_t offset, uint64_t n, Nanoseconds time) override;
  void on_end(Direction direction, Nanoseconds time) override;
  void on_extra(ExtraKind kind, Direction direction, uint64_t offset, Bytes bytes, const Surroundings& around,
                Nanoseconds time) override;
  void on_urgent(Direction direction, uint64_t offset) override {
    sides_[index_of(direction)].urgent.push_back(offset);
  }
  Bytes recent(Direction direction) const override { return as_bytes(recent_[index_of(direction)]); }

  const Side& operator[](Direction direction) const { return sides_[index_of(direction)]; }
  const std::vector<std::string>& errors() const { return errors_; }
  // Bytes given to on_chunk and on_extra, both directions, those that an extra shares counted once.
  uint64_t delivered() const { return delivered_; }
  // Off: `stream` is not filled (gaps may be huge), everything else is checked as before.
  void keep_stream(bool keep) { keep_stream_ = keep; }

 private:
  void take_place(Direction direction, uint64_t offset, uint64_t n, const char* what);

  std::array<Side, 2> sides_;
  std::array<uint64_t, 2> next_{};
  std::array<std::string, 2> recent_;
  std::vector<std::string> errors_;
  uint64_t delivered_ = 0;
  bool keep_stream_ = true;
};

}  // namespace weir::harness
