// Tells on standard error what is wrong while a run goes on: a line when something new is wrong, then what
// has become of it (counts, other reasons) at most once a minute, and when it is over. What comes and goes,
// or changes its reason from moment to moment, is not new each time.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

struct Trouble {
  std::string kind;  // whose, and which of its troubles: one line a minute each
  std::string name;  // whose, for people
  std::string text;  // one line
};

class TroubleReporter {
 public:
  using Clock = std::chrono::steady_clock;
  // `say` gets whole lines.
  explicit TroubleReporter(std::function<void(const std::string&)> say) : say_(std::move(say)) {}
  // Says them on standard error.
  TroubleReporter();
  // `now_wrong`: all that is wrong at `now`.
  void tell(const std::vector<Trouble>& now_wrong, Clock::time_point now = Clock::now());
  // Whether this was the last that was said of its kind.
  bool has_told(const std::string& text) const;

 private:
  struct Told {
    std::string name;
    std::string text;  // as last said; empty: said to be over
    Clock::time_point at;
    std::optional<Clock::time_point> over_at;  // when it was last said to be over
    bool wrong = false;
  };
  std::function<void(const std::string&)> say_;
  std::map<std::string, Told> told_;  // by kind; there are few
};

}  // namespace weir
