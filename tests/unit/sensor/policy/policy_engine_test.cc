// Conditions, groups, exceptions and the severity ladder. Expectations are the sentences of the design's page
// on policies and of 法释〔2017〕10号 article 5.
#include "sensor/policy/policy_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/whole_finding.h"

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Nanoseconds kSecond = 1'000'000'000;
constexpr Nanoseconds kAt = 1'795'392'000 * kSecond;  // 2026-11-23

enum Detector : DetectorIndex {
  kResidentId,
  kMobile,
  kCard,
  kPassport,
  kEmail,
  kName,
  kPlace,
  kIll,
  kIban,
  kPassword
};

Catalogue catalogue() {
  Catalogue c;
  const std::pair<const char*, Category> rows[] = {
      {"cn.resident_id", Category::kIdentity},  {"cn.mobile", Category::kContact},
      {"payment.card", Category::kFinancial},   {"cn.passport", Category::kTravel},
      {"net.email", Category::kNetworkId},      {"cn.name", Category::kIdentity},
      {"geo.coordinates", Category::kLocation}, {"health.record", Category::kHealth},
      {"payment.iban", Category::kFinancial},   {"secret.password", Category::kCredential}};
  for (const auto& [id, category] : rows) {
    DetectorInfo info;
    info.id = id;
    info.category = category;
    c.detectors.push_back(info);
  }
  return c;
}

IpAddress ip(const char* text) {
  IpAddress a;
  EXPECT_TRUE(IpAddress::parse(text, &a));
  return a;
}

// An upload from an inside host to shop.example.
struct Item {
  FlowFacts flow;
  ItemFacts facts;
  ItemFindings findings;
  uint32_t next = 0;

  Item() {
    flow.initiator = {ip("10.0.0.5"), 50'000, false, {}};
    flow.responder = {ip("203.0.113.9"), 8080, false, {}};
    flow.transport = kProtoTcp;
    flow.vlans = {12, 7};
    facts.flow = &flow;
    facts.meta.kind = ItemKind::kBody;
    facts.meta.protocol = "http";
    facts.meta.host = "Shop.Example.:8080";
    facts.meta.path = "/up/load?secret=1";
    facts.meta.declared_type = "Text/CSV; charset=gbk";
    facts.meta.file_name = "staff.csv";
    facts.meta.user = "bob";
    facts.ordinal = 1;
    facts.first_byte = kAt;
  }
  Item(const Item&) = delete;

  void add(DetectorIndex detector, int values, int score, bool labelled = false) {
    for (int i = 0; i < values; ++i) {
      Finding f;
      f.detector = detector;
      f.score = static_cast<uint8_t>(score);
      f.labelled = labelled;
      f.token.bytes[0] = static_cast<uint8_t>(++next);
      f.token.bytes[1] = static_cast<uint8_t>(next >> 8);
      f.name.bytes = f.token.bytes;
      f.backed = true;
      // Far apart: no two are one person's record.
      f.text_begin = f.begin = uint64_t{next} * 10'000;
      f.end = f.begin + 18;
      f.decided_at = f.end + 64;
      test::add(findings, f);
    }
  }
  void swap_ends() { std::swap(flow.initiator.address, flow.responder.address); }
};

PolicySpec policy(const char* id, const char* group = "") {
  PolicySpec p;
  p.id = id;
  p.group = group;
  return p;
}

std::vector<std::string> texts_of(const std::vector<PolicyProblem>& problems) {
  std::vector<std::string> out;
  for (const PolicyProblem& p : problems) out.push_back(p.text);
  return out;
}

PolicyEngine engine(std::vector<PolicySpec> policies, bool ask_direction = true) {
  PolicyOptions options;
  options.policies = std::move(policies);
  options.ask_direction = ask_direction;
  std::vector<PolicyProblem> problems;
  auto set = PolicySet::compile(options, catalogue(), &problems);
  EXPECT_THAT(texts_of(problems), IsEmpty());
  return PolicyEngine(set);
}

Verdict ask(const PolicyEngine& e, const Item& item) { return e.evaluate(item.facts, item.findings, kAt); }

std::string winner(const PolicyEngine& e, const Item& item) {
  const Verdict v = ask(e, item);
  return v.groups.empty() ? "" : v.groups[0].policy->id;
}

TEST(Policy, DistinctIsTheLargestNumberOfOneDetector) {
  PolicySpec p = policy("p");
  p.when.distinct = 5;
  Item item;
  // Four persons with a phone and an e-mail address each are four.
  item.add(kMobile, 4, 70);
  item.add(kEmail, 4, 70);
  EXPECT_EQ(winner(engine({p}), item), "");
  item.add(kMobile, 1, 70);
  const PolicyEngine e = engine({p});
  const Verdict v = ask(e, item);
  ASSERT_EQ(v.groups.size(), 1u);
  EXPECT_EQ(v.groups[0].persons, 5u);
  EXPECT_EQ(v.groups[0].leading, kMobile);
}

TEST(Policy, OnlyWhatItNamesAndWhatIsSureEnoughCounts) {
  PolicySpec p = policy("p");
  p.when.categories = {"identity"};
  p.when.detectors = {"payment.*"};
  p.when.min_confidence = Confidence::kHigh;
  const PolicyEngine e = engine({p});
  Item item;
  item.add(kMobile, 9, 100);
  item.add(kResidentId, 1, 79);
  EXPECT_EQ(winner(e, item), "");
  item.add(kIban, 1, 80);
  EXPECT_EQ(winner(e, item), "p");
  Item other;
  other.add(kResidentId, 1, 80);
  EXPECT_EQ(winner(e, other), "p");
}

TEST(Policy, LabelledAsksForAWordBesideTheValue) {
  PolicySpec p = policy("p");
  p.when.labelled = true;
  const PolicyEngine e = engine({p});
  Item item;
  item.add(kCard, 3, 90, false);
  EXPECT_EQ(winner(e, item), "");
  item.add(kCard, 1, 65, true);
  EXPECT_EQ(winner(e, item), "p");
}

TEST(Policy, AllOfWantsEachCategory) {
  PolicySpec p = policy("p");
  p.when.all_of = {"identity", "contact"};
  const PolicyEngine e = engine({p});
  Item item;
  item.add(kResidentId, 2, 90);
  item.add(kEmail, 2, 90);
  EXPECT_EQ(winner(e, item), "");
  item.add(kMobile, 1, 60);
  EXPECT_EQ(winner(e, item), "p");
}

TEST(Policy, DirectionFollowsTheSenderOfTheBytes) {
  for (size_t w = 0; w < kWays; ++w) {
    PolicySpec p = policy("p");
    p.when.directions = {static_cast<Way>(w)};
    const PolicyEngine e = engine({p});
    Item out;
    out.add(kMobile, 1, 90);
    EXPECT_EQ(winner(e, out) == "p", static_cast<Way>(w) == Way::kOutbound);
    out.facts.meta.direction = Direction::kFromResponder;
    EXPECT_EQ(winner(e, out) == "p", static_cast<Way>(w) == Way::kInbound);
    out.flow.responder.address = ip("192.168.3.4");
    EXPECT_EQ(winner(e, out) == "p", static_cast<Way>(w) == Way::kInternal);
    out.flow.initiator.address = ip("2001:db8::1");
    out.flow.responder.address = ip("203.0.113.9");
    EXPECT_EQ(winner(e, out) == "p", static_cast<Way>(w) == Way::kExternal);
    // A laboratory has only inside addresses: nothing is asked.
    EXPECT_EQ(winner(engine({p}, false), out), "p");
  }
}

TEST(Policy, EveryOtherConditionHoldsOrNot) {
  struct Case {
    const char* what;
    void (*good)(PolicyConditions&);
    void (*bad)(PolicyConditions&);
  };
  const Case cases[] = {
      {"protocol",
       [](PolicyConditions& c) {
         c.protocols = {"raw", "http"};
       },
       [](PolicyConditions& c) { c.protocols = {"raw"}; }},
      {"host", [](PolicyConditions& c) { c.hosts = {"shop.example"}; },
       [](PolicyConditions& c) { c.hosts = {"*.shop.example"}; }},
      {"url", [](PolicyConditions& c) { c.urls = {"shop.example/up/*"}; },
       [](PolicyConditions& c) { c.urls = {"*secret*"}; }},
      {"address", [](PolicyConditions& c) { Cidr::parse("203.0.113.0/24", &c.addresses.emplace_back()); },
       [](PolicyConditions& c) { Cidr::parse("203.0.114.0/24", &c.addresses.emplace_back()); }},
      {"port",
       [](PolicyConditions& c) {
         c.ports = {{80, 80}, {8000, 8100}};
       },
       [](PolicyConditions& c) {
         c.ports = {{50'000, 50'000}};
       }},
      {"vlan", [](PolicyConditions& c) { c.vlans = {7}; }, [](PolicyConditions& c) { c.vlans = {8}; }},
      {"file type", [](PolicyConditions& c) { c.file_types = {"text/csv"}; },
       [](PolicyConditions& c) { c.file_types = {"text/csv;*"}; }},
      {"file name", [](PolicyConditions& c) { c.file_names = {"*.csv"}; },
       [](PolicyConditions& c) { c.file_names = {"*.xlsx"}; }},
      {"user", [](PolicyConditions& c) { c.users = {"b?b"}; },
       [](PolicyConditions& c) { c.users = {"alice"}; }},
  };
  Item item;
  item.add(kMobile, 1, 90);
  for (const Case& c : cases) {
    PolicySpec p = policy("p");
    c.good(p.when);
    EXPECT_EQ(winner(engine({p}), item), "p") << c.what;
    PolicySpec q = policy("q");
    c.bad(q.when);
    EXPECT_EQ(winner(engine({q}), item), "") << c.what;
  }
}

TEST(Policy, OfAGroupTheMostSevereAlertsAndNamesTheOthers) {
  PolicySpec low = policy("low", "g");
  low.severity = Severity::kLow;
  PolicySpec high = policy("high", "g");
  high.severity = Severity::kHigh;
  PolicySpec also_high = policy("also-high", "g");
  also_high.severity = Severity::kHigh;
  PolicySpec silent = policy("silent", "g");
  silent.when.distinct = 1000;
  PolicySpec alone = policy("alone");
  const PolicyEngine e = engine({low, alone, high, silent, also_high});
  Item item;
  item.add(kMobile, 1, 90);
  const Verdict v = ask(e, item);
  ASSERT_EQ(v.groups.size(), 2u);
  EXPECT_EQ(v.groups[0].policy->id, "high");
  std::vector<std::string> others;
  for (const PolicyFacts* p : v.groups[0].others) others.push_back(p->id);
  EXPECT_THAT(others, ElementsAre("low", "also-high"));
  EXPECT_EQ(v.groups[1].policy->id, "alone");
  EXPECT_EQ(v.groups[1].policy->group, "alone");
}

PolicyException exception() {
  PolicyException e;
  e.reason = "r";
  e.by = "b";
  e.until = kAt / kSecond;
  e.until_text = "2026-11-23";
  return e;
}

TEST(Policy, AnExceptionWinsAndIsCounted) {
  PolicySpec p = policy("p");
  p.except = {exception(), exception()};
  p.except[0].hosts = {"other.example"};
  p.except[1].hosts = {"shop.*"};
  p.except[1].users = {"bob"};
  const PolicyEngine e = engine({p});
  Item item;
  item.add(kMobile, 1, 90);
  EXPECT_THAT(ask(e, item).groups, IsEmpty());
  EXPECT_THAT(ask(e, item).suppressed_by, ElementsAre(1u));
  EXPECT_EQ(e.policies().exceptions().at(1).policy, "p");
  item.facts.meta.user = "alice";
  EXPECT_EQ(winner(e, item), "p") << "all that an exception names must hold";
  EXPECT_THAT(ask(e, item).suppressed_by, IsEmpty());
}

TEST(Policy, AnExceptionIsNotCountedWhereNothingWouldHaveAlerted) {
  PolicySpec p = policy("p");
  p.when.distinct = 2;
  p.except = {exception()};
  p.except[0].users = {"bob"};
  Item item;
  item.add(kMobile, 1, 90);
  EXPECT_THAT(ask(engine({p}), item).suppressed_by, IsEmpty());
}

TEST(Policy, AnExceptionForDetectorsTakesOnlyThese) {
  PolicySpec p = policy("p");
  p.except = {exception()};
  p.except[0].detectors = {"cn.mobile"};
  const PolicyEngine e = engine({p});
  Item item;
  item.add(kMobile, 100, 90);
  EXPECT_THAT(ask(e, item).groups, IsEmpty());
  EXPECT_THAT(ask(e, item).suppressed_by, ElementsAre(0u));
  item.add(kEmail, 2, 90);
  const Verdict v = ask(e, item);
  ASSERT_EQ(v.groups.size(), 1u);
  EXPECT_EQ(v.groups[0].persons, 2u);
  EXPECT_EQ(v.groups[0].severity, Severity::kLow) << "a hundred mobiles no longer count";
}

TEST(Policy, AnExceptionEndsAfterItsLastSecond) {
  PolicySpec p = policy("p");
  p.except = {exception()};
  p.except[0].addresses.resize(1);
  ASSERT_TRUE(Cidr::parse("10.0.0.0/8", &p.except[0].addresses[0]));
  const PolicyEngine e = engine({p});
  Item item;
  item.add(kMobile, 1, 90);
  EXPECT_THAT(e.evaluate(item.facts, item.findings, kAt + kSecond - 1).groups, IsEmpty());
  EXPECT_EQ(e.evaluate(item.facts, item.findings, kAt + kSecond).groups.size(), 1u);
}

TEST(Policy, TheLadderFollowsTheInterpretation) {
  struct Step {
    Category category;
    uint64_t persons;
    Severity severity;
  };
  // Critical from 50, 500 and 5,000; High from a tenth, Medium from a hundredth rounded up, below that Low.
  const Step steps[] = {
      {Category::kLocation, 1, Severity::kMedium},    {Category::kLocation, 4, Severity::kMedium},
      {Category::kLocation, 5, Severity::kHigh},      {Category::kLocation, 49, Severity::kHigh},
      {Category::kLocation, 50, Severity::kCritical}, {Category::kFinancial, 50, Severity::kCritical},
      {Category::kHealth, 4, Severity::kLow},         {Category::kHealth, 5, Severity::kMedium},
      {Category::kHealth, 49, Severity::kMedium},     {Category::kHealth, 50, Severity::kHigh},
      {Category::kHealth, 499, Severity::kHigh},      {Category::kHealth, 500, Severity::kCritical},
      {Category::kContact, 49, Severity::kLow},       {Category::kContact, 50, Severity::kMedium},
      {Category::kContact, 499, Severity::kMedium},   {Category::kContact, 500, Severity::kHigh},
      {Category::kIdentity, 4999, Severity::kHigh},   {Category::kIdentity, 5000, Severity::kCritical},
  };
  for (const Step& s : steps) {
    EXPECT_EQ(ladder_severity(s.category, s.persons, false, false), s.severity)
        << name_of(s.category) << " " << s.persons;
    // One step down where both ends are inside.
    EXPECT_EQ(static_cast<int>(ladder_severity(s.category, s.persons, true, true)),
              static_cast<int>(s.severity) - 1);
    // Never under Medium where a document, a card, a health record or a secret goes out.
    EXPECT_EQ(ladder_severity(s.category, s.persons, true, false), std::max(s.severity, Severity::kMedium));
  }
}

TEST(Policy, SeverityTakesTheWorstDetectorAndItsFloor) {
  const PolicyEngine e = engine({policy("p")});
  struct Case {
    Detector detector;
    int values;
    Severity out, inside;
  };
  const Case cases[] = {
      {kResidentId, 1, Severity::kMedium, Severity::kInformational},
      {kPassport, 1, Severity::kMedium, Severity::kInformational},
      {kCard, 1, Severity::kMedium, Severity::kLow},
      {kCard, 5, Severity::kHigh, Severity::kMedium},
      {kIll, 1, Severity::kMedium, Severity::kInformational},
      {kPassword, 1, Severity::kMedium, Severity::kInformational},
      {kName, 1, Severity::kLow, Severity::kInformational},
      {kEmail, 49, Severity::kLow, Severity::kInformational},
      {kEmail, 500, Severity::kHigh, Severity::kMedium},
      {kPlace, 50, Severity::kCritical, Severity::kHigh},
  };
  for (const Case& c : cases) {
    Item item;
    item.add(kMobile, 1, 90);
    item.add(c.detector, c.values, 90);
    EXPECT_EQ(ask(e, item).groups.at(0).severity, c.out) << c.detector << " " << c.values;
    item.flow.responder.address = ip("10.9.9.9");
    EXPECT_EQ(ask(e, item).groups.at(0).severity, c.inside) << c.detector << " " << c.values;
    EXPECT_EQ(ask(engine({policy("p")}, false), item).groups.at(0).severity, c.out);
  }
}

TEST(Policy, CompileSaysWhatIsWrong) {
  PolicyOptions options;
  options.policies = {policy("a"), policy("a"), policy("")};
  options.policies[0].when.detectors = {"cn.mobil"};
  options.policies[0].when.categories = {"persons"};
  options.policies[0].place = "f:3";
  options.policies[1].except = {PolicyException{}};
  std::vector<PolicyProblem> problems;
  EXPECT_EQ(PolicySet::compile(options, catalogue(), &problems), nullptr);
  EXPECT_THAT(texts_of(problems),
              testing::IsSupersetOf(
                  {testing::HasSubstr("no category \"persons\""),
                   testing::HasSubstr("no detector \"cn.mobil\"; there is cn.resident_id, cn.mobile"),
                   testing::HasSubstr("two policies \"a\""), testing::HasSubstr("needs an id"),
                   testing::HasSubstr("needs a reason"), testing::HasSubstr("switch the policy off")}));
  EXPECT_EQ(problems[0].place, "f:3");
}

TEST(Policy, TheVersionChangesWithAnythingThatCounts) {
  PolicyOptions options;
  options.policies = builtin_policies();
  const auto version = [&] { return PolicySet::compile(options, catalogue(), nullptr)->version(); };
  const std::string first = version();
  EXPECT_EQ(version(), first);
  EXPECT_EQ(first.size(), 16u);
  options.policies[0].when.distinct = 2;
  const std::string second = version();
  EXPECT_NE(second, first);
  options.policies[0].when.distinct = 1;
  options.ask_direction = false;
  EXPECT_NE(version(), first);
}

// The built-in policies, as the page tells them.
TEST(BuiltinPolicies, AlertOnWhatAnOfficerWantsToSee) {
  const PolicyEngine e = engine(builtin_policies());
  struct Case {
    const char* what;
    Detector detector;
    int values, score;
    bool labelled;
    Way way;
    bool alerts;
  };
  const Case cases[] = {
      {"one identity document at medium going out", kResidentId, 1, 60, false, Way::kOutbound, true},
      {"at low", kResidentId, 1, 59, false, Way::kOutbound, false},
      {"a passport going out", kPassport, 1, 60, true, Way::kOutbound, true},
      {"nine persons' documents inside", kResidentId, 9, 75, false, Way::kInternal, false},
      {"ten persons' documents inside", kResidentId, 10, 75, false, Way::kInternal, true},
      {"a labelled card going out", kCard, 1, 60, true, Way::kOutbound, true},
      {"a bare card at medium", kCard, 1, 65, false, Way::kOutbound, false},
      {"a bare card at high", kCard, 1, 80, false, Way::kOutbound, true},
      {"nine mobiles going out", kMobile, 9, 75, true, Way::kOutbound, false},
      {"ten mobiles going out", kMobile, 10, 75, true, Way::kOutbound, true},
      {"forty-nine mobiles inside", kMobile, 49, 75, true, Way::kInternal, false},
      {"fifty mobiles inside", kMobile, 50, 75, true, Way::kInternal, true},
      {"a secret going out", kPassword, 1, 60, true, Way::kOutbound, true},
      {"a secret inside", kPassword, 1, 60, true, Way::kInternal, false},
      {"ninety-nine persons coming in", kResidentId, 99, 75, false, Way::kInbound, false},
      {"a hundred persons coming in", kResidentId, 100, 75, false, Way::kInbound, true},
      {"e-mail addresses alone", kEmail, 5000, 90, true, Way::kOutbound, false},
      {"e-mail addresses coming in", kEmail, 5000, 90, true, Way::kInbound, false},
  };
  for (const Case& c : cases) {
    Item item;
    item.add(c.detector, c.values, c.score, c.labelled);
    item.flow.initiator.address = ip(c.way == Way::kInbound ? "203.0.113.1" : "10.0.0.1");
    item.flow.responder.address = ip(c.way == Way::kOutbound ? "203.0.113.1" : "10.0.0.2");
    const Verdict v = ask(e, item);
    EXPECT_EQ(!v.groups.empty(), c.alerts) << c.what;
    EXPECT_LE(v.groups.size(), 1u) << "one group";
  }
}

TEST(BuiltinPolicies, EverythingTakesAnyFindingAtLow) {
  const PolicyEngine e = engine({everything_policy()});
  Item item;
  item.add(kEmail, 1, 40);
  EXPECT_EQ(winner(e, item), "everything");
}

}  // namespace
}  // namespace weir
