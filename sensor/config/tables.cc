// The rows. A default stands in the options struct that the row refers to, not here.
#include "sensor/config/values.h"

namespace weir {
namespace {

constexpr int64_t kKiB = 1024;
constexpr int64_t kMiB = 1024 * kKiB;
constexpr int64_t kGiB = 1024 * kMiB;
constexpr int64_t kMs = 1'000'000;
constexpr int64_t kS = 1000 * kMs;
constexpr int64_t kDay = 86'400 * kS;

// Names a row and what it may hold.
FieldInfo about(std::string path, std::string help, std::string example = "") {
  return {std::move(path), std::move(help), 0, 0, {}, std::move(example)};
}
FieldInfo ranged(std::string path, int64_t min, int64_t max, std::string help, std::string example = "") {
  return {std::move(path), std::move(help), min, max, {}, std::move(example)};
}
FieldInfo chosen(std::string path, std::vector<std::string> choices, std::string help,
                 std::string example = "") {
  return {std::move(path), std::move(help), 0, 0, std::move(choices), std::move(example)};
}

std::vector<std::string> category_names() { return {std::begin(kCategoryNames), std::end(kCategoryNames)}; }

// The section is there as soon as one of its keys is.
KafkaOptions& kafka(Config& c) {
  if (!c.output.kafka) c.output.kafka.emplace();
  return *c.output.kafka;
}

Table<Config> make_config_table() {
  Table<Config> t;
  auto add = [&t](FieldInfo info, auto ref) { t.fields.push_back(field<Config>(std::move(info), ref)); };

  add(about("sensor", "The sensor's name in alerts (`metadata.reporter.name`) and in Kafka headers."),
      [](Config& c) { return &c.sensor; });
  add(about("tenant", "`metadata.tenant_uid` of every alert."), [](Config& c) { return &c.tenant; });
  add(chosen(
          "role", {"enterprise", "provider"},
          "`provider` for a network service provider whose users publish through its hosts: only then may a "
          "policy name article 5."),
      [](Config& c) { return &c.role; });
  add(ranged("workers.count", 0, 256, "Threads that read packets. 0: one a core."),
      [](Config& c) { return &c.workers; });

  add(about("capture.interface", "Interface that `weir run` listens on; `-i` wins over it.", "eth1"),
      [](Config& c) { return &c.capture.interface; });
  add(about("capture.filter",
            "BPF filter, as tcpdump takes it; packets that it refuses are counted as `filtered`.",
            "\"not port 22\""),
      [](Config& c) { return &c.capture.filter; });
  add(ranged("capture.snaplen", 64, 262'144,
             "Bytes kept of a packet. What is cut off is counted as `snaplen`."),
      [](Config& c) { return &c.capture.snaplen; });
  add(ranged("capture.buffer", kMiB, 4 * kGiB, "The kernel's buffer for packets that wait."),
      [](Config& c) { return SizeValue{&c.capture.buffer_bytes}; });
  add(about("capture.promiscuous", "Take packets that are not for this host: what a SPAN or TAP port needs."),
      [](Config& c) { return &c.capture.promiscuous; });

  add(ranged("flow.max_flows", 1024, 1 << 28,
             "Flows kept at once, all workers together; then the longest idle one "
             "goes."),
      [](Config& c) { return &c.flow.max_flows; });
  add(ranged("flow.memory", 16 * kMiB, 1024 * kGiB, "For the flow table, all workers together."),
      [](Config& c) { return SizeValue{&c.flow.memory_bytes}; });
  add(ranged("flow.timeout.tcp_opening", kS, kDay,
             "A TCP connection without data both ways is over after so much "
             "silence."),
      [](Config& c) { return DurationValue{&c.flow.timeouts.tcp_opening}; });
  add(ranged("flow.timeout.tcp_established", kS, 7 * kDay, "The same for an established one."),
      [](Config& c) { return DurationValue{&c.flow.timeouts.tcp_established}; });
  add(ranged("flow.timeout.tcp_closing", kS, kDay, "The same after FIN or RST."),
      [](Config& c) { return DurationValue{&c.flow.timeouts.tcp_closing}; });
  add(ranged("flow.timeout.udp", kS, kDay, "The same for UDP."),
      [](Config& c) { return DurationValue{&c.flow.timeouts.udp}; });

  add(ranged("reassembly.memory", 16 * kMiB, 1024 * kGiB, "For TCP data out of order, all workers together."),
      [](Config& c) { return SizeValue{&c.reassembly.memory_bytes}; });
  add(ranged(
          "reassembly.hold_packets", 1, 65'536,
          "A hole that the receiver has acknowledged is given up after so many more packets of the flow …"),
      [](Config& c) { return &c.reassembly.tcp.hold_packets; });
  add(ranged("reassembly.hold_time", kMs, 60 * kS, "… or so much capture time, whichever is first."),
      [](Config& c) { return DurationValue{&c.reassembly.tcp.hold_time}; });
  add(ranged("reassembly.hold_limit", 64 * kKiB, kGiB, "Out-of-order data of one connection."),
      [](Config& c) { return SizeValue{&c.reassembly.tcp.hold_limit}; });

  add(ranged("content.memory", 16 * kMiB, 1024 * kGiB, "For what open items keep, all workers together."),
      [](Config& c) { return SizeValue{&c.content.memory_bytes}; });
  add(ranged("content.max_item", kMiB, 64 * kGiB,
             "What is read of one item after decompression; the rest is counted "
             "as `undecodable`."),
      [](Config& c) { return SizeValue{&c.content.max_item_bytes}; });
  add(ranged("content.max_ratio", 10, 1'000'000,
             "Decompressed bytes for one compressed, judged after the first MiB: "
             "beyond it a decompression bomb is given up."),
      [](Config& c) { return &c.content.max_ratio; });

  add(about("match.packs", "Detector packs (files or folders) beside the built-in ones.",
            "[/etc/weir/packs]"),
      [](Config& c) { return &c.match.packs; });
  add(about("match.cache_dir", "Folder for compiled patterns, so that the next start is quick.",
            "/var/cache/weir"),
      [](Config& c) { return &c.match.cache_dir; });
  add(ranged("match.memory", 16 * kMiB, 1024 * kGiB,
             "For what was found in open items, all workers together."),
      [](Config& c) { return SizeValue{&c.match.memory_bytes}; });

  add(about("tokens.key_file",
            "The key of the subject tokens: a file of mode 0600, made at the first start. Left "
            "out: a key in memory, and the tokens of two runs cannot be compared.",
            "/var/lib/weir/token.key"),
      [](Config& c) { return &c.tokens.key_file; });

  add(about("networks.internal", "Your own networks: they decide what leaves, comes in or stays inside.",
            "[10.0.0.0/8, 2001:db8::/32]"),
      [](Config& c) { return &c.policy.internal; });

  add(ranged("alerts.max_subjects", 0, 10'000, "Subject tokens in one alert (`unmapped.subjects`)."),
      [](Config& c) { return &c.alerts.max_subjects; });

  add(about("output.stdout",
            "Alerts as JSON Lines on the standard output. Left out: `replay` does, `run` where no "
            "other output is given."),
      [](Config& c) { return &c.output.to_stdout; });
  add(about("output.file", "Alerts as JSON Lines in this file, appended.", "/var/log/weir/alerts.jsonl"),
      [](Config& c) { return &c.output.file; });
  add(ranged("output.drain_seconds", 0, 86'400,
             "How long the end waits until every alert is delivered. 0: until it is, or an interrupt."),
      [](Config& c) { return &c.output.drain_seconds; });
  add(about("output.kafka.brokers", "Kafka's brokers; needed where the section is there.",
            "\"kafka1:9092,kafka2:9092\""),
      [](Config& c) { return &kafka(c).brokers; });
  add(about("output.kafka.topic_prefix", "Topics are `<prefix>.alerts.v1` and so on."),
      [](Config& c) { return &kafka(c).topic_prefix; });
  add(chosen("output.kafka.topics", {"alerts"}, "Topics by what they carry, where the prefix does not fit.",
             "{ alerts: dlp-alerts }"),
      [](Config& c) { return &kafka(c).topics; });
  add(about("output.kafka.properties",
            "Any property of librdkafka: TLS, SASL, compression. Wins over Weir's own.",
            "{ security.protocol: ssl, ssl.ca.location: /etc/weir/ca.pem }"),
      [](Config& c) { return SecretMapValue{&kafka(c).properties}; });
  add(ranged("output.kafka.max_records", 1000, 100'000'000,
             "Alerts that wait for delivery; then a replay waits too."),
      [](Config& c) { return &kafka(c).max_records; });
  add(ranged("output.kafka.max_bytes", kMiB, 64 * kGiB, "The same in bytes."),
      [](Config& c) { return SizeValue{&kafka(c).max_bytes}; });

  add(about("builtin_policies",
            "Whether the built-in policies apply. Left out: only where `policies` is left out."),
      [](Config& c) { return &c.builtin_policies; });
  add(about("policies", "What alerts; see below."), [](Config& c) { return &c.policy.policies; });

  t.later = {{"evidence", "sealed evidence"},
             {"response", "TCP reset and block lists"},
             {"inspect", "`inspect.exclude`"},
             {"mail", "mail"},
             {"health", "health records"},
             {"audit", "audit records"},
             {"flows", "flow records"},
             {"spool", "the spool on disk"},
             {"output.spool", "the spool on disk"},
             {"alerts.repeat", "folding of repeats"},
             {"workers.steer", "steering by flow"},
             {"capture.dpdk", "capture through DPDK"}};
  return t;
}

Table<PolicySpec> make_policy_table() {
  Table<PolicySpec> t;
  auto add = [&t](FieldInfo info, auto ref) { t.fields.push_back(field<PolicySpec>(std::move(info), ref)); };
  add(about("id", "Names the policy in alerts. Needed; no two alike.", "identity-outbound"),
      [](PolicySpec& p) { return &p.id; });
  add(about("group",
            "Of the policies of one group only the most severe that matches an item alerts, and names the "
            "others. Left out: a group of its own.",
            "personal-data"),
      [](PolicySpec& p) { return &p.group; });
  add(about("title", "What the alert says first. Left out: the id.",
            "{ en: Identity documents leave, zh: 身份证件外传 }"),
      [](PolicySpec& p) {
        return TitleValue{&p.title_en, &p.title_zh};
      });
  add(ranged("articles", 1, 12,
             "Articles of the Decision of 28 December 2012 that the alert names. 5 only under "
             "`role: provider`."),
      [](PolicySpec& p) { return &p.articles; });
  add(chosen("severity", {"informational", "low", "medium", "high", "critical"},
             "Left out: the ladder over persons."),
      [](PolicySpec& p) { return &p.severity; });
  add(about("actions", "What happens; in this version `alert` alone."),
      [](PolicySpec&) { return ActionsValue{}; });

  add(chosen("when.direction", {"outbound", "inbound", "internal", "external"},
             "Which way the bytes go, by `networks.internal`."),
      [](PolicySpec& p) { return &p.when.directions; });
  add(chosen("when.categories", category_names(), "What counts: the detectors of these categories."),
      [](PolicySpec& p) { return &p.when.categories; });
  add(about("when.detectors",
            "What counts beside the categories; `cn.*` takes a family. Both left out: everything.",
            "[cn.mobile, \"hk.*\"]"),
      [](PolicySpec& p) { return &p.when.detectors; });
  add(chosen("when.min_confidence", {"low", "medium", "high"}, "Values below it do not count."),
      [](PolicySpec& p) { return &p.when.min_confidence; });
  add(about("when.labelled", "Only values with a keyword or field name of their own count."),
      [](PolicySpec& p) { return &p.when.labelled; });
  add(ranged("when.distinct", 1, 65'536, "So many distinct values of one detector: persons, not matches."),
      [](PolicySpec& p) { return &p.when.distinct; });
  add(chosen("when.all_of", category_names(), "Each of these categories must be there.",
             "[identity, contact]"),
      [](PolicySpec& p) { return &p.when.all_of; });
  add(about("when.protocols", "Application protocols.", "[http, raw]"),
      [](PolicySpec& p) { return &p.when.protocols; });
  add(about("when.hosts", "Host names without port; `*` and `?` as in file names.", "[\"*.example.com\"]"),
      [](PolicySpec& p) { return &p.when.hosts; });
  add(about("when.urls", "Host and path without the query.", "[\"*/upload/*\"]"),
      [](PolicySpec& p) { return &p.when.urls; });
  add(about("when.addresses", "Either end lies in one of these.", "[203.0.113.0/24]"),
      [](PolicySpec& p) { return &p.when.addresses; });
  add(about("when.ports", "The responder's port.", "[80, 8000-8100]"),
      [](PolicySpec& p) { return &p.when.ports; });
  add(ranged("when.vlans", 0, 4095, "Any of the packet's VLAN tags."),
      [](PolicySpec& p) { return &p.when.vlans; });
  add(about("when.file_types", "Declared media types.", "[\"text/*\", application/zip]"),
      [](PolicySpec& p) { return &p.when.file_types; });
  add(about("when.file_names", "File names.", "[\"*.xlsx\"]"),
      [](PolicySpec& p) { return &p.when.file_names; });
  add(about("when.users", "Users, as the protocol names them.", "[\"svc-*\"]"),
      [](PolicySpec& p) { return &p.when.users; });
  add(about("except", "Exceptions; see below."), [](PolicySpec& p) { return &p.except; });

  t.later = {{"when.window", "a window over many items"},
             {"when.by", "a window over many items"},
             {"when.time_of_day", "the time of day"},
             {"when.senders", "mail senders"},
             {"when.recipients", "mail recipients"}};
  return t;
}

Table<PolicyException> make_exception_table() {
  Table<PolicyException> t;
  auto add = [&t](FieldInfo info, auto ref) {
    t.fields.push_back(field<PolicyException>(std::move(info), ref));
  };
  add(about("hosts",
            "Where the host is like one of these. A host name is what the client says: addresses are "
            "surer.",
            "[\"*.partner.example\"]"),
      [](PolicyException& e) { return &e.hosts; });
  add(about("addresses", "Where either end lies in one of these.", "[203.0.113.0/24]"),
      [](PolicyException& e) { return &e.addresses; });
  add(about("detectors", "Only these do not count. Left out: the policy does not alert.", "[cn.mobile]"),
      [](PolicyException& e) { return &e.detectors; });
  add(about("users", "Where the user is like one of these.", "[\"svc-*\"]"),
      [](PolicyException& e) { return &e.users; });
  add(about("reason", "Why. Needed.", "\"contract 17\""), [](PolicyException& e) { return &e.reason; });
  add(about("by", "Who made it. Needed.", "dpo"), [](PolicyException& e) { return &e.by; });
  add(about("until",
            "Its last day, UTC, by capture time; at most a year ahead. Needed. Afterwards it does not "
            "apply.",
            "2027-06-30"),
      [](PolicyException& e) {
        return DateValue{&e.until, &e.until_text};
      });
  t.later = {{"senders", "mail senders"}, {"recipients", "mail recipients"}};
  return t;
}

}  // namespace

const Table<Config>& config_table() {
  static const Table<Config> table = make_config_table();
  return table;
}
const Table<PolicySpec>& policy_table() {
  static const Table<PolicySpec> table = make_policy_table();
  return table;
}
const Table<PolicyException>& exception_table() {
  static const Table<PolicyException> table = make_exception_table();
  return table;
}

}  // namespace weir
