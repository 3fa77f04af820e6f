// The policies that a sensor has without a configuration, made so that nobody mutes them on the first day.
#include <string_view>

#include "sensor/policy/policy_spec.h"

namespace weir {
namespace {

PolicySpec row(std::string id, std::string title_en, std::string title_zh, PolicyConditions when) {
  PolicySpec spec;
  spec.id = std::move(id);
  spec.group = "personal-data";
  spec.title_en = std::move(title_en);
  spec.title_zh = std::move(title_zh);
  spec.when = std::move(when);
  return spec;
}

}  // namespace

std::vector<PolicySpec> builtin_policies(bool ask_direction) {
  std::vector<PolicySpec> policies;
  PolicyConditions when;
  // A title speaks of a way only where the way was asked for.
  const auto titled = [&](std::string id, const PolicyConditions& conditions, std::string what_en,
                          std::string what_zh, std::string_view way_en, std::string_view way_zh) {
    what_en += ask_direction ? way_en : " in transit";
    what_zh += ask_direction ? way_zh : "在网络上传输";
    policies.push_back(row(std::move(id), std::move(what_en), std::move(what_zh), conditions));
  };

  when.directions = {Way::kOutbound};
  when.categories = {"identity", "travel"};
  titled("identity-outbound", when, "Identity documents", "身份证件信息", " leave the network", "流出网络");

  when.directions = {Way::kInternal};
  when.distinct = 10;
  titled("identity-internal", when, "Identity documents of many persons", "多人身份证件信息",
         " move inside the network", "在内网传输");

  // A card with a label of its own is enough at medium; a bare number only from high.
  when = {};
  when.directions = {Way::kOutbound};
  when.detectors = {"payment.card"};
  when.labelled = true;
  titled("card-outbound", when, "Payment cards", "银行卡信息", " leave the network", "流出网络");
  when.labelled = false;
  when.min_confidence = Confidence::kHigh;
  titled("card-bare-outbound", when, "Card numbers without a label", "无标注的银行卡号", " leave the network",
         "流出网络");

  when = {};
  when.directions = {Way::kOutbound};
  when.detectors = {"cn.mobile"};
  when.distinct = 10;
  titled("mobile-outbound", when, "Mobile numbers", "手机号码", " leave the network", "流出网络");
  when.directions = {Way::kInternal};
  when.distinct = 50;
  titled("mobile-internal", when, "Many mobile numbers", "大量手机号码", " move inside the network",
         "在内网传输");

  when = {};
  when.directions = {Way::kOutbound};
  when.categories = {"credential", "financial_secret"};
  titled("secret-outbound", when, "Secrets", "口令或密钥", " leave the network", "流出网络");

  // What comes in is somebody else's leak first; only bulk is worth an alert here. Organisations, network
  // names (an e-mail address in a package index) and devices are no persons.
  when = {};
  when.directions = {Way::kInbound};
  when.categories = {"identity", "travel", "contact", "financial", "financial_secret",
                     "location", "health", "minor",   "vehicle",   "credential"};
  when.distinct = 100;
  titled("bulk-inbound", when, "Personal information of many persons", "大量个人信息",
         " comes in from outside", "从外部流入");
  return policies;
}

PolicySpec everything_policy() {
  PolicySpec spec;
  spec.id = "everything";
  spec.group = "everything";
  spec.title_en = "Personal information was seen";
  spec.title_zh = "发现个人信息";
  spec.when.min_confidence = Confidence::kLow;
  return spec;
}

}  // namespace weir
