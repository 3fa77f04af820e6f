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
      [](Config& c) { return &c.workers.count; });
  add(about("workers.cpus",
            "CPUs of the workers, one each; where there are more workers the list is used again. `auto`: "
            "isolated CPUs first, then those of the card's NUMA node, one thread a core, CPU 0 last. Left "
            "out: the kernel moves them as it likes. A worker's memory lies on its CPU's node.",
            "[2-5]"),
      [](Config& c) { return &c.workers.cpus; });
  add(about("workers.receiver_cpus",
            "Where the receiver may run, the thread that hands packets over (see `capture.steer`). Give it a "
            "CPU of its own.",
            "1"),
      [](Config& c) { return &c.workers.receiver_cpus; });
  add(about("workers.output_cpus", "Where the output thread may run; never a worker's CPU.", "0"),
      [](Config& c) { return &c.workers.output_cpus; });
  add(chosen(
          "workers.steer", {"address", "flow"},
          "`address`: all that two hosts say to each other meets in one worker. `flow`: by ports too, so "
          "that one busy pair of hosts is spread over workers; what crosses connections (FTP's data beside "
          "its control connection, fragments of datagrams) is then best effort."),
      [](Config& c) { return &c.workers.steer; });
  add(ranged("workers.queue", 256, 1 << 20,
             "Packets that wait for one worker where they are handed over; then a live capture drops and "
             "counts that worker's packets (`missed` in the summary). Up to 600 bytes each, 128 KiB for 256 "
             "large ones."),
      [](Config& c) { return &c.workers.queue; });

  add(about("capture.interface", "Interface that `weir run` listens on; `-i` wins over it.", "eth1"),
      [](Config& c) { return &c.capture.interface; });
  add(about("capture.filter",
            "BPF filter, as tcpdump takes it. Packets that it refuses are counted as `filtered` where Weir "
            "itself looks at them: in a replay and through DPDK. What the kernel refuses, nobody counts.",
            "\"not port 22\""),
      [](Config& c) { return &c.capture.filter; });
  add(ranged("capture.snaplen", 64, 262'144,
             "Bytes kept of a packet. What is cut off is counted as `snaplen`."),
      [](Config& c) { return &c.capture.snaplen; });
  // The most that libpcap takes, in whole MiB.
  add(ranged("capture.buffer", kMiB, 2 * kGiB - kMiB, "The kernel's buffer for packets that wait."),
      [](Config& c) { return SizeValue{&c.capture.buffer_bytes}; });
  add(about("capture.promiscuous", "Take packets that are not for this host: what a SPAN or TAP port needs."),
      [](Config& c) { return &c.capture.promiscuous; });
  add(ranged("capture.timeout", kMs, kS,
             "The longest that the kernel gathers packets before it hands them over (TPACKET_V3's block "
             "time-out)."),
      [](Config& c) { return DurationValue{&c.capture.timeout_ns}; });
  add(chosen(
          "capture.steer", {"auto", "source", "handover"},
          "Who picks the worker of a packet. `source`: the kernel (PACKET_FANOUT with a program over the "
          "address pair) or the card (RSS over addresses alone); tunnels are then told apart by their outer "
          "addresses. `handover`: one receiver thread, by the innermost addresses: what tunnels need whose "
          "two directions or inner hosts come by different outer addresses. `auto`: the source where it "
          "can."),
      [](Config& c) { return &c.capture.steer; });
  add(about(
          "capture.dpdk.ports",
          "Ports that `weir run` takes through DPDK: PCI addresses, or virtual devices with their arguments; "
          "`--port` wins over it. Needs no `capture.interface`.",
          "[\"0000:03:00.0\", \"0000:03:00.1\"]"),
      [](Config& c) { return &c.capture.dpdk.ports; });
  add(about("capture.dpdk.eal",
            "Arguments for DPDK's environment (EAL), after Weir's own and winning over them.",
            "[\"--socket-mem=1024,0\"]"),
      [](Config& c) { return &c.capture.dpdk.eal; });
  add(ranged(
          "capture.dpdk.queues", 0, 256,
          "Receive queues a port. 0: one a worker where every port can steer by addresses alone, else one."),
      [](Config& c) { return &c.capture.dpdk.queues; });
  add(ranged("capture.dpdk.rx_descriptors", 64, 32'768,
             "Packets that wait in the card for one queue; the device's largest where it has fewer."),
      [](Config& c) { return &c.capture.dpdk.rx_descriptors; });
  add(ranged("capture.dpdk.burst", 1, 64, "Packets asked for at once."),
      [](Config& c) { return &c.capture.dpdk.burst; });
  add(ranged("capture.dpdk.mbufs", 0, 1 << 24,
             "Packet buffers a port, 2.4 kB each, on the port's NUMA node. 0: twice the descriptors of its "
             "queues, and where packets are handed over as many again as may wait (`workers.queue`)."),
      [](Config& c) { return &c.capture.dpdk.mbufs; });
  add(ranged("capture.dpdk.mtu", 68, 16'384, "The largest packet taken; less where the device takes less."),
      [](Config& c) { return &c.capture.dpdk.mtu; });
  add(about("capture.dpdk.huge_pages",
            "Whether DPDK uses huge pages. Left out: where the machine has free ones."),
      [](Config& c) { return &c.capture.dpdk.huge_pages; });

  add(ranged("decode.max_tunnels", 0, DecodeOptions::kMostTunnels,
             "Tunnels that are opened one inside another; what lies deeper is counted."),
      [](Config& c) { return &c.decode.max_tunnels; });
  add(ranged("decode.ports.vxlan", 1, 65535,
             "UDP ports on which VXLAN is looked for. A port alone opens nothing: a datagram that is not the "
             "tunnel to its end is read as it is."),
      [](Config& c) { return &c.decode.vxlan_ports; });
  add(ranged("decode.ports.geneve", 1, 65535, "The same for GENEVE."),
      [](Config& c) { return &c.decode.geneve_ports; });
  add(ranged("decode.ports.gtp", 1, 65535, "The same for GTP-U."),
      [](Config& c) { return &c.decode.gtp_ports; });
  add(ranged("decode.ports.teredo", 1, 65535, "The same for Teredo."),
      [](Config& c) { return &c.decode.teredo_ports; });
  add(ranged("decode.ports.l2tp", 1, 65535, "The same for L2TP."),
      [](Config& c) { return &c.decode.l2tp_ports; });
  add(ranged("decode.ports.mpls", 1, 65535, "The same for MPLS in UDP."),
      [](Config& c) { return &c.decode.mpls_ports; });
  add(chosen(
          "decode.tenant", {"vlan", "vni", "gre_key", "isid"},
          "By which ids flows with equal addresses and ports are told apart, where customers use the same "
          "addresses: VLAN ids, the VNI of VXLAN and GENEVE, GRE keys, the I-SID of 802.1ah. Only where both "
          "directions carry the same.",
          "[vni]"),
      [](Config& c) { return &c.decode.tenant; });
  add(ranged(
          "decode.duplicate_window", 0, kS,
          "A packet that comes again so soon is a mirror's second copy: counted, and a UDP datagram is not "
          "read again. 0: not looked for."),
      [](Config& c) { return DurationValue{&c.decode.duplicate_window}; });

  add(ranged(
          "flow.max_flows", 1024, 1 << 28,
          "Flows kept at once, all workers together; then the longest idle one goes, half-open ones and UDP "
          "first while they have more than a sixteenth."),
      [](Config& c) { return &c.flow.max_flows; });
  add(ranged("flow.memory", 16 * kMiB, 1024 * kGiB, "For the flow table, all workers together."),
      [](Config& c) { return SizeValue{&c.flow.memory_bytes}; });
  add(ranged("flow.session_memory", 16 * kMiB, 1024 * kGiB,
             "For the flows that are being read, all workers together: their parsers, and what these hold of "
             "the "
             "wire; silent flows between two messages take none. Then the flow that has been silent longest "
             "goes."),
      [](Config& c) { return SizeValue{&c.flow.session_memory_bytes}; });
  add(ranged("flow.timeout.tcp_opening", kS, kDay,
             "A TCP connection that has not opened, and has no data, is over after so much silence."),
      [](Config& c) { return DurationValue{&c.flow.timeouts.tcp_opening}; });
  add(ranged("flow.timeout.tcp_established", kS, 7 * kDay, "The same for an established one."),
      [](Config& c) { return DurationValue{&c.flow.timeouts.tcp_established}; });
  add(ranged("flow.timeout.tcp_closing", kS, kDay, "The same after FIN or RST."),
      [](Config& c) { return DurationValue{&c.flow.timeouts.tcp_closing}; });
  add(ranged("flow.timeout.udp", kS, kDay, "The same for UDP."),
      [](Config& c) { return DurationValue{&c.flow.timeouts.udp}; });

  add(ranged("defragment.memory", kMiB, 64 * kGiB,
             "For IP fragments whose datagram is not whole, each worker; then the datagram that has waited "
             "longest is read as far as it came."),
      [](Config& c) { return SizeValue{&c.defragment.memory_bytes}; });
  add(ranged("defragment.timeout_ipv4", kS, kDay,
             "An IPv4 datagram is read as far as it came so much capture time after its first fragment."),
      [](Config& c) { return DurationValue{&c.defragment.options.timeout_ipv4}; });
  add(ranged("defragment.timeout_ipv6", kS, kDay, "The same for IPv6."),
      [](Config& c) { return DurationValue{&c.defragment.options.timeout_ipv6}; });
  add(ranged("defragment.max_fragments", 16, 65'536,
             "Fragments of one datagram that are waited for, plain repeats apart."),
      [](Config& c) { return &c.defragment.options.max_fragments; });

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

  add(ranged("inspect.depth", 0, 1024 * kGiB,
             "So much of each direction of a flow is read; what lies deeper is counted as `depth`, and costs "
             "next "
             "to nothing. 0: everything."),
      [](Config& c) { return SizeValue{&c.inspect.depth}; });
  add(chosen(
          "decode.checksums", {"trust", "verify", "auto"},
          "What a wrong IPv4, TCP or UDP checksum means. `verify`: the packet is not read, and counted as "
          "`checksum`. `auto`: where others of its sender on the connection are right, a TCP segment waits "
          "for "
          "the receiver's acknowledgement or for another version, and both are read; a datagram is not read. "
          "Senders whose card fills the sums in are recognised. `trust`: sums are not looked at."),
      [](Config& c) { return &c.reassembly.checksums; });
  add(chosen(
          "reassembly.policy", {kTargetPolicyNames.begin(), kTargetPolicyNames.end()},
          "Which of two versions of the same bytes a receiver keeps while they wait for what is before them; "
          "every other version is read as well, as an item of its own. `linux` is what most servers run; "
          "Windows since Vista is `first`, macOS is `bsd`."),
      [](Config& c) { return &c.reassembly.policy; });
  add(about("reassembly.targets", "Receivers that differ from `reassembly.policy`; see below.",
            "[{ networks: [10.1.0.0/16], policy: windows }]"),
      [](Config& c) { return &c.reassembly.targets; });

  add(about("inspect.exclude.networks",
            "Flows with an end in one of these must not be read: counted as `excluded`.", "[10.9.0.0/16]"),
      [](Config& c) { return &c.inspect.excluded_networks; });
  add(about("inspect.exclude.hosts",
            "What goes to or comes from hosts like one of these (without port; `*` and `?`) must not be "
            "read: counted as "
            "`excluded`. A host name is what the client says, and an answer whose request was missed has "
            "none: addresses "
            "are surer.",
            "[\"health.example\", \"*.union.example\"]"),
      [](Config& c) { return &c.inspect.excluded_hosts; });
  add(ranged("content.memory", 16 * kMiB, 1024 * kGiB, "For what open items keep, all workers together."),
      [](Config& c) { return SizeValue{&c.content.memory_bytes}; });
  add(ranged("content.max_item", kMiB, 64 * kGiB,
             "What is read of one item after decompression; the rest is counted "
             "as `undecodable`."),
      [](Config& c) { return SizeValue{&c.content.max_item_bytes}; });
  add(ranged("content.max_ratio", 10, 1'000'000,
             "Decompressed bytes for one compressed, judged after the first 64 MiB: "
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
             "How long the end waits until every alert is delivered: from the end of the input, or the "
             "signal that "
             "asks for it. 0: until it is, or a second signal."),
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
             {"inspect.exclude.users", "users"},
             {"mail", "mail"},
             {"health", "health records"},
             {"audit", "audit records"},
             {"flows", "flow records"},
             {"spool", "the spool on disk"},
             {"output.spool", "the spool on disk"},
             {"alerts.repeat", "folding of repeats"}};
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
