// How much goes to a broker at once after it has refused a batch: as too large (a topic's max.message.bytes
// may lie below the producer's batch), or for one record in it that it does not say. The batch is halved
// until it passes or is one record, which then is the one to blame, and grows again.
//
// The sink asks before each record: begin(), add() until it says no; then one of passed(), refused(), found()
// when all of them have been heard of.
#pragma once

#include <algorithm>
#include <cstddef>

namespace weir {

class KafkaBatch {
 public:
  // `usual`: the largest batch of the producer, in bytes; at that size batches are the producer's own affair
  // again, many at once.
  explicit KafkaBatch(size_t usual) : usual_(std::max<size_t>(usual, 1)), limit_(usual_), before_(usual_) {}

  bool one_at_a_time() const { return limit_ < usual_; }
  bool is_single() const { return one_at_a_time() && records_ == 1; }
  size_t limit() const { return limit_; }

  void begin() {
    bytes_ = records_ = 0;
    full_ = false;
  }
  // False when the record is for the next batch. The first one always fits.
  bool add(size_t size) {
    if (!one_at_a_time()) return true;
    if (records_ > 0 && bytes_ + size > limit_) {
      full_ = true;
      return false;
    }
    bytes_ += size;
    ++records_;
    return true;
  }

  // `bytes`: of all records that came back.
  void refused(size_t bytes) {
    const size_t size = one_at_a_time() ? bytes_ : std::min(usual_, bytes);
    if (searched_ == 0) {
      before_ = limit_;
      searched_ = size;
    }
    limit_ = std::max<size_t>(1, std::min(limit_, size) / 2);
  }
  // A single record was refused: it was that, and batches of the size before are as good as ever.
  void found() {
    if (searched_ != 0) limit_ = before_;
    searched_ = 0;
  }
  // Where all of what was refused has passed in smaller batches the size was the reason. A full batch makes
  // the next a sixty-fourth larger: at a topic's limit one batch of some 45 is refused.
  void passed() {
    if (!one_at_a_time()) return;
    searched_ -= std::min(searched_, bytes_);
    if (searched_ == 0 && full_) limit_ = std::min(usual_, limit_ + std::max<size_t>(1, limit_ / 64));
  }

 private:
  const size_t usual_;
  size_t limit_;
  size_t before_;        // the limit when the search for what is refused began
  size_t searched_ = 0;  // bytes of what was refused that have not passed since
  size_t bytes_ = 0;     // of the batch
  size_t records_ = 0;
  bool full_ = false;
};

}  // namespace weir
