// Packs with mistakes: each is told with its file, its line and what would be right.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "signatures/compiler/pack_reader.h"
#include "signatures/compiler/pattern_set.h"
#include "signatures/compiler/shape_set.h"

namespace weir {
namespace {

const std::string kHead = "pack: my\nversion: 1.0.0\ntitle: {en: Mine, zh: 我的}\ndetectors:\n";
const std::string kDetector =
    "  - id: my.badge\n"
    "    title: {en: Badge, zh: 工牌}\n"
    "    description: {en: A badge., zh: 工牌。}\n"
    "    category: custom\n"
    "    keyword: raises\n"
    "    base: 35\n"
    "    anchor: digits\n"
    "    shape: 'B[0-9]{6}'\n"
    "    mask: {tail: 1}\n"
    "    keywords: {zh: [工牌], en: [badge]}\n"
    "    samples: {valid: [{text: 'badge B123457', value: B123457}], invalid: [{text: 'B12345'}]}\n";

std::vector<Diagnostic> problems_of(const std::string& yaml) {
  std::vector<Diagnostic> problems;
  const PackText pack{"my.yaml", yaml};
  const auto set = compile_pack_texts({&pack, 1}, {}, &problems);
  EXPECT_EQ(set == nullptr, !problems.empty());
  return problems;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// The pack with `from` replaced has a problem on `line` that says `what`.
void expect_problem(const std::string& from, const std::string& to, int line, const std::string& what) {
  const std::vector<Diagnostic> problems = problems_of(replaced(kHead + kDetector, from, to));
  ASSERT_FALSE(problems.empty()) << to;
  EXPECT_EQ(problems[0].file, "my.yaml");
  EXPECT_EQ(problems[0].line, line) << problems[0].to_string();
  EXPECT_NE(problems[0].message.find(what), std::string::npos) << problems[0].to_string();
}

TEST(PackReader, AGoodPackHasNoProblems) { EXPECT_TRUE(problems_of(kHead + kDetector).empty()); }

TEST(PackReader, UnknownKeysNameTheNearest) {
  expect_problem("    category: custom", "    categroy: custom", 8, "did you mean 'category'?");
  expect_problem("version:", "verson:", 2, "did you mean 'version'?");
  expect_problem("mask: {tail: 1}", "mask: {tial: 1}", 13, "did you mean 'tail'?");
  expect_problem("en: [badge]", "english: [badge]", 14, "known: zh, en");
}

TEST(PackReader, WrongValuesSayWhatIsRight) {
  expect_problem("category: custom", "category: secret", 8, "one of identity, travel");
  expect_problem("keyword: raises", "keyword: maybe", 9, "optional, raises, required");
  expect_problem("base: 35", "base: 350", 10, "from 0 to 60");
  expect_problem("base: 35", "base: much", 10, "whole number");
  expect_problem("anchor: digits", "anchor: letters", 11, "digits, at_sign, expression");
  expect_problem("mask: {tail: 1}", "mask: {head: 3, tail: 3}", 13, "more than four");
  expect_problem("version: 1.0.0", "version: '1.0'", 2, "three numbers");
  expect_problem("id: my.badge", "id: Badge", 5, "family.name");
  expect_problem("pack: my", "pack: My Pack", 1, "lower-case");
  expect_problem("en: [badge]", "en: badge", 14, "list");
  expect_problem("value: B123457", "value: B000000", 15, "does not stand in its text");
  expect_problem("mask: {tail: 1}", "mask: {tail: 1}\n    validators: [payment_crad]", 14,
                 "did you mean 'payment_card'?");
  expect_problem("mask: {tail: 1}", "mask: {tail: 1}\n    separators: a-", 14, "letters or digits");
  expect_problem("en: [badge]", "en: [x]", 14, "too short");
}

TEST(PackReader, WhatIsMissingIsNamed) {
  expect_problem("    shape: 'B[0-9]{6}'\n", "", 5, "has no 'shape'");
  expect_problem("    base: 35\n", "", 5, "has no 'base'");
  expect_problem("version: 1.0.0\n", "", 1, "has no 'version'");
  expect_problem("keyword: raises", "keyword: required\n    x_: 1", 10, "unknown key 'x_'");
}

TEST(PackReader, KeysThatStandTwiceAndBrokenYaml) {
  expect_problem("    base: 35\n", "    base: 35\n    base: 30\n", 11, "stands twice");
  EXPECT_EQ(problems_of("pack: [my").at(0).message.rfind("not YAML", 0), 0u);
  EXPECT_FALSE(problems_of("").empty());
  EXPECT_FALSE(problems_of("- 1\n- 2\n").empty());
  EXPECT_FALSE(problems_of("pack: my\n---\npack: you\n").empty());
  // yaml-cpp 0.7 gives empty documents for ever after a flow sequence that nothing closes.
  EXPECT_FALSE(problems_of(",[x,x]\nb: &b [*a,*a]\nc b*,[*:b]\nbkeywords").empty());
  EXPECT_FALSE(problems_of(std::string("pack: \xFF")).empty());
  EXPECT_FALSE(problems_of(std::string("pack: a\0b", 9)).empty());
  EXPECT_FALSE(problems_of(std::string(5 << 20, '#')).empty());
  EXPECT_FALSE(problems_of(std::string(100'000, '[')).empty());
}

TEST(PackReader, AliasesThatMultiplyEndQuickly) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += (i == 0 ? "*" : ",*") + std::string(1, static_cast<char>(c - 1));
    bomb += "]\n";
  }
  EXPECT_FALSE(problems_of(bomb + kHead + kDetector).empty());
}

TEST(Compile, ShapesAndExpressionsAreChecked) {
  expect_problem("B[0-9]{6}", "B[0-9]+", 5, "no bound");
  expect_problem("B[0-9]{6}", "B[0-9]{6}\\Z", 5, "not understood");
  expect_problem("anchor: digits", "anchor: expression", 5, "needs 'expressions'");
  expect_problem("anchor: digits", "anchor: digits\n    expressions: ['B']", 5,
                 "belong to anchor: expression");
  expect_problem("anchor: digits", "anchor: expression\n    expressions: ['B[0-9]+']", 5, "no bound");
  expect_problem("anchor: digits", "anchor: expression\n    expressions: ['(B']", 5, "Hyperscan refuses");
  expect_problem("anchor: digits", "anchor: expression\n    expressions: ['[工牌]B']", 5, "on bytes");
  expect_problem("anchor: digits", "anchor: expression\n    expressions: ['B?']", 5, "nothing at all");
}

TEST(Compile, NamesAreUniqueOverAllPacks) {
  const std::vector<PackText> twice = {{"a.yaml", kHead + kDetector}, {"b.yaml", kHead + kDetector}};
  std::vector<Diagnostic> problems;
  EXPECT_EQ(compile_pack_texts(twice, {}, &problems), nullptr);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].file, "b.yaml");
  EXPECT_NE(problems[0].message.find("a.yaml already"), std::string::npos);
  EXPECT_NE(problems[1].message.find("a.yaml:5 already"), std::string::npos);
}

TEST(Compile, WinsOverNamesADetector) {
  expect_problem("mask: {tail: 1}", "mask: {tail: 1}\n    wins_over: [my.bagde]", 14,
                 "there is no detector 'my.bagde'");
  expect_problem("mask: {tail: 1}", "mask: {tail: 1}\n    wins_over: [my.badge]", 14,
                 "cannot win over itself");
}

TEST(Compile, FilesAndFoldersAreReadInNameOrder) {
  namespace fs = std::filesystem;
  std::string folder = (fs::temp_directory_path() / "weir-packs-XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/b.yaml") << replaced(replaced(kHead + kDetector, "pack: my", "pack: bb"),
                                                "my.badge", "bb.badge");
  std::ofstream(folder + "/a.yaml") << kHead + kDetector;
  std::ofstream(folder + "/notes.txt") << "not a pack";
  std::vector<Diagnostic> problems;
  const std::vector<std::string> paths = {folder};
  const auto set = compile_packs(paths, {.cache_dir = {}, .builtin = false}, &problems);
  ASSERT_NE(set, nullptr) << (problems.empty() ? "" : problems[0].to_string());
  ASSERT_EQ(set->detectors().size(), 2u);
  EXPECT_EQ(set->detectors()[0].id, "my.badge");
  EXPECT_EQ(set->detectors()[1].file, folder + "/b.yaml");
  const std::vector<std::string> missing = {folder + "/none.yaml"};
  EXPECT_EQ(compile_packs(missing, {}, &problems), nullptr);
  EXPECT_EQ(problems.at(0).file, folder + "/none.yaml");
  fs::remove_all(folder);
}

TEST(Compile, BoundariesFollowFromTheShape) {
  const auto boundary = [](const std::string& yaml) {
    std::vector<Diagnostic> problems;
    const PackText pack{"my.yaml", yaml};
    const auto set = compile_pack_texts({&pack, 1}, {}, &problems);
    return set == nullptr ? Boundary::kWord : set->detectors()[0].boundary;
  };
  EXPECT_EQ(boundary(kHead + kDetector), Boundary::kAlphanumeric);
  EXPECT_EQ(boundary(replaced(kHead + kDetector, "'B[0-9]{6}'", "'[0-9]{6}'")), Boundary::kDigits);
  EXPECT_EQ(boundary(replaced(kHead + kDetector, "'B[0-9]{6}'", "'B[0-9]{6}'\n    boundary: digits")),
            Boundary::kDigits);
}

TEST(BuiltinPacks, FollowTheirSchema) {
  // Another program's reading of the schema: python3-jsonschema.
  const std::string script =
      "python3 -c \"import glob,json,jsonschema,yaml;"
      "s=json.load(open('signatures/packs/pack.schema.json'));v=jsonschema.Draft202012Validator(s);"
      "f=sorted(glob.glob('signatures/packs/*.yaml'));"
      "e=[(p,'/'.join(map(str,x.path)),x.message) for p in f for x in "
      "v.iter_errors(yaml.safe_load(open(p)))];"
      "print(len(f),*e,sep='\\n');raise SystemExit(1 if e else 0)\" 2>&1";
  std::FILE* pipe = popen(script.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 4096> buffer{};
  while (const size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), n);
  EXPECT_EQ(pclose(pipe), 0) << output;
  EXPECT_EQ(std::stoul(output), builtin_packs().size());
}

TEST(BuiltinPacks, CompileAndHoldTheFirstFourteen) {
  std::vector<Diagnostic> problems;
  const auto set = compile_packs({}, {}, &problems);
  ASSERT_NE(set, nullptr) << problems.at(0).to_string();
  EXPECT_TRUE(problems.empty());
  for (const char* id :
       {"cn.resident_id", "cn.resident_id_15", "cn.hmt_residence_permit", "cn.mobile", "cn.landline",
        "payment.card", "payment.iban", "cn.passport", "hk.hkid", "tw.national_id", "cn.uscc", "net.email",
        "us.ssn", "cn.foreign_permanent_resident"}) {
    EXPECT_NE(set->find(id), kMaxDetectors) << id;
  }
  EXPECT_EQ(set->find("no.such"), kMaxDetectors);
  EXPECT_EQ(set->version().size(), 32u);
  for (const DetectorSpec& d : set->detectors()) {
    const bool checked = d.id == "cn.resident_id" || d.id == "cn.hmt_residence_permit" || d.id == "cn.uscc" ||
                         d.id == "hk.hkid" || d.id == "tw.national_id" || d.id == "payment.card" ||
                         d.id == "payment.iban" || d.id == "cn.foreign_permanent_resident";
    EXPECT_EQ(d.has_check_digit, checked) << d.id;
  }
}

}  // namespace
}  // namespace weir
