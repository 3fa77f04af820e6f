// The text of one item: a window over its bytes, their charset, and the calls of match.
//
// The item writes its bytes in order (write, or room and wrote for a decoder), ends a run where bytes are
// missing or another field begins (end_run), and ends. What the text says depends on the bytes and on where
// runs end, not on how they were cut. Owns one window buffer from the pools while anything waits in it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "parsers/codec/charset.h"
#include "sensor/base/item_facts.h"
#include "sensor/content/content_pools.h"
#include "sensor/content/media_type.h"
#include "sensor/content/text_sink.h"

namespace weir {

class ContentContext;

// Whom an item's text speaks to, for the length of a call.
struct TextEnv {
  TextSink& sink;
  ContentContext& context;
  ItemId id = kNoItem;
  ItemFacts& facts;
  Nanoseconds now = 0;
  // The item offsets of its own bytes: what stands around them is counted elsewhere.
  uint64_t own_begin = 0;
  uint64_t own_end = UINT64_MAX;
};

// Item bytes that were given to match and yet not read, since the item's start.
struct NotRead {
  uint64_t unsupported = 0;  // a format whose text is hidden in it
  uint64_t undecodable = 0;  // nothing shows in them (parsers/codec/legible.h)
  uint64_t timeout = 0;      // match gave them up: its work for a window has a bound
};

class ItemText {
 public:
  // `declared` may be null. `binary`: the item's type says that it is no text, where its bytes agree.
  void start(const Charset* declared, bool binary, Escapes escapes);

  // Bytes that follow. False: no buffer was to be had; what was not taken is lost to the text, the run has
  // ended, *taken says how much was.
  bool write(Bytes bytes, const TextEnv& env, size_t* taken);
  // Room for the next bytes, not empty; empty when no buffer was to be had.
  std::span<uint8_t> room(const TextEnv& env);
  void wrote(size_t n, const TextEnv& env);

  // What was written so far is decided; what follows is a run of its own, in `field`, in `charset` (null:
  // as the item).
  void end_run(const TextEnv& env, std::string_view field = {}, const Charset* charset = nullptr);
  // `n` bytes of the item are not text, or never came. Ends the run.
  void skip(uint64_t n, const TextEnv& env);
  // Gives match what waits, without an end of the run.
  void flush(const TextEnv& env);
  // At the end of a call: gives back a buffer that is not needed.
  void settle(const TextEnv& env);
  // An endless item is cut here: what is undecided is carried on, offsets too.
  void cut(const TextEnv& env);
  void end(const TextEnv& env);
  // Gives the buffer back; nothing may be called after it but start().
  void drop(ContentPools& pools);

  const NotRead& not_read() const { return not_read_; }
  uint64_t end_offset() const { return begin_ + size_; }
  // Something waits that flush() would give.
  bool pending() const { return size_ > carry_ && end_offset() > flushed_to_; }

 private:
  void emit(const TextEnv& env, bool ends_run, bool flushing);
  void judge(const TextEnv& env, const Readings& readings, const CharsetPair& charsets, uint64_t end);
  bool grow(uint32_t size, const TextEnv& env);
  void decide(const TextEnv& env, size_t from, bool last);
  void mark_time(const TextEnv& env);
  void settle_charset(const TextEnv& env, CharsetDetector::Guess guess);
  CharsetPair in_use() const;
  uint32_t skip_of(const Charset* charset, size_t index) const;

  WindowBuffer buffer_;
  uint32_t size_ = 0;   // bytes in the buffer
  uint32_t carry_ = 0;  // of size_: given before
  uint64_t begin_ = 0;  // item offset of the buffer's first byte
  uint64_t flushed_to_ = 0;
  uint32_t plain_to_ = 0;              // bytes of the buffer looked at for something that is not ASCII
  std::array<uint64_t, 2> aligned_{};  // item offset at which a character of each charset begins
  std::array<const Charset*, 2> aligned_for_{};
  std::vector<TimeMark> times_;
  std::string field_;

  const Charset* declared_ = nullptr;
  const Charset* run_charset_ = nullptr;  // of the current run only
  CharsetPair charsets_;                  // once decided, or guessed for now
  CharsetDetector detector_;
  uint64_t sampled_to_ = 0;  // item offset up to which the detector has seen
  Escapes escapes_ = Escapes::kAny;
  Magic magic_ = Magic::kNone;  // of the first bytes, once the charset is settled
  NotRead not_read_;
  bool illegible_ = false;  // the last bytes of the run that were judged
  bool binary_ = false;
  bool decided_ = false;
  bool guessed_ = false;       // charsets_ hold for the bytes of this window
  bool break_before_ = false;  // the next window begins a run
  bool run_open_ = false;      // match has seen bytes of the run and no end of it
};

}  // namespace weir
