#ifdef WEIR_HAVE_DPDK
#include "sensor/capture/dpdk_ports.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace weir {
namespace {

// 0x6D5A over and over: swapping the addresses, or the ports, leaves the Toeplitz hash as it is (Woo and
// Park, "Scalable TCP session monitoring with symmetric receive-side scaling", 2012).
constexpr size_t kLongestKey = 64;
constexpr uint64_t kAddresses = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6;
constexpr uint64_t kFragments = RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_FRAG_IPV6;
constexpr uint32_t kSpareMbufs = 1024;  // bursts on their way, per-thread caches

std::string reason(int negative_errno) { return rte_strerror(-negative_errno); }

bool dev_info(uint16_t port, rte_eth_dev_info* info) {
  std::memset(info, 0, sizeof(*info));
  return rte_eth_dev_info_get(port, info) == 0;
}

// Hash value i → queue i modulo their number, the same on every port: the two directions of a TAP, which come
// by two ports, meet in one worker.
bool spread_evenly(uint16_t port, const rte_eth_dev_info& info, uint32_t queues) {
  if (info.reta_size == 0) return true;  // the device has no table to write; its default is round robin
  std::vector<rte_eth_rss_reta_entry64> table((info.reta_size + RTE_ETH_RETA_GROUP_SIZE - 1u) /
                                              RTE_ETH_RETA_GROUP_SIZE);
  for (uint32_t i = 0; i < info.reta_size; ++i) {
    auto& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask |= uint64_t{1} << (i % RTE_ETH_RETA_GROUP_SIZE);
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<uint16_t>(i % queues);
  }
  return rte_eth_dev_rss_reta_update(port, table.data(), info.reta_size) == 0;
}

using HashKey = std::array<uint8_t, kLongestKey>;
HashKey symmetric_key() {
  HashKey key{};
  for (size_t i = 0; i < key.size(); ++i) key[i] = i % 2 == 0 ? 0x6d : 0x5a;
  return key;
}

rte_eth_rss_conf hash_asked(HashKey* key, const rte_eth_dev_info& info) {
  rte_eth_rss_conf conf{};
  conf.rss_key = key->data();
  conf.rss_key_len = info.hash_key_size != 0 ? info.hash_key_size : uint8_t{40};
  conf.rss_hf = kAddresses | (kFragments & info.flow_type_rss_offloads);
  return conf;
}

// Asks a started device once more (some leave their defaults in place until then), and believes only what it
// then says: both address hashes, none with ports, our key.
bool hash_by_addresses(uint16_t port, const rte_eth_dev_info& info) {
  HashKey key = symmetric_key();
  rte_eth_rss_conf asked = hash_asked(&key, info);
  rte_eth_dev_rss_hash_update(port, &asked);
  HashKey has{};
  rte_eth_rss_conf now{};
  now.rss_key = has.data();
  now.rss_key_len = asked.rss_key_len;
  if (rte_eth_dev_rss_hash_conf_get(port, &now) != 0) return false;
  return (now.rss_hf & kAddresses) == kAddresses && (now.rss_hf & ~(kAddresses | kFragments)) == 0 &&
         std::equal(key.begin(), key.begin() + asked.rss_key_len, has.begin());
}

// The largest MTU up to `wanted` that the device takes. What it needs around a packet is what its two limits
// differ by; where one of them is not told, Ethernet's header and check sequence.
uint32_t mtu_for(uint32_t wanted, const rte_eth_dev_info& info) {
  const bool told = info.max_mtu != UINT16_MAX && info.max_rx_pktlen > info.max_mtu;
  const uint32_t around =
      told ? info.max_rx_pktlen - info.max_mtu : uint32_t{RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN};
  uint32_t mtu = std::min<uint32_t>(wanted, info.max_mtu);
  if (info.max_rx_pktlen > around) mtu = std::min(mtu, info.max_rx_pktlen - around);
  return std::max<uint32_t>({mtu, info.min_mtu, RTE_ETHER_MIN_MTU});
}

// Counters that tell of trouble; the rest are packets again, by queue and size.
bool tells_of_trouble(std::string_view name) {
  if (name.starts_with("tx")) return false;
  for (const std::string_view word :
       {"err", "drop", "miss", "discard", "mbuf", "no_desc", "out_of_buffer", "crc", "undersize", "oversize",
        "jabber", "illegal", "pause", "fragment"}) {
    if (name.find(word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

uint32_t mbufs_wanted(const DpdkOptions& options, uint32_t queues, uint32_t descriptors, uint64_t kept) {
  if (options.mbufs != 0) return options.mbufs;
  return static_cast<uint32_t>(
      std::min<uint64_t>(uint64_t{queues} * descriptors * 2 + kept + 2 * kSpareMbufs, 1 << 24));
}

DpdkPortSet::~DpdkPortSet() {
  for (const DpdkPort& port : ports_) {
    rte_eth_dev_stop(port.id);
    // Of devices that this set attached; others are their maker's to close.
    if (std::find(attached_.begin(), attached_.end(), port.name) != attached_.end()) {
      rte_eth_dev_info info{};
      if (dev_info(port.id, &info)) rte_dev_remove(info.device);
    }
    rte_mempool_free(port.pool);
  }
}

bool DpdkPortSet::attach(const DpdkOptions& options, std::string* error) {
  for (const std::string& wanted : options.ports) {
    DpdkPort port;
    port.name = wanted.substr(0, wanted.find(','));
    if (std::any_of(ports_.begin(), ports_.end(), [&](const DpdkPort& p) { return p.name == port.name; })) {
      *error = "port " + port.name + " is named twice";
      return false;
    }
    if (rte_eth_dev_get_port_by_name(port.name.c_str(), &port.id) != 0) {
      if (is_pci_address(wanted)) {
        *error =
            "no DPDK driver took the card " + wanted +
            ": is it there (lspci), and bound to vfio-pci (dpdk-devbind.py --status)? `weir check --devices` "
            "names the commands";
        return false;
      }
      const int failure = rte_dev_probe(wanted.c_str());
      if (failure != 0 || rte_eth_dev_get_port_by_name(port.name.c_str(), &port.id) != 0) {
        *error = "no such port: " + wanted + (failure != 0 ? " (" + reason(failure) + ")" : std::string()) +
                 "; a port is a PCI address (0000:03:00.0) or a virtual device with its arguments "
                 "(net_af_packet0,iface=eth1)";
        return false;
      }
      attached_.push_back(port.name);
    }
    rte_eth_dev_info info{};
    if (!dev_info(port.id, &info)) {
      *error = "port " + port.name + " tells nothing about itself";
      return false;
    }
    port.driver = info.driver_name != nullptr ? info.driver_name : "";
    port.node = rte_eth_dev_socket_id(port.id);
    port.plays_file = port.driver == "net_pcap" && wanted.find("rx_pcap=") != std::string::npos;
    port.has_time = port.driver == "net_pcap";
    port.cuts_length = port.driver == "net_pcap" || port.driver == "net_af_packet";
    ports_.push_back(std::move(port));
  }
  return true;
}

bool DpdkPortSet::can_steer(uint32_t queues, std::string* why) const {
  for (const DpdkPort& port : ports_) {
    rte_eth_dev_info info{};
    if (!dev_info(port.id, &info)) return false;
    if (info.max_rx_queues < queues) {
      *why = port.name + " has " + std::to_string(info.max_rx_queues) + " receive queues, " +
             std::to_string(queues) + " are wanted";
      return false;
    }
    if ((info.flow_type_rss_offloads & kAddresses) != kAddresses) {
      *why = port.name + " cannot spread packets by IPv4 and IPv6 addresses alone";
      return false;
    }
    if (info.hash_key_size > kLongestKey) {
      *why = port.name + " wants a hash key of " + std::to_string(info.hash_key_size) + " bytes";
      return false;
    }
  }
  return true;
}

bool DpdkPortSet::start(const DpdkOptions& options, uint32_t queues, bool steer, uint64_t kept, bool* refused,
                        std::string* error) {
  *refused = false;
  for (DpdkPort& port : ports_) {
    if (!configure(options, &port, queues, steer, kept, refused, error)) return false;
  }
  for (DpdkPort& port : ports_) {
    const int failure = rte_eth_dev_start(port.id);
    if (failure != 0) {
      *error = "port " + port.name + " does not start: " + reason(failure);
      return false;
    }
    // After the start: some cards forget it otherwise.
    if (options.promiscuous) rte_eth_promiscuous_enable(port.id);  // not supported: virtual devices take all
    rte_eth_stats_reset(port.id);
    if (!steer) continue;
    rte_eth_dev_info info{};
    if (!dev_info(port.id, &info) || !spread_evenly(port.id, info, queues) ||
        !hash_by_addresses(port.id, info)) {
      *error = "port " + port.name + " does not spread packets over its queues as asked";
      *refused = true;
      return false;
    }
  }
  // net_pcap registers the field when its queues are set up.
  const int field = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, nullptr);
  const int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, nullptr);
  if (field >= 0 && flag >= 0) {
    time_offset_ = field;
    time_flag_ = uint64_t{1} << flag;
  }
  refresh();
  return true;
}

bool DpdkPortSet::configure(const DpdkOptions& options, DpdkPort* port, uint32_t queues, bool steer,
                            uint64_t kept, bool* refused, std::string* error) {
  rte_eth_dev_stop(port->id);
  rte_eth_dev_info info{};
  if (!dev_info(port->id, &info)) {
    *error = "port " + port->name + " tells nothing about itself";
    return false;
  }
  if (queues > info.max_rx_queues) {
    *error = "port " + port->name + " has " + std::to_string(info.max_rx_queues) +
             " receive queues: capture.dpdk.queues asks for " + std::to_string(queues);
    return false;
  }
  HashKey key = symmetric_key();
  rte_eth_conf conf{};
  conf.rxmode.mtu = mtu_for(options.mtu, info);
  // A packet larger than a buffer comes in several; tags stay in the packet.
  conf.rxmode.offloads = RTE_ETH_RX_OFFLOAD_SCATTER & info.rx_offload_capa;
  if (steer) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_RSS_HASH & info.rx_offload_capa;
    conf.rx_adv_conf.rss_conf = hash_asked(&key, info);
  }
  int failure = rte_eth_dev_configure(port->id, static_cast<uint16_t>(queues), 0, &conf);
  if (failure != 0) {
    *refused = steer;
    *error = "port " + port->name + " does not take its configuration: " + reason(failure);
    return false;
  }
  uint16_t descriptors = static_cast<uint16_t>(options.rx_descriptors);
  uint16_t none = 0;
  rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &descriptors, &none);
  port->queues = static_cast<uint16_t>(queues);
  port->descriptors = descriptors;
  port->mbufs = mbufs_wanted(options, queues, descriptors, kept);
  const uint64_t least = uint64_t{queues} * descriptors + kept / 4 + kSpareMbufs;
  if (port->mbufs < least) {
    *error = "capture.dpdk.mbufs: " + std::to_string(port->mbufs) + " are too few for " +
             std::to_string(queues) + " queues of " + std::to_string(descriptors) +
             " descriptors; at least " + std::to_string(least);
    return false;
  }
  if (port->pool == nullptr) {
    const std::string name = "weir_" + std::to_string(port->id);
    port->pool = rte_pktmbuf_pool_create(name.c_str(), port->mbufs, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
                                         port->node < 0 ? SOCKET_ID_ANY : port->node);
    if (port->pool == nullptr) {
      *error = "no memory for " + std::to_string(port->mbufs) + " packet buffers of port " + port->name +
               ": " + rte_strerror(rte_errno) + "; fewer capture.dpdk.mbufs, more huge pages, or more of -m";
      return false;
    }
  }
  for (uint16_t queue = 0; queue < queues; ++queue) {
    failure = rte_eth_rx_queue_setup(port->id, queue, descriptors,
                                     static_cast<unsigned>(std::max(0, port->node)), nullptr, port->pool);
    if (failure != 0) {
      *error = "receive queue " + std::to_string(queue) + " of port " + port->name + ": " + reason(failure);
      return false;
    }
  }
  return true;
}

std::vector<std::string> DpdkPortSet::notes() const {
  std::vector<std::string> notes;
  for (const DpdkPort& port : ports_) {
    rte_eth_link link{};
    std::string state = "link unknown";
    if (rte_eth_link_get_nowait(port.id, &link) == 0) {
      state = link.link_status == RTE_ETH_LINK_DOWN ? "link down" : "link up";
      if (link.link_status != RTE_ETH_LINK_DOWN && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN) {
        state += ", " + std::to_string(link.link_speed) + " Mbit/s";
      }
    }
    notes.push_back("port " + port.name + " (" + port.driver + "): " + std::to_string(port.queues) +
                    (port.queues == 1 ? " queue of " : " queues of ") + std::to_string(port.descriptors) +
                    ", " + std::to_string(port.mbufs) + " packet buffers, NUMA node " +
                    (port.node < 0 ? "unknown" : std::to_string(port.node)) + ", " + state);
  }
  return notes;
}

void DpdkPortSet::refresh() {
  uint64_t missed = 0;
  uint64_t damaged = 0;
  uint64_t no_buffer = 0;
  uint64_t down = 0;
  for (size_t i = 0; i < ports_.size(); ++i) {
    rte_eth_stats stats{};
    if (rte_eth_stats_get(ports_[i].id, &stats) == 0) {
      missed += stats.imissed;
      damaged += stats.ierrors;
      no_buffer += stats.rx_nombuf;
    }
    rte_eth_link link{};
    if (i < 64 && rte_eth_link_get_nowait(ports_[i].id, &link) == 0 &&
        link.link_status == RTE_ETH_LINK_DOWN) {
      down |= uint64_t{1} << i;
    }
  }
  missed_.store(missed, std::memory_order_relaxed);
  damaged_.store(damaged, std::memory_order_relaxed);
  no_buffer_.store(no_buffer, std::memory_order_relaxed);
  links_down_.store(down, std::memory_order_relaxed);
}

SourceStats DpdkPortSet::stats() const {
  SourceStats s;
  s.interface_drops = missed_.load(std::memory_order_relaxed);
  s.damaged = damaged_.load(std::memory_order_relaxed);
  s.no_buffer = no_buffer_.load(std::memory_order_relaxed);
  return s;
}

std::string DpdkPortSet::problem() const {
  const uint64_t down = links_down_.load(std::memory_order_relaxed);
  std::string text;
  for (size_t i = 0; i < ports_.size() && i < 64; ++i) {
    if ((down >> i & 1) == 0) continue;
    text += (text.empty() ? "" : "; ") + ("port " + ports_[i].name) +
            ": the link is down; check the cable and the mirror at the switch";
  }
  return text;
}

std::vector<NamedCount> DpdkPortSet::extended_stats() const {
  std::vector<NamedCount> all;
  for (const DpdkPort& port : ports_) {
    const int n = rte_eth_xstats_get_names(port.id, nullptr, 0);
    if (n <= 0) continue;
    std::vector<rte_eth_xstat_name> names(static_cast<size_t>(n));
    std::vector<rte_eth_xstat> values(static_cast<size_t>(n));
    if (rte_eth_xstats_get_names(port.id, names.data(), static_cast<unsigned>(n)) != n ||
        rte_eth_xstats_get(port.id, values.data(), static_cast<unsigned>(n)) != n) {
      continue;
    }
    for (const rte_eth_xstat& value : values) {
      if (value.value == 0 || value.id >= names.size()) continue;
      const std::string_view name(names[value.id].name,
                                  strnlen(names[value.id].name, RTE_ETH_XSTATS_NAME_SIZE));
      if (tells_of_trouble(name)) all.push_back({port.name + " " + std::string(name), value.value});
    }
  }
  return all;
}

}  // namespace weir
#endif
