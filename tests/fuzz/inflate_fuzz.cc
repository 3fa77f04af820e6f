// Decoders: the first byte picks one, the second how the input is cut and how much room there is. Two cuts
// of the same bytes must give the same end of data; nothing is written over the room.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "parsers/codec/inflate.h"
#include "parsers/codec/transfer.h"

namespace {

class Pool final : public weir::InflatePool {
 public:
  weir::InflateStatePtr take() override {
    return kept_ != nullptr ? std::move(kept_) : weir::make_inflate_state();
  }
  void give(weir::InflateStatePtr state) override { kept_ = std::move(state); }

 private:
  weir::InflateStatePtr kept_;
};

std::unique_ptr<weir::Decoder> make(uint8_t kind, Pool& pool) {
  using weir::InflateWrapper;
  switch (kind % 5) {
    case 0:
      return std::make_unique<weir::Inflater>(InflateWrapper::kGzip, pool);
    case 1:
      return std::make_unique<weir::Inflater>(InflateWrapper::kZlib, pool);
    case 2:
      return std::make_unique<weir::Inflater>(InflateWrapper::kRaw, pool);
    case 3:
      return std::make_unique<weir::Base64Decoder>();
    default:
      return std::make_unique<weir::QuotedPrintableDecoder>();
  }
}

struct Result {
  size_t produced = 0;
  bool broken = false;
  bool complete = false;
};

// Where data is cut off ISA-L may keep the literals of its last step, of which it decodes up to three at a
// time.
constexpr size_t kKept = 3;

Result run(uint8_t kind, weir::Bytes data, size_t step, size_t room) {
  static Pool pool;
  const std::unique_ptr<weir::Decoder> decoder = make(kind, pool);
  Result result;
  const auto out = std::make_unique<uint8_t[]>(room);
  for (size_t at = 0; at < data.size(); at += step) {
    const size_t n = std::min(step, data.size() - at);
    const std::vector<uint8_t> piece(data.begin() + static_cast<std::ptrdiff_t>(at),
                                     data.begin() + static_cast<std::ptrdiff_t>(at + n));
    weir::Bytes in = piece;
    while (true) {
      const weir::DecodeStep s = decoder->decode(in, {out.get(), room});
      if (s.consumed > in.size() || s.produced > room) std::abort();
      in = in.subspan(s.consumed);
      result.produced += s.produced;
      if (s.status != weir::DecodeStatus::kOk) {
        result.broken = s.status != weir::DecodeStatus::kEnd;
        result.complete = decoder->complete();
        return result;
      }
      if (result.produced > (1u << 20)) return result;
      if (s.produced < room) {
        if (!in.empty()) std::abort();  // room left and input not used
        break;
      }
    }
  }
  result.complete = decoder->complete();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const weir::Bytes bytes(data + 2, size - 2);
  const size_t step = 1 + data[1] % 16 * 7;
  const Result cut = run(data[0], bytes, step, 1 + data[1] / 16 * 40);
  const Result whole = run(data[0], bytes, size, 4096);
  if (cut.produced > (1u << 20) || whole.produced > (1u << 20)) return 0;
  if (cut.broken != whole.broken) std::abort();
  if (cut.complete != whole.complete) std::abort();
  const size_t apart = std::max(cut.produced, whole.produced) - std::min(cut.produced, whole.produced);
  if (!cut.broken && apart > (cut.complete ? 0 : kKept)) std::abort();
  return 0;
}
