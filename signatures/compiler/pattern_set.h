// What the packs come to: one immutable set that all workers share.
//
// Order of use: compile_packs() once at start (and at each reload); each worker's Matcher keeps a
// shared_ptr to the set and its own Hyperscan scratch. The set owns the Hyperscan database, the automata
// that recognise the shapes, the word index and the catalogue's data. Nothing in it changes after
// compile_packs() has returned, so it needs no lock.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/validators/validators.h"

struct hs_database;  // Hyperscan's hs_database_t

namespace weir {

class ShapeSet;   // signatures/compiler/shape_set.h
class WordIndex;  // signatures/compiler/word_index.h

inline constexpr size_t kMaxDetectors = 256;  // over all packs
using DetectorSet = std::bitset<kMaxDetectors>;

enum class KeywordNeed : uint8_t { kOptional, kRaises, kRequired };
enum class AnchorKind : uint8_t { kDigits, kAtSign, kExpression };
enum class Boundary : uint8_t { kDigits, kAlphanumeric, kWord };
std::string_view name_of(KeywordNeed need);
std::string_view name_of(AnchorKind anchor);
std::string_view name_of(Boundary boundary);

struct Bilingual {
  std::string en, zh;
};

struct PackSample {
  std::string text;
  std::string value;  // as written in the text; empty for an invalid one
  int min_score = 60;
  bool valid = false;
  int line = 0;  // in the pack's file
};

// One detector, as its pack describes it, checked.
struct DetectorSpec {
  std::string id;
  Bilingual title, description;
  std::string category;  // one of the schema's names
  std::string pipl, gbt35273, gbt45574, jrt0171;
  std::string pack, pack_version, file;
  int line = 0;

  KeywordNeed keyword = KeywordNeed::kOptional;
  int base = 0;
  AnchorKind anchor = AnchorKind::kDigits;
  Boundary boundary = Boundary::kDigits;
  std::string shape;  // PCRE2
  bool case_insensitive = false;
  std::vector<std::string> expressions;  // of anchor: expression
  std::vector<std::string> separators;   // one UTF-8 character each
  std::vector<const NamedValidator*> validators;
  bool has_check_digit = false;   // a valid sample shows evidence of one
  bool has_region_check = false;  // … and of a region and a date beside it
  uint8_t mask_head = 0, mask_tail = 0;
  bool mask_domain = false;
  std::vector<std::string> keywords, contrary;
  DetectorSet wins_over;
  std::vector<std::string> published_samples, excluded;  // sorted
  std::vector<PackSample> samples;
};

// What an anchor's hit means: a value may begin up to `lead_in` bytes before the hit's end.
struct AnchorSpec {
  uint32_t lead_in = 0;
};

// The databases: expressions that values are anchored on, and the words. Measured as fast as one for both on
// documents, and a buffer that floods one does not slow the other.
inline constexpr size_t kEngines = 2;
inline constexpr size_t kExpressionEngine = 0;
inline constexpr size_t kWordEngine = 1;

struct Diagnostic {
  std::string file;
  int line = 0;  // from 1; 0 where the file as a whole is meant
  int column = 0;
  std::string message;            // what is wrong and what would be right
  bool is_error = true;           // otherwise a note, e.g. "the cache was damaged and has been made again"
  std::string to_string() const;  // "file:line:column: message"
};

struct CompileOptions {
  std::string cache_dir;  // where the serialised database is kept; empty: compiled every time
  bool builtin = true;    // the packs inside the program, too
};

class PatternSet {
 public:
  ~PatternSet();
  PatternSet(const PatternSet&) = delete;
  PatternSet& operator=(const PatternSet&) = delete;

  std::span<const DetectorSpec> detectors() const { return detectors_; }
  // kMaxDetectors when there is none.
  size_t find(std::string_view id) const;
  // BLAKE2b-128 over the packs' files, hex: the catalogue's version.
  const std::string& version() const { return version_; }

  // For sensor/match. Block mode; nullptr where no detector needs the engine. A report's id is, for the word
  // engine, an index into words(); for the other one into anchors(AnchorKind::kExpression).
  const hs_database* database(size_t engine) const { return databases_[engine]; }
  std::span<const AnchorSpec> anchors(AnchorKind kind) const { return anchors_[static_cast<size_t>(kind)]; }
  const ShapeSet& shapes() const { return *shapes_; }
  const WordIndex& words() const { return *words_; }
  uint32_t max_lead_in() const { return max_lead_in_; }

 private:
  friend class PatternSetBuilder;
  PatternSet();

  std::vector<DetectorSpec> detectors_;
  std::array<std::vector<AnchorSpec>, 3> anchors_;
  std::unique_ptr<const ShapeSet> shapes_;
  std::unique_ptr<const WordIndex> words_;
  std::array<hs_database*, kEngines> databases_{};
  uint32_t max_lead_in_ = 0;
  std::string version_;
};

// Reads packs (files, or folders whose *.yaml are read in name order) after the built-in ones, checks them
// and compiles them. nullptr when anything is wrong; `problems` says what, every mistake it found and notes
// too. A later pack may not define an id or a pack name again. Takes tens of milliseconds without a usable
// cache. Throws nothing.
std::shared_ptr<const PatternSet> compile_packs(std::span<const std::string> files_or_dirs,
                                                const CompileOptions& options,
                                                std::vector<Diagnostic>* problems);

// The same for packs that are in memory already; no built-in ones. For tests and fuzzing.
struct PackText {
  std::string name;  // as diagnostics call it
  std::string yaml;
};
std::shared_ptr<const PatternSet> compile_pack_texts(std::span<const PackText> packs,
                                                     const CompileOptions& options,
                                                     std::vector<Diagnostic>* problems);

// The packs that the program carries inside.
std::span<const PackText> builtin_packs();

}  // namespace weir
