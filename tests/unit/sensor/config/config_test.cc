// The configuration's values, messages and pages.
#include "sensor/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// 2026-11-23 00:00:00 UTC (date -u -d 2026-11-23 +%s).
constexpr int64_t kNow = 1'795'392'000;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

struct Loaded {
  bool ok = false;
  Config config;
  std::vector<std::string> problems;
  std::string first() const { return problems.empty() ? "" : problems[0]; }
};

Loaded load(std::string_view yaml) {
  Loaded out;
  std::vector<ConfigProblem> problems;
  out.ok = parse_config(yaml, "weir.yaml", kNow, &out.config, &problems);
  for (const ConfigProblem& p : problems) out.problems.push_back(p.to_string());
  EXPECT_EQ(out.ok, problems.empty());
  return out;
}

TEST(Config, AnEmptyFileHasTheBuiltinPolicies) {
  for (const char* text : {"", "# nothing\n", "---\n", "capture:\n"}) {
    const Loaded l = load(text);
    ASSERT_TRUE(l.ok) << text << l.first();
    EXPECT_EQ(l.config.policy.policies.size(), builtin_policies().size()) << text;
    EXPECT_TRUE(l.config.policy.ask_direction);
    EXPECT_EQ(l.config.capture.snaplen, 65535u);
    EXPECT_FALSE(l.config.output.kafka.has_value());
  }
}

// What is found wrong only later is told with its line all the same.
TEST(Config, RemembersWhereEachFieldWasGiven) {
  const Config config =
      load(
          "sensor: a\ncapture:\n  filter: tcp\noutput:\n  kafka:\n    brokers: h:1\n    properties:\n"
          "      acks: all\n      linger.ms: 7\npolicies:\n  - id: p\n")
          .config;
  const std::pair<const char*, const char*> lines[] = {{"sensor", "weir.yaml:1"},
                                                       {"capture.filter", "weir.yaml:3"},
                                                       {"output.kafka.brokers", "weir.yaml:6"},
                                                       {"output.kafka.properties", "weir.yaml:7"},
                                                       {"output.kafka.properties.linger.ms", "weir.yaml:9"},
                                                       {"policies", "weir.yaml:10"},
                                                       {"capture.snaplen", "capture.snaplen"}};
  for (const auto& [path, place] : lines) EXPECT_EQ(config.place_of(path), place) << path;
  EXPECT_FALSE(config.places.contains("id")) << "a policy's own field is none of the file's";
}

TEST(Config, EveryKindOfValueReachesItsOptions) {
  const Loaded l = load(R"(
sensor: edge-7
tenant: t-1
role: provider
workers: { count: 3 }
capture: { interface: eth1, filter: "not port 22", snaplen: 1500, buffer: 128 MiB, promiscuous: false }
decode: { max_tunnels: 3, ports: { vxlan: [4789, 48879], geneve: 6082, gtp: [2153], teredo: [1], l2tp: [2], mpls: [3] },
          tenant: [vlan, vni], duplicate_window: 2ms }
flow: { max_flows: 5000, memory: 2GiB, timeout: { tcp_opening: 15s, tcp_established: 2h, tcp_closing: 5s, udp: 90s } }
defragment: { memory: 8MiB, timeout_ipv4: 20s, timeout_ipv6: 40s, max_fragments: 100 }
reassembly: { memory: 33554432, hold_packets: 64, hold_time: 150ms, hold_limit: 1MiB }
content: { memory: 64MiB, max_item: 10MiB, max_ratio: 200 }
match: { packs: [a.yaml, b], cache_dir: /c, memory: 16MiB }
tokens: { key_file: /k }
networks: { internal: [10.0.0.0/8, "2001:db8::/32", 198.51.100.7] }
alerts: { max_subjects: 5 }
output:
  stdout: true
  file: a.jsonl
  drain_seconds: 30
  kafka:
    brokers: "k1:9092,k2:9092"
    topic_prefix: dlp
    topics: { alerts: dlp-alerts }
    properties: { linger.ms: 20, security.protocol: ssl, enable.idempotence: true }
    max_records: 5000
    max_bytes: 1MiB
)");
  ASSERT_TRUE(l.ok) << l.first();
  const Config& c = l.config;
  EXPECT_EQ(c.sensor, "edge-7");
  EXPECT_EQ(c.tenant, "t-1");
  EXPECT_EQ(c.role, Role::kProvider);
  EXPECT_EQ(c.workers.count, 3u);
  EXPECT_EQ(c.capture.interface, "eth1");
  EXPECT_EQ(c.capture.filter, "not port 22");
  EXPECT_EQ(c.capture.snaplen, 1500u);
  EXPECT_EQ(c.capture.buffer_bytes, 134'217'728u);
  EXPECT_FALSE(c.capture.promiscuous);
  EXPECT_EQ(c.decode.max_tunnels, 3u);
  EXPECT_THAT(c.decode.vxlan_ports, ElementsAre(4789, 48879));
  EXPECT_THAT(c.decode.geneve_ports, ElementsAre(6082));
  EXPECT_THAT(c.decode.gtp_ports, ElementsAre(2153));
  EXPECT_THAT(c.decode.teredo_ports, ElementsAre(1));
  EXPECT_THAT(c.decode.l2tp_ports, ElementsAre(2));
  EXPECT_THAT(c.decode.mpls_ports, ElementsAre(3));
  EXPECT_THAT(c.decode.tenant, ElementsAre("vlan", "vni"));
  EXPECT_EQ(c.decode.duplicate_window, 2'000'000);
  EXPECT_EQ(c.flow.max_flows, 5000u);
  EXPECT_EQ(c.flow.memory_bytes, 2'147'483'648u);
  EXPECT_EQ(c.flow.timeouts.tcp_opening, 15'000'000'000);
  EXPECT_EQ(c.flow.timeouts.tcp_established, 7'200'000'000'000);
  EXPECT_EQ(c.flow.timeouts.tcp_closing, 5'000'000'000);
  EXPECT_EQ(c.flow.timeouts.udp, 90'000'000'000);
  EXPECT_EQ(c.defragment.memory_bytes, 8'388'608u);
  EXPECT_EQ(c.defragment.options.timeout_ipv4, 20'000'000'000);
  EXPECT_EQ(c.defragment.options.timeout_ipv6, 40'000'000'000);
  EXPECT_EQ(c.defragment.options.max_fragments, 100u);
  EXPECT_EQ(c.reassembly.memory_bytes, 33'554'432u);
  EXPECT_EQ(c.reassembly.tcp.hold_packets, 64u);
  EXPECT_EQ(c.reassembly.tcp.hold_time, 150'000'000);
  EXPECT_EQ(c.reassembly.tcp.hold_limit, 1'048'576u);
  EXPECT_EQ(c.content.memory_bytes, 67'108'864u);
  EXPECT_EQ(c.content.max_item_bytes, 10'485'760u);
  EXPECT_EQ(c.content.max_ratio, 200u);
  EXPECT_THAT(c.match.packs, ElementsAre("a.yaml", "b"));
  EXPECT_EQ(c.match.cache_dir, "/c");
  EXPECT_EQ(c.match.memory_bytes, 16'777'216u);
  EXPECT_EQ(c.tokens.key_file, "/k");
  ASSERT_EQ(c.policy.internal.networks().size(), 3u);
  EXPECT_EQ(c.policy.internal.networks()[2].to_string(), "198.51.100.7/32");
  EXPECT_EQ(c.alerts.max_subjects, 5u);
  EXPECT_EQ(c.output.to_stdout, true);
  EXPECT_EQ(c.output.file, "a.jsonl");
  EXPECT_EQ(c.output.drain_seconds, 30u);
  ASSERT_TRUE(c.output.kafka.has_value());
  const KafkaOptions& k = *c.output.kafka;
  EXPECT_EQ(k.brokers, "k1:9092,k2:9092");
  EXPECT_EQ(k.topic_prefix, "dlp");
  EXPECT_EQ(k.topics.at("alerts"), "dlp-alerts");
  EXPECT_EQ(k.properties.at("linger.ms"), "20");
  EXPECT_EQ(k.properties.at("enable.idempotence"), "true");
  EXPECT_EQ(k.sensor, "edge-7");
  EXPECT_EQ(k.max_records, 5000u);
  EXPECT_EQ(k.max_bytes, 1'048'576u);
}

// The policy of the design's own page, with what this version does not have left out.
TEST(Config, ReadsPolicies) {
  const Loaded l = load(R"(
networks: { internal: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7] }
policies:
  - id: identity-outbound
    group: personal-data
    title: { en: Identity documents leave the network, zh: 身份证件外传 }
    articles: [4]
    when: { direction: outbound, categories: [identity, travel], min_confidence: medium, distinct: 1 }
    except:
      - { hosts: ["*.partner.example"], reason: "contract 17", by: dpo, until: 2027-06-30 }
    actions: [alert]
  - id: bulk
    title: Many persons
    when:
      direction: [outbound, external]
      detectors: ["cn.*"]
      labelled: true
      distinct: 100
      all_of: [identity, contact]
      protocols: http
      hosts: ["*.example"]
      urls: ["*/up/*"]
      addresses: [203.0.113.0/24]
      ports: [443, 8000-8100]
      vlans: [7]
      file_types: ["text/*"]
      file_names: ["*.csv"]
      users: [bob]
    severity: critical
)");
  ASSERT_TRUE(l.ok) << l.first();
  ASSERT_EQ(l.config.policy.policies.size(), 2u);
  const PolicySpec& a = l.config.policy.policies[0];
  EXPECT_EQ(a.id, "identity-outbound");
  EXPECT_EQ(a.group, "personal-data");
  EXPECT_EQ(a.title_en, "Identity documents leave the network");
  EXPECT_EQ(a.title_zh, "身份证件外传");
  EXPECT_EQ(a.place, "weir.yaml:4");
  EXPECT_THAT(a.when.directions, ElementsAre(Way::kOutbound));
  EXPECT_THAT(a.when.categories, ElementsAre("identity", "travel"));
  EXPECT_FALSE(a.severity.has_value());
  ASSERT_EQ(a.except.size(), 1u);
  EXPECT_EQ(a.except[0].reason, "contract 17");
  EXPECT_EQ(a.except[0].by, "dpo");
  // date -u -d '2027-06-30 23:59:59' +%s
  EXPECT_EQ(a.except[0].until, 1'814'399'999);
  EXPECT_EQ(a.except[0].place, "weir.yaml:10");
  const PolicySpec& b = l.config.policy.policies[1];
  EXPECT_EQ(b.title_en, "Many persons");
  EXPECT_EQ(b.group, "");
  EXPECT_THAT(b.articles, ElementsAre(4));
  EXPECT_THAT(b.when.directions, ElementsAre(Way::kOutbound, Way::kExternal));
  EXPECT_TRUE(b.when.labelled);
  EXPECT_EQ(b.when.distinct, 100u);
  EXPECT_EQ(b.when.min_confidence, Confidence::kMedium);
  EXPECT_THAT(b.when.protocols, ElementsAre("http"));
  ASSERT_EQ(b.when.ports.size(), 2u);
  EXPECT_EQ(b.when.ports[0].first, 443);
  EXPECT_EQ(b.when.ports[0].last, 443);
  EXPECT_EQ(b.when.ports[1].last, 8100);
  EXPECT_THAT(b.when.vlans, ElementsAre(7));
  EXPECT_EQ(b.severity, Severity::kCritical);
}

TEST(Config, BuiltinPoliciesCanStandBesideOnesOwnOrGoAway) {
  const size_t builtin = builtin_policies().size();
  EXPECT_EQ(load("policies: [{ id: a }]").config.policy.policies.size(), 1u);
  EXPECT_EQ(load("builtin_policies: true\npolicies: [{ id: a }]").config.policy.policies.size(), builtin + 1);
  EXPECT_EQ(load("builtin_policies: false").config.policy.policies.size(), 0u);
  EXPECT_EQ(load("policies: []").config.policy.policies.size(), 0u);
  EXPECT_THAT(load("builtin_policies: true\npolicies: [{ id: card-outbound }]").first(),
              HasSubstr("two policies"));
}

TEST(Config, TunnelPortsAreFewEnough) {
  std::string ports = "2152";
  for (int i = 1; i < 57; ++i) ports += ", " + std::to_string(3000 + i);
  EXPECT_TRUE(load(("decode: { ports: { gtp: [" + ports + "] } }").c_str()).ok);
  EXPECT_THAT(load(("decode: { ports: { gtp: [" + ports + ", 4000] } }").c_str()).first(),
              HasSubstr("65 ports; at most 64 in all"));
}

struct Wrong {
  const char* yaml;
  const char* place;
  const char* text;
};

TEST(Config, SaysWhatIsWrongAndWhere) {
  const std::vector<Wrong> cases = {
      {"capture:\n  snaplenn: 1500\n", "weir.yaml:2", "did you mean `snaplen`?"},
      {"captur:\n  snaplen: 1500\n", "weir.yaml:1", "did you mean `capture`?"},
      {"snaplen: 1500\n", "weir.yaml:1", "there is `capture.snaplen`"},
      {"\n\nzzzzzz: 1\n", "weir.yaml:3", "\"zzzzzz\" is not known; there is `sensor`"},
      {"flow:\n  max_flows: many\n", "weir.yaml:2", "from 1024 to 268435456"},
      {"flow:\n  max_flows: 99999999999999999999999\n", "weir.yaml:2", "whole number"},
      {"flow:\n  max_flows: 1e6\n", "weir.yaml:2", "whole number"},
      {"flow:\n  max_flows: -5\n", "weir.yaml:2", "whole number"},
      {"flow: { memory: 4 }", "weir.yaml:1", "must be a size from 16MiB"},
      {"flow: { memory: 1GB }", "weir.yaml:1", "GiB"},
      {"flow: { memory: 99999999999999TiB }", "weir.yaml:1", "must be a size"},
      {"flow: { timeout: { udp: 120 } }", "weir.yaml:1", "with its unit"},
      {"decode: { max_tunnels: 13 }", "weir.yaml:1", "from 0 to 12"},
      {"decode: { tenant: [vnid] }", "weir.yaml:1", "did you mean vni?"},
      {"decode: { ports: { vxlan: [0] } }", "weir.yaml:1", "from 1 to 65535"},
      {"flow: { timeout: { udp: 1w } }", "weir.yaml:1", "with its unit"},
      {"flow: { timeout: 30s }", "weir.yaml:1", "`flow.timeout` must be a map"},
      {"flow: [1]", "weir.yaml:1", "must be a map (key: value), not a list"},
      {"capture: { promiscuous: yes }", "weir.yaml:1", "must be true or false"},
      {"capture: { snaplen: [1, 2] }", "weir.yaml:1", "must be a single value, not a list"},
      {"capture: { snaplen: }", "weir.yaml:1", "`capture.snaplen` has no value"},
      {"sensor: \"\"", "weir.yaml:1", "is empty"},
      {"sensor: \"a\\u0007b\"", "weir.yaml:1", "control character"},
      {"sensor: a\nsensor: b\n", "weir.yaml:2", "given twice; first in line 1"},
      {"role: provder", "weir.yaml:1", "did you mean provider?"},
      {"networks: { internal: [10.0.0.1/8] }", "weir.yaml:1", "10.0.0.0/8 is the network"},
      {"networks: { internal: [10.0.0.0/33] }", "weir.yaml:1", "0 to 32"},
      {"networks: { internal: [example] }", "weir.yaml:1", "no address or network"},
      {"networks: { internal: [] }", "weir.yaml:1", "1 to"},
      {"output: { kafka: { topic_prefix: a } }", "weir.yaml:1", "`output.kafka` needs `brokers`"},
      {"output:\n  kafka:\n", "weir.yaml", "`output.kafka` needs `brokers`"},
      {"output: { kafka: { brokers: a, topics: { alert: x } } }", "weir.yaml:1", "did you mean alerts?"},
      {"output: { kafka: { brokers: a, properties: [a] } }", "weir.yaml:1", "must be a map"},
      {"- a\n- b\n", "weir.yaml:1", "must be a map"},
      {"just text", "weir.yaml:1", "must be a map"},
      {"a: [1, 2", "weir.yaml:", "this is no YAML"},
      {"a: b\n---\nc: d\n", "weir.yaml", "more than one document"},
      {"{[a]: b}", "weir.yaml:1", "a key must be a word"},
      // Policies.
      {"policies: { id: a }", "weir.yaml:1", "must be a list"},
      {"policies: [a]", "weir.yaml:1", "must be a map"},
      {"policies:\n  - group: a\n", "weir.yaml:2", "needs an `id`"},
      {"policies: [{ id: a }, { id: a }]", "weir.yaml:1", "two policies \"a\""},
      {"policies: [{ id: a, articles: [5] }]", "weir.yaml:1", "`role: provider`"},
      {"policies: [{ id: a, articles: [13] }]", "weir.yaml:1", "from 1 to 12"},
      {"policies: [{ id: a, severity: hihg }]", "weir.yaml:1", "did you mean high?"},
      {"policies: [{ id: a, when: { direction: outbond } }]", "weir.yaml:1", "did you mean outbound?"},
      {"policies: [{ id: a, when: { categories: [identty] } }]", "weir.yaml:1", "did you mean identity?"},
      {"policies: [{ id: a, when: { min_confidence: none } }]", "weir.yaml:1", "low, medium or high"},
      {"policies: [{ id: a, when: { distinct: 0 } }]", "weir.yaml:1", "from 1 to 65536"},
      {"policies: [{ id: a, when: { ports: [70000] } }]", "weir.yaml:1", "is no port"},
      {"policies: [{ id: a, when: { ports: [90-80] } }]", "weir.yaml:1", "is no port"},
      {"policies: [{ id: a, when: { vlans: [4096] } }]", "weir.yaml:1", "from 0 to 4095"},
      {"policies: [{ id: a, title: { fr: b } }]", "weir.yaml:1", "\"fr\" is not known"},
      // What belongs to a later version.
      {"policies: [{ id: a, actions: [alert, evidence] }]", "weir.yaml:1",
       "\"evidence\" is not in this version"},
      {"policies: [{ id: a, actions: [reset] }]", "weir.yaml:1", "\"reset\" is not in this version"},
      {"policies: [{ id: a, actions: [block] }]", "weir.yaml:1", "\"block\" is not in this version"},
      {"policies: [{ id: a, actions: [shout] }]", "weir.yaml:1", "is no action"},
      {"policies: [{ id: a, when: { window: 24h } }]", "weir.yaml:1", "is not in this version"},
      {"policies: [{ id: a, when: { by: sender } }]", "weir.yaml:1", "is not in this version"},
      {"inspect: { exclude: { users: [a] } }", "weir.yaml:1", "is not in this version"},
      {"alerts: { repeat: 1h }", "weir.yaml:1", "is not in this version"},
      {"workers: { steer: ports }", "weir.yaml:1", "steer"},
      {"workers: { cpus: [0, two] }", "weir.yaml:1", "\"two\" is no CPU"},
      {"workers: { cpus: [3-1] }", "weir.yaml:1", "\"3-1\" is no CPU"},
      {"workers: { cpus: [auto, 1] }", "weir.yaml:1", "\"auto\" is no CPU"},
      {"workers: { cpus: [1-3, 2] }", "weir.yaml:1", "CPU 2 is named twice"},
      {"capture: { steer: fanout }", "weir.yaml:1", "steer"},
      {"capture: { dpdk: { burst: 65 } }", "weir.yaml:1", "from 1 to 64"},
      {"capture: { dpdk: { port: eth0 } }", "weir.yaml:1", "did you mean"},
      // Exceptions.
      {"policies: [{ id: a, except: [{ hosts: [b], by: c, until: 2027-01-01 }] }]", "weir.yaml:1",
       "needs a `reason`"},
      {"policies: [{ id: a, except: [{ hosts: [b], reason: c, until: 2027-01-01 }] }]", "weir.yaml:1",
       "needs `by`"},
      {"policies: [{ id: a, except: [{ hosts: [b], reason: c, by: d }] }]", "weir.yaml:1", "needs `until`"},
      {"policies: [{ id: a, except: [{ reason: c, by: d, until: 2027-01-01 }] }]", "weir.yaml:1",
       "switch the policy off"},
      {"policies: [{ id: a, except: [{ hosts: [b], reason: c, by: d, until: 2027-11-25 }] }]", "weir.yaml:1",
       "a year"},
      {"policies: [{ id: a, except: [{ hosts: [b], reason: c, by: d, until: 2027-02-29 }] }]", "weir.yaml:1",
       "a date such as"},
      {"policies: [{ id: a, except: [{ hosts: [b], reason: c, by: d, until: soon }] }]", "weir.yaml:1",
       "a date such as"},
      {"policies: [{ id: a, except: [{ host: [b], reason: c, by: d, until: 2027-01-01 }] }]", "weir.yaml:1",
       "did you mean `hosts`?"},
  };
  for (const Wrong& wrong : cases) {
    const Loaded l = load(wrong.yaml);
    EXPECT_FALSE(l.ok) << wrong.yaml;
    EXPECT_THAT(l.first(), testing::StartsWith(wrong.place)) << wrong.yaml;
    EXPECT_THAT(l.first(), HasSubstr(wrong.text)) << wrong.yaml;
  }
}

TEST(Config, TellsAllThatIsWrongAtOnceAndLeavesTheOldStateAlone) {
  Config config;
  config.sensor = "old";
  std::vector<ConfigProblem> problems;
  EXPECT_FALSE(parse_config("sensor: new\ncapture: { snaplen: 1, bufer: 2 }\nrole: x\n", "f", kNow, &config,
                            &problems));
  EXPECT_EQ(problems.size(), 3u);
  EXPECT_EQ(config.sensor, "old");
}

TEST(Config, ExceptionsEndOnAnyRealDayWithinAYear) {
  // Python: calendar.timegm((y, m, d, 23, 59, 59)).
  const std::vector<std::pair<const char*, int64_t>> days = {{"1970-01-01", 86'399},
                                                             {"2000-02-29", 951'868'799},
                                                             {"2024-02-29", 1'709'251'199},
                                                             {"2026-12-31", 1'798'761'599},
                                                             {"2027-11-24", 1'827'100'799}};
  for (const auto& [day, seconds] : days) {
    const Loaded l = load(
        "policies: [{ id: a, except: [{ users: [b], reason: c, by: d, until: " + std::string(day) + " }] }]");
    ASSERT_TRUE(l.ok) << l.first();
    EXPECT_EQ(l.config.policy.policies[0].except[0].until, seconds) << day;
  }
}

TEST(Config, LoadsFilesAndSaysWhichItCouldNot) {
  Config config;
  std::vector<ConfigProblem> problems;
  EXPECT_FALSE(load_config("no/such/file.yaml", kNow, &config, &problems));
  EXPECT_THAT(problems.at(0).to_string(), HasSubstr("no/such/file.yaml: cannot be read"));
  problems.clear();
  EXPECT_FALSE(load_config("sensor", kNow, &config, &problems)) << "a folder";
  EXPECT_THAT(problems.at(0).to_string(), HasSubstr("sensor: is a folder"));
}

TEST(Config, TheExampleIsValid) {
  Config config;
  std::vector<ConfigProblem> problems;
  ASSERT_TRUE(load_config("deploy/weir.yaml", kNow, &config, &problems)) << problems.at(0).to_string();
  EXPECT_EQ(config.policy.policies.size(), builtin_policies().size() + 1);
}

TEST(Config, SummaryShowsWhatDiffersAndNoSecret) {
  const Loaded l = load(
      "capture: { snaplen: 1500 }\noutput: { kafka: { brokers: k:1, properties: { sasl.password: hunter2 } } "
      "}");
  ASSERT_TRUE(l.ok) << l.first();
  const std::string text = summary_text(l.config);
  EXPECT_THAT(text, HasSubstr("capture.snaplen: 1500  (default 65535)"));
  EXPECT_THAT(text, HasSubstr("sasl.password: …"));
  EXPECT_THAT(text, testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, testing::Not(HasSubstr("capture.buffer")));
  EXPECT_THAT(summary_text(load("").config), HasSubstr("everything at its default"));
}

TEST(Config, ExplainsPoliciesAndExceptionsInSentences) {
  const Loaded l = load(R"(
policies:
  - id: p
    when: { direction: outbound, categories: [identity, travel], distinct: 3, hosts: ["*.x"], ports: [80] }
    severity: high
    except:
      - { addresses: [203.0.113.0/24], detectors: [cn.mobile], reason: r, by: b, until: 2020-01-31 }
)");
  ASSERT_TRUE(l.ok) << l.first();
  EXPECT_EQ(
      explain_text(l.config, kNow),
      "p: alerts on an item that leaves the network and holds at least 3 distinct values of one detector of "
      "the categories identity and travel at medium confidence or above, where the host is like \"*.x\" and "
      "the responder's port is 80; severity high.\n"
      "  except: does not count cn.mobile where an end lies in 203.0.113.0/24, until the end of 2020-01-31 "
      "(UTC): r (by b). It has expired and does not apply.\n");
}

TEST(Config, TheReferencePageIsTheOneInTheTree) {
  EXPECT_EQ(reference_page(), read_file("docs/configuration.md"))
      << "docs/configuration.md is made by `weir check --reference`";
}

// The schema says yes and no where the loader does, by Python's jsonschema.
TEST(Config, TheJsonSchemaAgreesWithTheLoader) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("weir_config_schema_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "schema.json") << config_schema();
  const std::string command =
      "python3 -B tests/unit/sensor/config/schema_agrees.py " + (folder / "schema.json").string();
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace weir
