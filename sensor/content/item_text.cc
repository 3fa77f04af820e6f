#include "sensor/content/item_text.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "parsers/codec/legible.h"
#include "parsers/codec/text_scan.h"
#include "sensor/content/flow_content.h"

namespace weir {

namespace {

constexpr size_t kMostTimeMarks = 256;

// Item bytes that are judged together, from multiples of it on; after some in which nothing shows, four times
// as many; where some show and others do not, so many.
constexpr uint64_t kJudged = 2048;
constexpr uint64_t kJudgedFinely = 128;

// Bytes of which a character of a charset with fixed units begins only at multiples, counted in the item.
uint64_t unit_of(const Charset* charset) {
  if (charset == charset_utf16le() || charset == charset_utf16be()) return 2;
  if (charset == charset_utf32le() || charset == charset_utf32be()) return 4;
  return 1;
}

// Bytes of formats that are no text have NULs and controls all over.
bool looks_binary(Bytes sample) {
  const auto odd = std::ranges::count_if(sample, [](uint8_t b) {
    return b < 0x20 && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1b;
  });
  return static_cast<size_t>(odd) * 50 > sample.size();
}

}  // namespace

void ItemText::start(const Charset* declared, bool binary, Escapes escapes) {
  size_ = carry_ = plain_to_ = 0;
  begin_ = flushed_to_ = sampled_to_ = 0;
  aligned_for_ = {};
  times_.clear();
  field_.clear();
  declared_ = declared;
  run_charset_ = nullptr;
  charsets_ = {};
  detector_.reset();
  escapes_ = escapes;
  binary_ = binary;
  magic_ = Magic::kNone;
  not_read_ = {};
  decided_ = guessed_ = break_before_ = run_open_ = illegible_ = false;
}

void ItemText::drop(ContentPools& pools) {
  pools.give_window(std::exchange(buffer_, {}));
  size_ = carry_ = plain_to_ = 0;
}

bool ItemText::grow(uint32_t size, const TextEnv& env) {
  if (buffer_.capacity >= size) return true;
  ContentPools& pools = env.context.pools();
  WindowBuffer larger = pools.take_window(size);
  if (larger.bytes == nullptr) return false;
  if (size_ > 0) std::memcpy(larger.bytes.get(), buffer_.bytes.get(), size_);
  pools.give_window(std::exchange(buffer_, std::move(larger)));
  return true;
}

void ItemText::mark_time(const TextEnv& env) {
  if (!times_.empty() && times_.back().time == env.now) return;
  if (times_.size() == kMostTimeMarks) {
    // Every second mark goes: the bytes behind it count as come with those before.
    for (size_t i = 1; i < kMostTimeMarks / 2; ++i) times_[i] = times_[2 * i];
    times_.resize(kMostTimeMarks / 2);
  }
  times_.push_back({end_offset(), env.now});
}

bool ItemText::write(Bytes bytes, const TextEnv& env, size_t* taken) {
  *taken = 0;
  if (bytes.empty()) return true;
  mark_time(env);
  const uint32_t window = env.context.pools().large_window() - env.context.options().max_carry;
  while (!bytes.empty()) {
    const uint32_t most = carry_ + window;
    const auto wanted = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{size_} + bytes.size(), most));
    if (!grow(wanted, env)) {
      ++env.context.counters().window_memory;
      end_run(env, std::string(field_), run_charset_);
      return false;
    }
    const auto n = std::min<size_t>(bytes.size(), std::min(buffer_.capacity, most) - size_);
    std::memcpy(buffer_.bytes.get() + size_, bytes.data(), n);
    *taken += n;
    bytes = bytes.subspan(n);
    wrote(n, env);
  }
  return true;
}

std::span<uint8_t> ItemText::room(const TextEnv& env) {
  const uint32_t window = env.context.pools().large_window() - env.context.options().max_carry;
  const uint32_t most = carry_ + window;
  if (!grow(most, env)) {
    ++env.context.counters().window_memory;
    end_run(env, std::string(field_), run_charset_);
    return {};
  }
  mark_time(env);
  return {buffer_.bytes.get() + size_, std::min(buffer_.capacity, most) - size_};
}

void ItemText::wrote(size_t n, const TextEnv& env) {
  size_ += static_cast<uint32_t>(n);
  env.facts.size += n;
  const uint32_t window = env.context.pools().large_window() - env.context.options().max_carry;
  if (size_ - carry_ >= window) emit(env, false, false);
}

CharsetPair ItemText::in_use() const {
  if (run_charset_ != nullptr) return {run_charset_, nullptr};
  return decided_ || guessed_ ? charsets_ : CharsetPair{};
}

// Bytes at the buffer's begin that belong to a character before it.
uint32_t ItemText::skip_of(const Charset* charset, size_t index) const {
  if (begin_ == 0) return 0;
  if (charset == nullptr) charset = charset_utf8();
  if (aligned_for_[index] == charset && aligned_[index] >= begin_) {
    return static_cast<uint32_t>(aligned_[index] - begin_);
  }
  const uint64_t unit = unit_of(charset);
  return static_cast<uint32_t>((unit - begin_ % unit) % unit);
}

// What was declared stands first; what was found beside it, unless it is the same.
void ItemText::settle_charset(const TextEnv& env, CharsetDetector::Guess guess) {
  charsets_ = {guess.first, guess.second};
  const bool fits = declared_ == guess.first || declared_ == guess.second;
  // The detector knows these well enough to say that bytes are no text in them: the last two on a whole
  // sample only, a few bytes may be half a character.
  const bool known = declared_ == charset_utf8() ||
                     (detector_.full() && (declared_ == charset_gb18030() || declared_ == charset_big5()));
  if (declared_ != nullptr && !(guess.first == charset_binary() && known)) {
    charsets_ = {declared_, fits || guess.first == charset_binary() ? nullptr : guess.first};
  }
  env.facts.charset = name_of(charsets_.first);
}

// `from`: the first byte in the buffer that is not plain ASCII. `last`: no more bytes can be waited for.
void ItemText::decide(const TextEnv& env, size_t from, bool last) {
  const size_t start = std::max<size_t>(from, sampled_to_ > begin_ ? sampled_to_ - begin_ : 0);
  const size_t there = start < size_ ? size_ - start : 0;
  if (!last && detector_.fed() + there < CharsetDetector::kSample) return;
  const Bytes all(buffer_.bytes.get(), size_);
  const Charset* mark = begin_ == 0 ? charset_of_mark(all) : nullptr;
  if (mark != nullptr) {
    settle_charset(env, {mark, nullptr});
    decided_ = true;
    return;
  }
  if (begin_ == 0 && magic_ == Magic::kNone) {
    magic_ = magic_of(all);
    binary_ |= magic_ != Magic::kNone;
  }
  const Bytes sample = all.subspan(std::min<size_t>(start, size_));
  if (binary_ && looks_binary(sample.first(std::min<size_t>(sample.size(), CharsetDetector::kSample)))) {
    declared_ = nullptr;
    settle_charset(env, {charset_binary(), nullptr});
    decided_ = true;
  } else {
    sampled_to_ = begin_ + start + detector_.feed(begin_ + start, sample);
    settle_charset(env, detector_.decide());
    decided_ = detector_.full();
  }
  if (decided_ && charsets_.first == charset_binary()) ++env.context.counters().binary_items;
  guessed_ = !decided_;
}

// What match is given for the first time, up to item offset `end`: is it read? Only the account hangs on it.
void ItemText::judge(const TextEnv& env, const Readings& readings, const CharsetPair& charsets,
                     uint64_t end) {
  const uint64_t begin = begin_ + carry_;
  const auto own = [&env](uint64_t from, uint64_t to) {
    from = std::max(from, env.own_begin);
    to = std::min(to, env.own_end);
    return to > from ? to - from : 0;
  };
  const bool binary = charsets.first == charset_binary();
  if (magic_ == Magic::kDocument || (binary && (magic_ == Magic::kBinary || magic_ == Magic::kContainer))) {
    not_read_.unsupported += own(begin, end);
    return;
  }
  const bool sound = readings.sound_utf8() ||
                     (faults_tell(charsets.first) && readings.faults() * uint64_t{16} <= end - begin);
  if (sound) {
    illegible_ = false;
    return;
  }
  const auto piece = [this](uint64_t from, uint64_t to) {
    return Bytes(buffer_.bytes.get() + (from - begin_), static_cast<size_t>(to - from));
  };
  // What is some charset without faults is judged by one look: it is text, but for a mask that makes it seem
  // so.
  const bool faultless = !binary && readings.faults() * uint64_t{16} <= end - begin;
  const auto many = [&] { return faultless ? 8 * kJudged : illegible_ ? 4 * kJudged : kJudged; };
  for (uint64_t at = begin, step = many(); at < end;) {
    const uint64_t to = std::min(end, (at / step + 1) * step);
    // A few bytes are judged with those before them.
    const uint64_t from =
        to - at >= kLeastSample ? at : std::max(begin_, to - std::min<uint64_t>(to, kLegibleSample));
    if (to - from >= kLeastSample) {
      const Shows shows = what_shows(piece(from, to));
      if (shows == Shows::kSome && step != kJudgedFinely) {
        step = kJudgedFinely;
        continue;
      }
      if (shows == Shows::kText && illegible_ && step == 4 * kJudged) {
        step = kJudged;
        continue;
      }
      illegible_ = shows == Shows::kNothing;
    }
    if (illegible_) not_read_.undecodable += own(at, to);
    at = to;
    if (at % many() == 0 || step != kJudgedFinely) step = many();
  }
}

void ItemText::emit(const TextEnv& env, bool ends_run, bool flushing) {
  if (size_ == 0 || (size_ == carry_ && !ends_run)) return;
  size_t limit = size_;
  guessed_ = false;
  if (!decided_ && run_charset_ == nullptr) {
    const Bytes unseen(buffer_.bytes.get() + plain_to_, size_ - plain_to_);
    const bool ascii_first = declared_ == nullptr || ascii_compatible(declared_);
    if (ascii_first) plain_to_ += static_cast<uint32_t>(find_not_plain(unseen));
    if (plain_to_ < size_) {
      decide(env, plain_to_, ends_run || flushing);
      if (!decided_ && !guessed_) limit = plain_to_;
    }
  }
  if (limit <= carry_ && !ends_run) return;

  Readings& maker = env.context.pools().readings();
  Readings::Request request;
  request.bytes = Bytes(buffer_.bytes.get(), limit);
  request.item_begin = begin_;
  request.final = ends_run;
  request.charsets = in_use();
  request.last_second = aligned_for_[1];
  request.skip = {skip_of(request.charsets.first, 0),
                  skip_of(request.charsets.second != nullptr ? request.charsets.second : aligned_for_[1], 1)};
  request.escapes = escapes_;
  TextWindow window;
  window.item_begin = begin_;
  window.readings = maker.read(request, &window.item_end);
  window.item_end = std::max(window.item_end, begin_);
  if (!ends_run && window.item_end <= begin_ + carry_) return;
  if (ends_run) window.item_end = end_offset();
  window.field = field_;
  window.times = times_;
  window.break_before = break_before_;
  window.ends_run = ends_run;
  ContentCounters& counters = env.context.counters();
  ++counters.windows;
  counters.readings += window.readings.size();
  counters.text_bytes += window.item_end - begin_ - carry_;
  judge(env, maker, request.charsets, window.item_end);
  if (ends_run) illegible_ = false;
  uint64_t next = env.sink.on_window(env.id, env.facts, window);
  not_read_.timeout += env.sink.given_up();

  break_before_ = false;
  run_open_ = !ends_run;
  if (ends_run) {
    begin_ = end_offset();
    size_ = carry_ = plain_to_ = 0;
    aligned_for_ = {};
  } else {
    next = std::clamp(next, begin_, window.item_end);
    if (window.item_end - next > env.context.options().max_carry) {
      next = window.item_end - env.context.options().max_carry;
      ++counters.carry_forced;
    }
    const std::array<const Charset*, 2> used = {
        request.charsets.first != nullptr ? request.charsets.first : charset_utf8(), maker.charsets().second};
    for (size_t i = 0; i < 2; ++i) {
      aligned_for_[i] = used[i];
      aligned_[i] = maker.boundary(i, next);
    }
    const auto gone = static_cast<uint32_t>(next - begin_);
    size_ -= gone;
    std::memmove(buffer_.bytes.get(), buffer_.bytes.get() + gone, size_);
    plain_to_ = std::max(plain_to_, gone) - gone;
    carry_ = static_cast<uint32_t>(window.item_end - next);
    begin_ = next;
  }
  // The last mark at or before the begin goes on to hold.
  const auto after = std::upper_bound(times_.begin(), times_.end(), begin_,
                                      [](uint64_t o, const TimeMark& m) { return o < m.item_offset; });
  if (after - times_.begin() > 1) times_.erase(times_.begin(), after - 1);
}

void ItemText::end_run(const TextEnv& env, std::string_view field, const Charset* charset) {
  if (size_ > 0) {
    emit(env, true, false);
    break_before_ = true;
  } else if (run_open_) {
    // Match has let everything of the run go.
    run_open_ = false;
    break_before_ = true;
  }
  if (field_ != field) field_ = field;
  run_charset_ = charset;
}

void ItemText::skip(uint64_t n, const TextEnv& env) {
  if (n == 0) return;
  end_run(env, std::string(field_), run_charset_);
  break_before_ = true;
  begin_ += n;
  env.facts.size += n;
}

void ItemText::flush(const TextEnv& env) {
  emit(env, false, true);
  flushed_to_ = end_offset();
  settle(env);
}

void ItemText::settle(const TextEnv& env) {
  if (buffer_.bytes == nullptr || size_ > carry_) return;
  ContentPools& pools = env.context.pools();
  if (size_ == 0) {
    pools.give_window(std::exchange(buffer_, {}));
  } else if (buffer_.capacity > ContentPools::kSmallWindow && size_ <= ContentPools::kSmallWindow) {
    WindowBuffer smaller = pools.take_window(size_);
    if (smaller.bytes == nullptr) return;
    std::memcpy(smaller.bytes.get(), buffer_.bytes.get(), size_);
    pools.give_window(std::exchange(buffer_, std::move(smaller)));
  }
}

void ItemText::cut(const TextEnv& env) { emit(env, false, false); }

void ItemText::end(const TextEnv& env) {
  end_run(env);
  drop(env.context.pools());
}

}  // namespace weir
