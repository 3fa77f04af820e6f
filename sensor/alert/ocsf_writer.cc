#include "sensor/alert/ocsf_writer.h"

#include <algorithm>

#include "sensor/alert/alert_text.h"
#include "sensor/alert/json_writer.h"
#include "sensor/alert/wire_strings.h"
#include "sensor/base/version.h"

namespace weir {
namespace {

int64_t ms(Nanoseconds time) { return time / 1'000'000; }

// data_security.category_id of OCSF.
int category_id(Category category) {
  switch (category) {
    case Category::kFinancial:
    case Category::kFinancialSecret:
      return 3;
    case Category::kOrganisation:
      return 4;
    case Category::kCredential:
      return 6;
    default:
      return 1;
  }
}

// Of what the policy asks for; 99 where it is several, 0 where nothing counts any more.
int category_id(const Alert& alert) {
  int id = 0;
  for (const AlertDetector& d : alert.detectors) {
    if (!d.named) continue;
    const int one = category_id(d.category);
    if (id != 0 && id != one) return 99;
    id = one;
  }
  return id;
}

bool is_whole(const AlertWhole& whole) {
  const bool ended_well =
      whole.end_reason != CloseReason::kTruncated && whole.end_reason != CloseReason::kMalformed;
  return ended_well && whole.gap_bytes == 0 && !whole.cut_by &&
         std::all_of(whole.unread.begin(), whole.unread.end(), [](uint64_t n) { return n == 0; });
}

std::vector<std::string_view> unread_reasons(const AlertWhole& whole) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i < kUnreadReasons; ++i) {
    const bool cut = whole.cut_by && static_cast<size_t>(*whole.cut_by) == i;
    if (whole.unread[i] != 0 || cut) out.push_back(kUnreadNames[i]);
  }
  const bool told = whole.unread[static_cast<size_t>(Unread::kConflict)] != 0;
  if (whole.contested && !told) out.push_back(name_of(Unread::kConflict));
  if (whole.gap_bytes != 0) out.push_back("gap");
  if (whole.end_reason == CloseReason::kTruncated && !whole.cut_by) out.push_back("truncated");
  if (whole.end_reason == CloseReason::kMalformed) out.push_back("framing");
  return out;
}

class Writer {
 public:
  Writer(const Alert& alert, const WriterOptions& options) : a_(alert), options_(options) {}

  std::string write(uint64_t sequence, int64_t logged_time_ms) {
    j_.begin_object();
    j_.field("category_uid", 2);
    j_.field("class_uid", 2006);
    j_.field("activity_id", static_cast<int>(a_.activity));
    j_.field("type_uid", 200600 + static_cast<int>(a_.activity));
    j_.field("time", ms(a_.time));
    j_.field("start_time", ms(a_.first_byte));
    j_.field("end_time", ms(a_.last_byte));
    metadata(sequence, logged_time_ms);
    j_.field("severity_id", static_cast<int>(a_.severity));
    if (const AlertDetector* best = a_.best()) {
      j_.field("confidence_id", std::max(1, static_cast<int>(confidence_of(best->score))));
      j_.field("confidence_score", best->score);
    }
    j_.field("count", a_.storm ? a_.storm->alerts() : uint64_t{1});
    j_.field("status_id", 1);
    j_.field("is_alert", true);
    j_.field("message", message_en(a_));
    j_.field("action_id", 3);
    j_.field("disposition_id", 15);
    finding_info();
    attacks();
    data_security();
    if (!a_.storm) {
      endpoint("src_endpoint", a_.src);
      endpoint("dst_endpoint", a_.dst);
      actor();
      file();
      observables();
    }
    unmapped();
    j_.end_object();
    return j_.take();
  }

 private:
  template <class List>
  void texts(std::string_view name, const List& list) {
    if (list.empty()) return;
    j_.key(name);
    j_.begin_array();
    for (const auto& text : list) j_.text(text);
    j_.end_array();
  }

  void metadata(uint64_t sequence, int64_t logged_time_ms) {
    j_.key("metadata");
    j_.begin_object();
    j_.field("version", "1.8.0");
    j_.key("product");
    j_.begin_object();
    j_.field("name", kProduct);
    j_.field("vendor_name", kVendor);
    j_.field("version", kVersion);
    j_.end_object();
    j_.field("uid", a_.uid);
    j_.field("sequence", sequence);
    j_.field("logged_time", logged_time_ms);
    j_.field_if("tenant_uid", options_.tenant_uid);
    texts("profiles", std::vector<std::string_view>{"security_control"});
    if (!a_.storm) j_.field("correlation_uid", a_.flow_uid);
    if (!options_.sensor_name.empty()) {
      j_.key("reporter");
      j_.begin_object();
      j_.field("name", options_.sensor_name);
      j_.end_object();
    }
    j_.end_object();
  }

  void finding_info() {
    j_.key("finding_info");
    j_.begin_object();
    j_.field("uid", a_.finding_uid);
    j_.field("title", finding_title_en(a_));
    j_.field("desc", message_en(a_));
    std::vector<std::string_view> types;
    for (const AlertDetector& d : a_.detectors) {
      const std::string_view category = name_of(d.category);
      if (std::find(types.begin(), types.end(), category) == types.end()) types.push_back(category);
    }
    texts("types", types);
    j_.field("created_time", ms(a_.created_time));
    j_.field("first_seen_time", ms(a_.first_finding));
    j_.field("last_seen_time", ms(a_.last_finding));
    j_.key("analytic");
    j_.begin_object();
    j_.field("type_id", 1);
    j_.field("name", title_en(a_));
    j_.field("uid", a_.policy_id);
    j_.field("version", a_.policy_version);
    j_.end_object();
    attacks();
    j_.end_object();
  }

  // ATT&CK: the tactic is what this product looks for; a technique only where the traffic shows it: who
  // opened the connection sends the data out, in clear.
  void attacks() {
    const bool upload = a_.way == Way::kOutbound && a_.initiator_side == Direction::kFromInitiator;
    j_.key("attacks");
    j_.begin_array();
    j_.begin_object();
    named("tactic", "Exfiltration", "TA0010");
    if (upload && a_.protocol == "http") {
      named("technique", "Exfiltration Over Web Service", "T1567");
    } else if (upload) {
      named("technique", "Exfiltration Over Alternative Protocol", "T1048");
      named("sub_technique", "Exfiltration Over Unencrypted Non-C2 Protocol", "T1048.003");
    }
    j_.end_object();
    j_.end_array();
  }

  void named(std::string_view key, std::string_view name, std::string_view uid) {
    j_.key(key);
    j_.begin_object();
    j_.field("name", name);
    j_.field("uid", uid);
    j_.end_object();
  }

  void data_security() {
    j_.key("data_security");
    j_.begin_object();
    j_.key("policy");
    j_.begin_object();
    j_.field("uid", a_.policy_id);
    j_.field("name", title_en(a_));
    j_.field("version", a_.policy_version);
    j_.end_object();
    j_.field("category_id", category_id(a_));
    j_.field("data_lifecycle_state_id", 2);
    j_.field("detection_system_id", 2);
    if (const AlertDetector* best = a_.best()) j_.field("detection_pattern", best->id);
    if (a_.whole) {
      uint64_t total = 0;
      for (const AlertDetector& d : a_.detectors) total += d.distinct;
      j_.field("total", total);
      j_.field("size", a_.whole->size);
      j_.field("status_id", is_whole(*a_.whole) ? 1 : 2);
      texts("status_details", unread_reasons(*a_.whole));
    }
    if (!a_.detectors.empty() && !a_.storm) {
      j_.key("discovery_details");
      j_.begin_array();
      for (const AlertDetector& d : a_.detectors) discovery(d);
      j_.end_array();
    }
    j_.end_object();
  }

  void discovery(const AlertDetector& d) {
    j_.begin_object();
    j_.field("type", d.id);
    j_.field("count", d.distinct);
    j_.field("value", d.masked);
    if (std::any_of(d.fields.begin(), d.fields.end(), [](const std::string& f) { return !f.empty(); })) {
      j_.key("occurrences");
      j_.begin_array();
      for (const std::string& field : d.fields) {
        if (field.empty()) continue;
        j_.begin_object();
        if (d.fields_are_json) {
          j_.field("json_path", json_path(field));
        } else {
          j_.field("column_name", field);
        }
        j_.end_object();
      }
      j_.end_array();
    }
    j_.end_object();
  }

  // RFC 9535: any member of that name, wherever it stands.
  static std::string json_path(const std::string& field) {
    std::string out = "$..['";
    for (const char c : field) {
      if (c == '\'' || c == '\\') out += '\\';
      out += c;
    }
    return out + "']";
  }

  void endpoint(std::string_view key, const AlertEndpoint& e) {
    j_.key(key);
    j_.begin_object();
    j_.field("ip", e.ip);
    j_.field("port", uint32_t{e.port});
    j_.field_if("mac", e.mac);
    j_.field_if("hostname", e.hostname);
    if (!a_.vlans.empty()) j_.field("vlan_uid", std::to_string(a_.vlans.front()));
    j_.field("network_scope_id", e.internal ? 1 : 2);
    texts("intermediate_ips", e.intermediate_ips);
    j_.end_object();
  }

  void actor() {
    if (a_.user.empty()) return;
    j_.key("actor");
    j_.begin_object();
    j_.key("user");
    j_.begin_object();
    j_.field("name", a_.user);
    j_.end_object();
    j_.end_object();
  }

  void file() {
    if (a_.file_name.empty()) return;
    j_.key("file");
    j_.begin_object();
    j_.field("name", a_.file_name);
    j_.field("type_id", 1);
    j_.field_if("ext", file_extension(a_.file_name));
    j_.field_if("mime_type", a_.media_type);
    if (a_.whole) {
      j_.field("size", a_.whole->size);
      // The unkeyed digest of something small gives its content away.
      if (!a_.whole->sha256.empty() && a_.whole->size >= kMinHashedSize && is_whole(*a_.whole)) {
        j_.key("hashes");
        j_.begin_array();
        j_.begin_object();
        j_.field("algorithm_id", 3);
        j_.field("value", a_.whole->sha256);
        j_.end_object();
        j_.end_array();
      }
    }
    j_.end_object();
  }

  void observables() {
    j_.key("observables");
    j_.begin_array();
    for (const auto& [name, e] : {std::pair("src_endpoint", &a_.src), std::pair("dst_endpoint", &a_.dst)}) {
      observable(name, ".ip", 2, e->ip);
      observable(name, ".hostname", 1, e->hostname);
      observable(name, ".mac", 3, e->mac);
    }
    j_.end_array();
  }

  void observable(std::string_view object, std::string_view attribute, int type, const std::string& value) {
    if (value.empty()) return;
    j_.begin_object();
    j_.field("name", std::string(object) + std::string(attribute));
    j_.field("type_id", type);
    j_.field("value", value);
    j_.end_object();
  }

  void unmapped() {
    j_.key("unmapped");
    j_.begin_object();
    j_.field("revision", a_.revision);
    j_.field("final", a_.final);
    if (!a_.storm) {
      j_.field("item_uid", a_.item_uid);
      j_.field("item_kind", name_of(a_.item_kind));
      j_.field("item_ordinal", a_.item_ordinal);
      if (a_.item_part != 0) j_.field("item_part", a_.item_part);
    }
    j_.field("group", a_.policy_group);
    texts("policies", a_.other_policies);
    j_.key("thresholds");
    j_.begin_object();
    j_.field("distinct", a_.threshold_distinct);
    j_.field("min_confidence", name_of(a_.threshold_confidence));
    j_.end_object();
    if (!a_.storm) j_.field("persons", a_.persons);
    j_.field("title_zh", finding_title_zh(a_));
    j_.field("message_zh", message_zh(a_));
    if (a_.storm) {
      storm(*a_.storm);
    } else {
      item();
    }
    j_.key("articles");
    j_.begin_array();
    for (const int article : a_.articles) j_.number(int64_t{article});
    j_.end_array();
    sensitivity();
    j_.field("catalogue_version", a_.catalogue_version);
    j_.end_object();
  }

  void item() {
    j_.field_if("community_id", a_.community_id);
    if (!a_.vlans.empty()) {
      j_.key("vlan");
      j_.begin_array();
      for (const uint16_t vlan : a_.vlans) j_.number(uint64_t{vlan});
      j_.end_array();
    }
    texts("tunnel", a_.tunnels);
    j_.field("direction", name_of(a_.way));
    j_.field("initiator", a_.initiator_side == Direction::kFromInitiator ? "src" : "dst");
    j_.field("transport", transport());
    j_.field_if("app_protocol", a_.protocol);
    j_.field_if("method", a_.method);
    if (a_.status != 0) j_.field("status", a_.status);
    j_.field_if("url", a_.url);
    j_.field_if("host", a_.host);
    j_.field_if("field", a_.field);
    j_.field_if("media_type", a_.media_type);
    mail();
    j_.field_if("decode_path", a_.decode_path);
    j_.field_if("charset", a_.charset);
    if (!a_.user.empty()) j_.field("who_from", "protocol");
    j_.key("detectors");
    j_.begin_array();
    for (const AlertDetector& d : a_.detectors) detector(d);
    j_.end_array();
    subjects();
    if (a_.whole) j_.field_if("content_token", a_.whole->content_token);
    inspection();
  }

  void storm(const AlertStorm& storm) {
    j_.key("storm");
    j_.begin_object();
    j_.field("creates", storm.creates);
    j_.field("updates", storm.updates);
    j_.key("detectors");
    j_.begin_array();
    for (size_t i = 0; i < a_.detectors.size(); ++i) {
      const AlertDetector& d = a_.detectors[i];
      j_.begin_object();
      j_.field("id", d.id);
      j_.field("named", d.named);
      j_.field("creates", storm.detectors[i].creates);
      j_.field("updates", storm.detectors[i].updates);
      j_.field("matches", d.matches);
      j_.field("score", d.score);
      j_.end_object();
    }
    j_.end_array();
    j_.end_object();
  }

  std::string transport() const {
    return a_.transport == kProtoTcp   ? "tcp"
           : a_.transport == kProtoUdp ? "udp"
                                       : std::to_string(a_.transport);
  }

  void mail() {
    if (a_.sender.empty() && a_.recipients.empty() && a_.subject.empty() && a_.message_id.empty()) return;
    j_.key("mail");
    j_.begin_object();
    j_.field_if("from", a_.sender);
    texts("to", a_.recipients);
    j_.field_if("subject", a_.subject);
    j_.field_if("message_id", a_.message_id);
    j_.end_object();
  }

  void detector(const AlertDetector& d) {
    j_.begin_object();
    j_.field("id", d.id);
    j_.field("distinct", d.distinct);
    if (d.at_least) j_.field("at_least", true);
    j_.field("matches", d.matches);
    j_.field("score", d.score);
    j_.field("named", d.named);
    texts("reasons", d.reasons);
    j_.field_if("field", d.field);
    j_.field_if("keyword", d.keyword);
    j_.field_if("excerpt", d.excerpt);
    j_.end_object();
  }

  void subjects() {
    if (!a_.subjects.empty()) {
      j_.key("subjects");
      j_.begin_array();
      for (const AlertSubject& s : a_.subjects) {
        j_.begin_object();
        j_.field("detector", s.detector);
        j_.field("token", s.token);
        j_.end_object();
      }
      j_.end_array();
    }
    if (a_.subjects_left_out != 0) j_.field("subjects_left_out", a_.subjects_left_out);
  }

  void inspection() {
    if (!a_.whole) return;
    const AlertWhole& whole = *a_.whole;
    uint64_t unread = 0;
    for (const uint64_t n : whole.unread) unread += n;
    j_.key("inspection");
    j_.begin_object();
    j_.field("seen", whole.wire_bytes);
    j_.field("read", whole.wire_bytes > unread ? whole.wire_bytes - unread : uint64_t{0});
    if (whole.gap_bytes != 0) j_.field("gap", whole.gap_bytes);
    if (whole.cut_by) j_.field("cut_by", name_of(*whole.cut_by));
    if (whole.contested) j_.field("conflict", true);
    if (unread != 0) {
      j_.key("reasons");
      j_.begin_object();
      for (size_t i = 0; i < kUnreadReasons; ++i) {
        if (whole.unread[i] != 0) j_.field(kUnreadNames[i], whole.unread[i]);
      }
      j_.end_object();
    }
    j_.end_object();
  }

  void sensitivity() {
    j_.key("sensitivity");
    j_.begin_object();
    regime("pipl", &Sensitivity::pipl);
    regime("gbt35273", &Sensitivity::gbt35273);
    regime("gbt45574", &Sensitivity::gbt45574);
    regime("jrt0171", &Sensitivity::jrt0171);
    j_.end_object();
  }

  void regime(std::string_view key, std::string Sensitivity::*member) {
    std::vector<std::string> levels;
    for (const AlertDetector& d : a_.detectors) {
      const std::string& level = d.sensitivity.*member;
      if (!level.empty() && std::find(levels.begin(), levels.end(), level) == levels.end()) {
        levels.push_back(level);
      }
    }
    texts(key, levels);
  }

  const Alert& a_;
  const WriterOptions& options_;
  JsonWriter j_;
};

}  // namespace

std::string write_ocsf(const Alert& alert, const WriterOptions& options, uint64_t sequence,
                       int64_t logged_time_ms) {
  return Writer(alert, options).write(sequence, logged_time_ms);
}

Record make_record(const Alert& alert, const WriterOptions& options, uint64_t sequence,
                   int64_t logged_time_ms) {
  Record record;
  record.topic_kind = "alerts";
  record.schema = "alert/1";
  record.type = alert.activity == AlertActivity::kCreate ? "weir.alert.create" : "weir.alert.update";
  record.id = alert.uid;
  record.key = alert.finding_uid;
  record.time_ms = ms(alert.time);
  if (alert.storm) {
    record.alerts = alert.storm->alerts();
    record.storm = true;
  }
  record.json = write_ocsf(alert, options, sequence, logged_time_ms);
  return record;
}

}  // namespace weir
