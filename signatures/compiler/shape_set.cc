#define PCRE2_CODE_UNIT_WIDTH 8
#include "signatures/compiler/shape_set.h"

#include <pcre2.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <utility>

namespace weir {

namespace {

constexpr size_t kMaxNfaStates = 60000;
constexpr size_t kMaxStates = 30000;       // of one automaton; more is refused
constexpr size_t kMaxSharedStates = 8000;  // of one that several shapes share: it should stay in the cache
constexpr size_t kMaxWork = 4'000'000;     // NFA states visited while building one automaton
constexpr uint32_t kLongRepeat = 32;       // left open in the automaton for short values
constexpr size_t kFewStates = 1000;        // that need no such automaton

}  // namespace

// Thompson's construction, then the subset construction. For one use.
class AutomatonBuilder {
 public:
  enum class Repeats : uint8_t { kCounted, kLongOnesOpen };
  explicit AutomatonBuilder(size_t max_states, Repeats repeats = Repeats::kCounted)
      : max_states_(max_states), repeats_(repeats) {}

  void add(const ParsedShape& shape, uint16_t detector) {
    State accept;
    accept.kind = State::Kind::kAccept;
    accept.detector = detector;
    starts_.push_back(build(shape, shape.root, push(std::move(accept))));
  }

  // The smallest bound that was left open; UINT32_MAX when none was.
  uint32_t open_from() const { return open_from_; }

  std::optional<ShapeAutomaton> finish() {
    if (too_large_) return std::nullopt;
    ShapeAutomaton a;
    make_classes(&a);
    a.next_.assign(size_t{2} << a.shift_, ShapeAutomaton::kDead);
    a.accepts_.assign(2, 0);
    a.accept_sets_.emplace_back();
    sets_.assign(2, {});
    sets_[ShapeAutomaton::kStart] = closure(starts_);
    ids_[sets_[ShapeAutomaton::kStart]] = ShapeAutomaton::kStart;
    for (size_t s = ShapeAutomaton::kStart; s < sets_.size(); ++s) {
      if (!expand(s, &a)) return std::nullopt;
    }
    return a;
  }

 private:
  using Set = std::vector<uint32_t>;
  struct State {
    enum class Kind : uint8_t { kBytes, kSplit, kAccept };
    Kind kind = Kind::kSplit;
    uint8_t first = 0, last = 0;
    uint16_t detector = 0;
    uint32_t next = 0;
    std::vector<uint32_t> splits;
  };

  uint32_t push(State state) {
    if (states_.size() >= kMaxNfaStates) {
      too_large_ = true;
      return 0;
    }
    states_.push_back(std::move(state));
    return static_cast<uint32_t>(states_.size() - 1);
  }
  uint32_t bytes(uint8_t first, uint8_t last, uint32_t next) {
    State state;
    state.kind = State::Kind::kBytes;
    state.first = first;
    state.last = last;
    state.next = next;
    return push(std::move(state));
  }

  // The state from which `node`, then `next`, is matched.
  uint32_t build(const ParsedShape& shape, uint32_t index, uint32_t next) {
    if (too_large_) return 0;
    const ShapeNode& node = shape.nodes[index];
    switch (node.kind) {
      case ShapeNode::Kind::kEmpty:
        return next;
      case ShapeNode::Kind::kSet:
        return build_set(node, next);
      case ShapeNode::Kind::kConcat:
        for (size_t i = node.children.size(); i-- > 0;) next = build(shape, node.children[i], next);
        return next;
      case ShapeNode::Kind::kAlternate: {
        State split;
        for (const uint32_t child : node.children) split.splits.push_back(build(shape, child, next));
        return push(std::move(split));
      }
      case ShapeNode::Kind::kRepeat: {
        const uint32_t after = next;
        if (repeats_ == Repeats::kLongOnesOpen && node.max >= kLongRepeat) {
          open_from_ = std::min(open_from_, node.max);
          const uint32_t loop = push(State{});
          const uint32_t again = build(shape, node.children[0], loop);
          if (too_large_) return 0;
          states_[loop].splits = {again, after};
          next = loop;
          for (uint32_t i = 0; i < node.min && !too_large_; ++i) next = build(shape, node.children[0], next);
          return next;
        }
        for (uint32_t i = node.min; i < node.max && !too_large_; ++i) {
          State split;
          split.splits = {build(shape, node.children[0], next), after};
          next = push(std::move(split));
        }
        for (uint32_t i = 0; i < node.min && !too_large_; ++i) next = build(shape, node.children[0], next);
        return next;
      }
    }
    return next;
  }

  uint32_t build_set(const ShapeNode& node, uint32_t next) {
    std::vector<ByteSequence> sequences;
    for (const CodeRange& range : node.ranges) utf8_sequences(range, &sequences);
    State split;
    for (const ByteSequence& sequence : sequences) {
      uint32_t state = next;
      for (size_t i = sequence.length; i-- > 0;) state = bytes(sequence.first[i], sequence.last[i], state);
      split.splits.push_back(state);
    }
    return split.splits.size() == 1 ? split.splits[0] : push(std::move(split));
  }

  // Bytes that no transition tells apart share a column.
  void make_classes(ShapeAutomaton* a) {
    std::array<bool, 257> edge{};
    for (const State& state : states_) {
      if (state.kind != State::Kind::kBytes) continue;
      edge[state.first] = true;
      edge[state.last + 1u] = true;
      for (unsigned b = state.first; b <= state.last; ++b) a->holds_[b] = true;
    }
    size_t n = 0;
    for (size_t b = 0; b < 256; ++b) {
      if (b == 0 || edge[b]) representatives_.push_back(static_cast<uint8_t>(b)), ++n;
      a->class_of_[b] = static_cast<uint8_t>(n - 1);
    }
    a->classes_ = n;
    a->shift_ = static_cast<unsigned>(std::bit_width(n - 1));
  }

  // Sorted states that read a byte or accept.
  Set closure(std::span<const uint32_t> from) {
    Set out;
    if (seen_.size() < states_.size()) seen_.resize(states_.size(), 0);
    ++round_;
    stack_.assign(from.begin(), from.end());
    while (!stack_.empty()) {
      const uint32_t s = stack_.back();
      stack_.pop_back();
      if (seen_[s] == round_) continue;
      seen_[s] = round_;
      ++work_;
      if (states_[s].kind == State::Kind::kSplit) {
        stack_.insert(stack_.end(), states_[s].splits.begin(), states_[s].splits.end());
      } else {
        out.push_back(s);
      }
    }
    std::ranges::sort(out);
    return out;
  }

  bool expand(size_t s, ShapeAutomaton* a) {
    std::vector<uint16_t> accepted;
    for (const uint32_t n : sets_[s]) {
      if (states_[n].kind == State::Kind::kAccept) accepted.push_back(states_[n].detector);
    }
    if (!accepted.empty()) {
      std::ranges::sort(accepted);
      accepted.erase(std::unique(accepted.begin(), accepted.end()), accepted.end());
      const auto at = std::find(a->accept_sets_.begin() + 1, a->accept_sets_.end(), accepted);
      a->accepts_[s] = static_cast<uint16_t>(at - a->accept_sets_.begin());
      if (at == a->accept_sets_.end()) a->accept_sets_.push_back(std::move(accepted));
    }
    std::vector<uint32_t> targets;
    for (size_t c = 0; c < a->classes_; ++c) {
      const uint8_t byte = representatives_[c];
      targets.clear();
      for (const uint32_t n : sets_[s]) {
        const State& state = states_[n];
        if (state.kind == State::Kind::kBytes && state.first <= byte && byte <= state.last) {
          targets.push_back(state.next);
        }
      }
      if (targets.empty()) continue;
      Set set = closure(targets);
      if (work_ > kMaxWork) return false;
      const auto [it, fresh] = ids_.try_emplace(std::move(set), static_cast<uint16_t>(sets_.size()));
      if (fresh) {
        if (sets_.size() >= max_states_) return false;
        sets_.push_back(it->first);
        a->next_.resize(sets_.size() << a->shift_, ShapeAutomaton::kDead);
        a->accepts_.push_back(0);
      }
      a->next_[(s << a->shift_) + c] = it->second;
    }
    return true;
  }

  size_t max_states_;
  Repeats repeats_;
  uint32_t open_from_ = UINT32_MAX;
  bool too_large_ = false;
  std::vector<State> states_;
  std::vector<uint32_t> starts_;
  std::vector<uint8_t> representatives_;
  std::map<Set, uint16_t> ids_;
  std::vector<Set> sets_;
  std::vector<uint32_t> seen_, stack_;
  uint32_t round_ = 0;
  size_t work_ = 0;
};

struct ShapeSet::Pending {
  uint16_t detector;
  ParsedShape shape;
};

ShapeSet::ShapeSet() = default;
ShapeSet::~ShapeSet() {
  for (pcre2_code* code : codes_) pcre2_code_free(code);
}

bool ShapeSet::add(AnchorKind kind, const std::string& pattern, bool case_insensitive,
                   const ParsedShape& shape, std::string* error) {
  const auto detector = static_cast<uint16_t>(exact_.size());
  int code = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (case_insensitive ? PCRE2_CASELESS : 0u), &code,
                    &offset, nullptr);
  if (compiled == nullptr) {
    std::array<char, 200> message{};
    pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(message.data()), message.size());
    *error =
        std::string("PCRE2 refuses it: ") + message.data() + ", at character " + std::to_string(offset + 1);
    return false;
  }
  exact_.push_back(shape.exact ? 1 : 0);
  codes_.push_back(nullptr);
  if (shape.exact) {
    pcre2_code_free(compiled);
  } else {
    // Without JIT the interpreter does the same, slower.
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
    codes_.back() = compiled;
  }
  AutomatonBuilder alone(kMaxStates);
  alone.add(shape, detector);
  if (!alone.finish()) {
    *error = "the shape has too many states; shorten its repeats or make its alternatives exclude each other";
    return false;
  }
  pending_[static_cast<size_t>(kind)].push_back({detector, shape});
  return true;
}

void ShapeSet::finish() {
  for (size_t g = 0; g < groups_.size(); ++g) {
    std::vector<Pending>& pending = pending_[g];
    for (size_t first = 0; first < pending.size();) {
      // As many neighbours in one automaton as fit; one alone always does (add() tried it).
      size_t last = pending.size();
      std::optional<ShapeAutomaton> made;
      while (!made) {
        AutomatonBuilder builder(last - first > 1 ? kMaxSharedStates : kMaxStates);
        for (size_t i = first; i < last; ++i) builder.add(pending[i].shape, pending[i].detector);
        made = builder.finish();
        if (!made) last = first + (last - first) / 2;
      }
      if (made->states() > kFewStates) {
        AutomatonBuilder builder(kFewStates, AutomatonBuilder::Repeats::kLongOnesOpen);
        for (size_t i = first; i < last; ++i) builder.add(pending[i].shape, pending[i].detector);
        std::optional<ShapeAutomaton> open = builder.finish();
        if (open && builder.open_from() != UINT32_MAX) {
          made->short_values_ = std::make_unique<const ShapeAutomaton>(std::move(*open));
          made->short_limit_ = builder.open_from();
        }
      }
      groups_[g].push_back(std::move(*made));
      first = last;
    }
    pending.clear();
  }
  runs_ = RunFilter(automata(AnchorKind::kDigits));
}

bool ShapeSet::confirm_inexact(uint16_t detector, std::string_view value, ShapeScratch& scratch) const {
  if (scratch.data_ == nullptr) return false;
  return pcre2_match(codes_[detector], reinterpret_cast<PCRE2_SPTR>(value.data()), value.size(), 0,
                     PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NO_UTF_CHECK, scratch.data_,
                     scratch.context_) >= 0;
}

ShapeScratch::ShapeScratch()
    : data_(pcre2_match_data_create(16, nullptr)), context_(pcre2_match_context_create(nullptr)) {
  if (context_ != nullptr) {
    pcre2_set_match_limit(context_, 20000);
    pcre2_set_depth_limit(context_, 2000);
    pcre2_set_heap_limit(context_, 256);
  }
}
ShapeScratch::~ShapeScratch() {
  pcre2_match_data_free(data_);
  pcre2_match_context_free(context_);
}

}  // namespace weir
