#include "sensor/alert/alert_builder.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "sensor/alert/alert_uid.h"
#include "sensor/alert/wire_strings.h"

namespace weir {
namespace {

constexpr size_t kMaxRecipients = 50;

template <size_t N>
std::string hex_of(const std::array<uint8_t, N>& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string mac_text(const std::array<uint8_t, 6>& mac) {
  char text[18];
  std::snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                mac[5]);
  return text;
}

std::string shown_field(MetadataMasker& masker, std::string_view name) {
  return name.empty() ? std::string() : cut_text(masker.field_name(name), kMaxWireString);
}

AlertEndpoint endpoint_of(const EndpointFacts& facts, const NetworkList& internal) {
  AlertEndpoint out;
  out.ip = facts.address.to_string();
  out.port = facts.port;
  if (facts.has_mac) out.mac = mac_text(facts.mac);
  out.internal = internal.contains(facts.address);
  return out;
}

AlertDetector detector_of(const AlertContext& context, const ItemFacts& facts, const ItemFindings& findings,
                          const PolicyFacts& policy, DetectorIndex index) {
  const DetectorInfo& info = context.catalogue.detectors[index];
  AlertDetector out;
  out.id = info.id;
  out.title_en = info.title_en;
  out.title_zh = info.title_zh;
  out.category = info.category;
  out.sensitivity = info.sensitivity;
  out.named = index < policy.named.size() && policy.named[index];
  out.distinct = findings.distinct_at(index, Confidence::kLow);
  out.at_least = findings.saturated(index);
  out.matches = findings.matches(index);
  out.score = findings.best_score(index);
  for (const std::string_view reason : findings.reasons(index).names()) out.reasons.emplace_back(reason);
  if (const Finding* best = findings.best(index)) {
    // A mask may leave a value: the domain of an address is shown, and can be a number of somebody's.
    out.masked = masked_text(context.masker, best->masked);
    out.field = shown_field(context.masker, best->field);
    out.keyword = best->keyword;
    out.excerpt = best->excerpt;
  }
  // A field of a body that says it is JSON is a key; elsewhere it names a column, a form field, a header.
  out.fields_are_json =
      (facts.meta.kind == ItemKind::kBody || facts.meta.kind == ItemKind::kPart) &&
      lowered(std::string(declared_media_type(facts.meta.declared_type))).find("json") != std::string::npos;
  for (const std::string& field : findings.fields(index)) {
    out.fields.push_back(shown_field(context.masker, field));
  }
  return out;
}

void add_detectors(const AlertContext& context, const ItemFacts& facts, const ItemFindings& findings,
                   const PolicyFacts& policy, Alert* alert) {
  struct Place {
    DetectorIndex index;
    bool named;
    int score;
  };
  std::vector<Place> places;
  for (const DetectorIndex d : findings.detectors()) {
    if (d >= context.catalogue.detectors.size() || findings.distinct_at(d, Confidence::kLow) == 0) continue;
    places.push_back({d, d < policy.named.size() && policy.named[d], findings.best_score(d)});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.named != b.named ? a.named : a.score > b.score;
  });
  size_t room = context.options.max_subjects;
  for (const Place& place : places) {
    alert->detectors.push_back(detector_of(context, facts, findings, policy, place.index));
    const std::vector<Token> tokens = findings.tokens(place.index, room);
    for (const Token& token : tokens) {
      alert->subjects.push_back({alert->detectors.back().id, context.token_prefix + hex_of(token.bytes)});
    }
    room -= tokens.size();
    const size_t all = findings.distinct_at_score(place.index, 0);
    if (all > tokens.size()) alert->subjects_left_out += all - tokens.size();
  }
}

void add_endpoints(const AlertContext& context, const ItemFacts& facts, Alert* alert) {
  const FlowFacts& flow = *facts.flow;
  AlertEndpoint initiator = endpoint_of(flow.initiator, context.internal);
  AlertEndpoint responder = endpoint_of(flow.responder, context.internal);
  AlertEndpoint& asked = flow.roles.responder_asks ? initiator : responder;
  AlertEndpoint& asker = flow.roles.responder_asks ? responder : initiator;
  asker.intermediate_ips = forwarded_addresses(facts.meta.forwarded_for);
  asked.hostname = lowered(masked_text(context.masker, host_name(facts.meta.host), 255));
  const bool forward = facts.meta.direction == Direction::kFromInitiator;
  alert->src = forward ? initiator : responder;
  alert->dst = forward ? responder : initiator;
  alert->initiator_side = facts.meta.direction;
  alert->way = way_of(context.internal, forward ? flow.initiator.address : flow.responder.address,
                      forward ? flow.responder.address : flow.initiator.address);
  alert->vlans = flow.vlans;
  alert->tunnels = flow.tunnels;
  alert->community_id = community_id_of(flow);
  alert->transport = flow.transport;
}

void add_metadata(const AlertContext& context, const ItemFacts& facts, Alert* alert) {
  const ContentMeta& meta = facts.meta;
  MetadataMasker& masker = context.masker;
  alert->item_kind = meta.kind;
  alert->top_kind = facts.top_kind;
  alert->item_ordinal = facts.ordinal;
  alert->item_part = facts.part;
  alert->protocol = meta.protocol;
  alert->method = masked_text(masker, meta.method, 32);
  alert->status = meta.status;
  alert->host = masked_host(masker, meta.host, facts.flow);
  alert->url = masked_url(masker, meta, facts.flow);
  alert->file_name = masked_text(masker, meta.file_name);
  alert->media_type = lowered(masked_text(masker, declared_media_type(meta.declared_type), 128));
  alert->decode_path = masked_text(masker, facts.decode_path);
  alert->charset = masked_text(masker, facts.charset, 64);
  alert->field = shown_field(masker, meta.field);
  alert->user = masked_text(masker, meta.user);
  alert->sender = masked_text(masker, meta.sender);
  alert->subject = masked_text(masker, meta.subject);
  alert->message_id = masked_text(masker, meta.message_id);
  for (const std::string& recipient : meta.recipients) {
    if (alert->recipients.size() == kMaxRecipients) break;
    alert->recipients.push_back(masked_text(masker, recipient));
  }
}

void add_whole(const AlertContext& context, const ItemFacts& facts, Alert* alert) {
  AlertWhole& whole = alert->whole.emplace();
  whole.size = facts.size;
  whole.wire_bytes = facts.wire_bytes;
  whole.gap_bytes = facts.gap_bytes;
  whole.unread = facts.unread;
  whole.end_reason = facts.end_reason;
  whole.contested = facts.contested;
  whole.cut_by = facts.cut_by;
  if (!facts.sha256) return;
  if (facts.size >= kMinHashedSize) whole.sha256 = hex_of(*facts.sha256);
  if (context.tokenizer == nullptr) return;
  const std::string_view digest(reinterpret_cast<const char*>(facts.sha256->data()), facts.sha256->size());
  whole.content_token = context.token_prefix + hex_of(context.tokenizer->token("content", digest).bytes);
}

}  // namespace

Alert build_alert(const AlertContext& context, const ItemFacts& facts, const ItemFindings& findings,
                  const GroupVerdict& verdict, const Revision& revision) {
  Alert alert;
  const PolicyFacts& policy = *verdict.policy;
  alert.activity = revision.activity;
  alert.revision = revision.number;
  alert.final = revision.final;
  alert.uid = revision_uid(facts, policy.id, revision.activity, revision.number);
  alert.finding_uid = revision.finding_uid;
  alert.item_uid = item_uid(facts);
  alert.flow_uid = flow_uid(*facts.flow);

  alert.time = revision.time;
  alert.created_time = revision.created_time;
  alert.first_byte = facts.first_byte;
  alert.last_byte = std::max(facts.first_byte, revision.final ? facts.last_byte : revision.last_finding);
  alert.first_finding = revision.first_finding;
  alert.last_finding = revision.last_finding;

  alert.policy_id = policy.id;
  alert.policy_title_en = policy.title_en;
  alert.policy_title_zh = policy.title_zh;
  alert.policy_version = policy.version;
  alert.policy_group = policy.group;
  for (const PolicyFacts* other : verdict.others) alert.other_policies.push_back(other->id);
  alert.articles = policy.articles;
  alert.threshold_distinct = policy.distinct;
  alert.threshold_confidence = policy.min_confidence;
  alert.severity = verdict.severity;
  alert.persons = verdict.persons;
  alert.catalogue_version = context.catalogue.version;

  add_detectors(context, facts, findings, policy, &alert);
  add_endpoints(context, facts, &alert);
  add_metadata(context, facts, &alert);
  if (revision.final) add_whole(context, facts, &alert);
  return alert;
}

}  // namespace weir
