// The configuration: one YAML file, read into the stages' own options structs.
//
// load_config (or parse_config) once at start and at every reload; the app hands each stage its part. Every
// field is one row of a table (field_table.h): from it come parsing, the messages, the reference page and the
// JSON schema.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sensor/alert/item_alerts.h"
#include "sensor/base/cpus.h"
#include "sensor/base/target_policy.h"
#include "sensor/capture/dpdk_source.h"
#include "sensor/decode/decode_options.h"
#include "sensor/decode/defragmenter.h"
#include "sensor/decode/steering.h"
#include "sensor/flow/flow.h"
#include "sensor/output/kafka_sink.h"
#include "sensor/policy/policy_spec.h"
#include "sensor/reassembly/tcp_shared.h"

namespace weir {

// Who decides which worker gets a packet of a live source.
enum class CaptureSteer : uint8_t {
  kAuto,      // the source where it can, else hand-over
  kSource,    // the kernel (PACKET_FANOUT), the card (RSS)
  kHandOver,  // one receiver, which reads tunnels' inner addresses too
};

struct CaptureConfig {
  std::string interface;  // for `weir run`; empty: must come from -i
  CaptureSteer steer = CaptureSteer::kAuto;
  DpdkOptions dpdk;
  int64_t timeout_ns = 10'000'000;
  std::string filter;  // BPF
  uint32_t snaplen = 65535;
  uint64_t buffer_bytes = uint64_t{64} << 20;
  bool promiscuous = true;
};

struct DecodeConfig {
  uint32_t max_tunnels = DecodeOptions().max_tunnels;
  std::vector<uint16_t> vxlan_ports = TunnelPorts::defaults().of(LayerKind::kVxlan);
  std::vector<uint16_t> geneve_ports = TunnelPorts::defaults().of(LayerKind::kGeneve);
  std::vector<uint16_t> gtp_ports = TunnelPorts::defaults().of(LayerKind::kGtp);
  std::vector<uint16_t> teredo_ports = TunnelPorts::defaults().of(LayerKind::kTeredo);
  std::vector<uint16_t> l2tp_ports = TunnelPorts::defaults().of(LayerKind::kL2tp);
  std::vector<uint16_t> mpls_ports = TunnelPorts::defaults().of(LayerKind::kMpls);
  std::vector<std::string> tenant;  // "vlan", "vni", "gre_key", "isid"
  int64_t duplicate_window = DecodeOptions().duplicate_window;

  using PortList = std::pair<LayerKind, const std::vector<uint16_t>*>;
  std::array<PortList, 6> ports() const {
    return {PortList(LayerKind::kVxlan, &vxlan_ports), PortList(LayerKind::kGeneve, &geneve_ports),
            PortList(LayerKind::kGtp, &gtp_ports),     PortList(LayerKind::kTeredo, &teredo_ports),
            PortList(LayerKind::kL2tp, &l2tp_ports),   PortList(LayerKind::kMpls, &mpls_ports)};
  }
};

struct WorkersConfig {
  uint32_t count = 0;  // 0: one a core
  CpuList cpus;
  CpuList receiver_cpus;
  CpuList output_cpus;
  SteerBy steer = SteerBy::kAddress;
  uint32_t queue = 16384;  // packets that wait for one worker where they are handed over
};

struct FlowConfig {
  FlowTimeouts timeouts;
  uint32_t max_flows = 4'000'000;                       // all workers together
  uint64_t memory_bytes = uint64_t{1} << 30;            // all workers together
  uint64_t session_memory_bytes = uint64_t{512} << 20;  // all workers together
};

struct DefragmentConfig {
  DefragmentOptions options;
  uint64_t memory_bytes = uint64_t{32} << 20;  // of each worker
};

enum class ChecksumMode : uint8_t {
  kTrust,   // not looked at
  kVerify,  // a wrong one makes the packet unread
  kAuto,    // a wrong one among right ones makes it doubtful
};

struct ReassemblyConfig {
  TcpOptions tcp;
  TargetPolicy policy = TargetPolicy::kLinux;
  std::vector<TargetRule> targets;
  ChecksumMode checksums = ChecksumMode::kAuto;
  uint64_t memory_bytes = uint64_t{512} << 20;  // all workers together
};

struct InspectConfig {
  uint64_t depth = 0;  // bytes of each direction of a flow that are read; 0: all
  // What must not be read: flows with an end in one of these networks, items of hosts like one of these
  // globs.
  NetworkList excluded_networks;
  std::vector<std::string> excluded_hosts;
};

struct ContentConfig {
  uint64_t memory_bytes = uint64_t{512} << 20;    // all workers together
  uint64_t max_item_bytes = uint64_t{256} << 20;  // of one item after decompression
  uint32_t max_ratio = 1000;                      // decompressed : compressed, judged after 64 MiB
};

struct MatchConfig {
  std::vector<std::string> packs;               // files or folders added to the built-in ones
  std::string cache_dir;                        // compiled patterns; empty: not kept
  uint64_t memory_bytes = uint64_t{256} << 20;  // findings of open items, all workers together
};

struct TokenConfig {
  std::string key_file;  // empty: a key in memory (replay, scan)
};

struct OutputConfig {
  std::optional<bool>
      to_stdout;     // empty: the command decides (replay: yes; run: where nothing else is given)
  std::string file;  // JSON Lines; empty: none
  std::optional<KafkaOptions> kafka;
  uint32_t drain_seconds = 0;  // how long the end waits for delivery; 0: until done or interrupted
};

enum class Role : uint8_t {
  kEnterprise,
  kProvider,  // of network services: articles may hold 5
};

// Where a field was given: its path → "weir.yaml:12", or the option that wins over the file, "--filter".
using Places = std::map<std::string, std::string, std::less<>>;

struct Config {
  std::string sensor = "weir";  // metadata.reporter, Kafka headers
  std::string tenant;           // metadata.tenant_uid; empty: absent
  Role role = Role::kEnterprise;
  CaptureConfig capture;
  WorkersConfig workers;
  DecodeConfig decode;
  FlowConfig flow;
  DefragmentConfig defragment;
  ReassemblyConfig reassembly;
  InspectConfig inspect;
  ContentConfig content;
  MatchConfig match;
  TokenConfig tokens;
  AlertOptions alerts;
  OutputConfig output;
  std::optional<bool> builtin_policies;  // empty: where the file has no policies
  // Ready for PolicySet::compile: the file's policies, or the built-in ones where it has none.
  PolicyOptions policy;
  Places places;
  // For a message about a field: where it was given, else its path.
  std::string place_of(const std::string& path) const {
    const auto given = places.find(path);
    return given == places.end() ? path : given->second;
  }
};

struct PolicyProblem;

struct ConfigProblem {
  std::string place;  // "weir.yaml:12", or the file's name alone
  std::string text;   // what is wrong and what would be right
  std::string to_string() const { return place + ": " + text; }
};

// False when something is wrong; then *problems says everything that is. `now_s`: the clock (s since the
// epoch), for "a year at most".
bool load_config(const std::string& path, int64_t now_s, Config* config,
                 std::vector<ConfigProblem>* problems);
bool parse_config(std::string_view yaml, const std::string& name, int64_t now_s, Config* config,
                  std::vector<ConfigProblem>* problems);

// What `weir replay` and `weir scan` use without a file: built-in policies that ask no direction.
Config default_replay_config();
// What `weir run` uses without a file: the same; a live port knows inside from outside.
Config default_live_config();

// Problems of PolicySet::compile in the configuration's own words.
std::vector<ConfigProblem> to_config_problems(const std::vector<PolicyProblem>& problems);

// `weir check`: the values that differ from the defaults, and what they mean.
std::string summary_text(const Config& config);
// `weir check --explain`: a sentence a policy and a sentence an exception.
// `now_s`: what has expired by then says so; 0: nothing does.
std::string explain_text(const Config& config, int64_t now_s = 0);
// `weir check --reference`: docs/configuration.md, from the field table.
std::string reference_page();
// JSON Schema 2020-12 of the file, from the field table.
std::string config_schema();

// The largest file that is read.
inline constexpr size_t kMaxConfigBytes = 4 * 1024 * 1024;

}  // namespace weir
