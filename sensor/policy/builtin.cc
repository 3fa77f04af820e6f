// The policies that a sensor has without a configuration, made so that nobody mutes them on the first day.
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

std::vector<PolicySpec> builtin_policies() {
  std::vector<PolicySpec> policies;
  PolicyConditions when;

  when.directions = {Way::kOutbound};
  when.categories = {"identity", "travel"};
  policies.push_back(
      row("identity-outbound", "Identity documents leave the network", "身份证件信息流出网络", when));

  when.directions = {Way::kInternal};
  when.distinct = 10;
  policies.push_back(row("identity-internal", "Identity documents of many persons move inside the network",
                         "多人身份证件信息在内网传输", when));

  // A card with a label of its own is enough at medium; a bare number only from high.
  when = {};
  when.directions = {Way::kOutbound};
  when.detectors = {"payment.card"};
  when.labelled = true;
  policies.push_back(row("card-outbound", "Payment cards leave the network", "银行卡信息流出网络", when));
  when.labelled = false;
  when.min_confidence = Confidence::kHigh;
  policies.push_back(row("card-bare-outbound", "Card numbers without a label leave the network",
                         "无标注的银行卡号流出网络", when));

  when = {};
  when.directions = {Way::kOutbound};
  when.detectors = {"cn.mobile"};
  when.distinct = 10;
  policies.push_back(row("mobile-outbound", "Mobile numbers leave the network", "手机号码流出网络", when));
  when.directions = {Way::kInternal};
  when.distinct = 50;
  policies.push_back(
      row("mobile-internal", "Many mobile numbers move inside the network", "大量手机号码在内网传输", when));

  when = {};
  when.directions = {Way::kOutbound};
  when.categories = {"credential", "financial_secret"};
  policies.push_back(row("secret-outbound", "Secrets leave the network", "口令或密钥流出网络", when));

  // What comes in is somebody else's leak first; only bulk is worth an alert here. Organisations, network
  // names (an e-mail address in a package index) and devices are no persons.
  when = {};
  when.directions = {Way::kInbound};
  when.categories = {"identity", "travel", "contact", "financial", "financial_secret",
                     "location", "health", "minor",   "vehicle",   "credential"};
  when.distinct = 100;
  policies.push_back(row("bulk-inbound", "Personal information of many persons comes in from outside",
                         "大量个人信息从外部流入", when));
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
