#include "sensor/capture/device_check.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "sensor/base/cpus.h"
#include "sensor/capture/dpdk_source.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using Level = DeviceFinding::Level;

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

uint64_t number_in(const fs::path& path) {
  std::ifstream file(path);
  uint64_t value = 0;
  file >> value;
  return file ? value : 0;
}

// Names in a folder, sorted; none where it is not there.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  for (fs::directory_iterator it(folder, none), end; !none && it != end; it.increment(none)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string link_name(const fs::path& link) {
  std::error_code none;
  const fs::path target = fs::read_symlink(link, none);
  return none ? std::string() : target.filename().string();
}

class Inspector {
 public:
  explicit Inspector(const DeviceCheckOptions& options) : options_(options), root_(options.root) {}

  std::vector<DeviceFinding> run() {
    rights();
    isolation();
    const std::vector<std::string> cards = dpdk_asked() ? network_cards() : std::vector<std::string>();
    if (dpdk_asked()) {
      build();
      huge_pages();
      ways_to_cards(cards);
    }
    for (const std::string& card : cards) check_card(card);
    for (const std::string& port : options_.ports) {
      if (std::find(cards.begin(), cards.end(), port) == cards.end()) {
        add(Level::kMissing, port, "there is no network card at this PCI address.", "lspci -D | grep -i net");
      }
    }
    for (const std::string& name : interfaces()) check_interface(name);
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string subject, std::string text, std::string command = "") {
    findings_.push_back({level, std::move(subject), std::move(text), std::move(command)});
  }
  // Who names interfaces alone does not ask about DPDK; who names no port can do without it.
  bool dpdk_asked() const { return options_.interfaces.empty() || !options_.ports.empty(); }
  Level dpdk_level() const { return options_.ports.empty() ? Level::kAdvice : Level::kMissing; }
  fs::path path(const std::string& below) const { return root_ + below; }

  void build() {
    if (has_dpdk()) {
      add(Level::kGood, "DPDK", "this build has " + dpdk_version() + ".");
    } else {
      add(dpdk_level(), "DPDK", dpdk_version(), "deploy/install-deps.sh dpdk");
    }
  }

  void rights() {
    // Bits of linux/capability.h.
    constexpr struct {
      int bit;
      const char* name;
      const char* what;
    } kWanted[] = {{13, "CAP_NET_RAW", "capture on an interface"},
                   {12, "CAP_NET_ADMIN", "promiscuous mode"},
                   {14, "CAP_IPC_LOCK", "DPDK with a card"}};
    uint64_t have = 0;
    std::ifstream status(path("/proc/self/status"));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("CapEff:")) have = std::strtoull(line.c_str() + 7, nullptr, 16);
    }
    std::string lacking;
    for (const auto& one : kWanted) {
      if ((have >> one.bit & 1) != 0 || (one.bit == 14 && !dpdk_asked())) continue;
      lacking += (lacking.empty() ? "" : ", ") + std::string(one.name) + " (" + one.what + ")";
    }
    if (lacking.empty()) {
      add(Level::kGood, "permissions", "capture is allowed.");
    } else {
      add(Level::kMissing, "permissions", "not allowed to this user: " + lacking + ".",
          "sudo setcap cap_net_raw,cap_net_admin,cap_ipc_lock+ep \"$(command -v weir)\"");
    }
  }

  void huge_pages() {
    uint64_t free_mb = 0;
    uint64_t all_mb = 0;
    for (const std::string& name : names_in(path("/sys/kernel/mm/hugepages"))) {
      // hugepages-2048kB
      const uint64_t kb = std::strtoull(name.c_str() + std::min<size_t>(name.size(), 10), nullptr, 10);
      free_mb += number_in(path("/sys/kernel/mm/hugepages/" + name + "/free_hugepages")) * kb / 1024;
      all_mb += number_in(path("/sys/kernel/mm/hugepages/" + name + "/nr_hugepages")) * kb / 1024;
    }
    if (free_mb >= 512) {
      add(Level::kGood, "huge pages", std::to_string(free_mb) + " MiB are free.");
      return;
    }
    add(Level::kAdvice, "huge pages",
        (all_mb == 0
             ? std::string("there are none")
             : "only " + std::to_string(free_mb) + " of " + std::to_string(all_mb) + " MiB are free") +
            ": DPDK with a card wants 2 GiB of them. Virtual devices do without.",
        "sudo sysctl -w vm.nr_hugepages=1024");
  }

  void isolation() {
    const CpuFacts facts = read_cpu_facts(options_.root);
    std::vector<int> online;
    parse_cpu_list(first_line(path("/sys/devices/system/cpu/online")), &online);
    if (!facts.isolated.empty()) {
      add(Level::kGood, "CPUs",
          "isolated from other work: " + cpu_list_text(facts.isolated) + "; workers.cpus: auto takes them.");
      return;
    }
    if (online.size() < 4) {
      add(Level::kAdvice, "CPUs",
          "there are " + std::to_string(online.size()) +
              ": too few to keep some free of other work. Weir shares them with the system.");
      return;
    }
    add(Level::kAdvice, "CPUs",
        "none is kept free of other work: under full load the kernel takes workers off their CPU for a "
        "while.",
        "add isolcpus=2-" + std::to_string(online.back()) + " nohz_full=2-" + std::to_string(online.back()) +
            " to GRUB_CMDLINE_LINUX in /etc/default/grub, then: sudo update-grub && sudo reboot");
  }

  // PCI devices of class 02 (network controllers).
  std::vector<std::string> network_cards() const {
    std::vector<std::string> cards;
    for (const std::string& address : names_in(path("/sys/bus/pci/devices"))) {
      if (!first_line(path("/sys/bus/pci/devices/" + address + "/class")).starts_with("0x02")) continue;
      if (options_.ports.empty() ||
          std::find(options_.ports.begin(), options_.ports.end(), address) != options_.ports.end()) {
        cards.push_back(address);
      }
    }
    return cards;
  }

  void ways_to_cards(const std::vector<std::string>& cards) {
    if (cards.empty()) {
      add(Level::kAdvice, "cards",
          "no network card on the PCI bus (a virtual machine may have none): DPDK can use virtual devices "
          "here, "
          "such as net_af_packet0,iface=eth0.");
      return;
    }
    if (!fs::exists(path("/usr/bin/dpdk-devbind.py"))) {
      add(dpdk_level(), "dpdk-devbind.py", "the program that binds cards to drivers is not installed.",
          "sudo apt-get install dpdk");
    }
    if (!fs::exists(path("/sys/bus/pci/drivers/vfio-pci"))) {
      add(dpdk_level(), "vfio-pci", "the driver through which DPDK takes a card is not loaded.",
          "sudo modprobe vfio-pci");
    }
    if (!names_in(path("/sys/kernel/iommu_groups")).empty()) {
      add(Level::kGood, "IOMMU", "is on.");
      return;
    }
    const std::string unsafe = first_line(path("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"));
    if (unsafe == "Y") {
      add(Level::kAdvice, "IOMMU",
          "is off, and vfio is set to do without: a card may write anywhere in memory.",
          "add intel_iommu=on iommu=pt (AMD: iommu=pt) to GRUB_CMDLINE_LINUX in /etc/default/grub, then: "
          "sudo "
          "update-grub && sudo reboot");
      return;
    }
    add(dpdk_level(), "IOMMU", "is off: vfio-pci takes no card without it.",
        "add intel_iommu=on iommu=pt (AMD: iommu=pt) to GRUB_CMDLINE_LINUX in /etc/default/grub, then: sudo "
        "update-grub && sudo reboot; in a virtual machine without one: echo Y | sudo tee "
        "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
  }

  // The kernel's interfaces of a card, virtio's one step further down included.
  std::string interfaces_of(const std::string& address) const {
    std::string names;
    for (const std::string& name : names_in(path("/sys/class/net"))) {
      std::error_code none;
      const fs::path device = fs::canonical(path("/sys/class/net/" + name + "/device"), none);
      const bool its = device.filename() == address || device.parent_path().filename() == address;
      if (!none && its) names += (names.empty() ? "" : ", ") + name;
    }
    return names;
  }

  void check_card(const std::string& address) {
    const std::string device = "/sys/bus/pci/devices/" + address;
    const std::string driver = link_name(path(device + "/driver"));
    const std::string names = interfaces_of(address);
    std::ifstream node_file(path(device + "/numa_node"));
    int node = -1;
    node_file >> node;
    std::vector<int> cpus;
    if (node >= 0) {
      parse_cpu_list(first_line(path("/sys/devices/system/node/node" + std::to_string(node) + "/cpulist")),
                     &cpus);
    }
    const std::string place = node < 0
                                  ? ""
                                  : " On NUMA node " + std::to_string(node) + ": workers run best on CPUs " +
                                        cpu_list_text(cpus) + " (workers.cpus: auto sees to it).";
    if (driver == "vfio-pci" || driver == "igb_uio" || driver == "uio_pci_generic") {
      add(Level::kGood, address,
          "is bound to " + driver + " and ready for weir run --port " + address + "." + place);
    } else if (driver.starts_with("mlx")) {
      add(Level::kGood, address,
          "stays with its kernel driver " + driver + ", which DPDK uses: weir run --port " + address + "." +
              place);
    } else if (driver.empty()) {
      add(Level::kMissing, address, "has no driver." + place,
          "sudo dpdk-devbind.py --bind=vfio-pci " + address);
    } else {
      add(options_.ports.empty() ? Level::kAdvice : Level::kMissing, address,
          "belongs to the kernel's " + driver + (names.empty() ? "" : " as " + names) +
              ": weir run -i takes it as it is; for --port it must be bound to vfio-pci, and the interface "
              "goes "
              "away (dpdk-devbind refuses while it carries a route: never the one that you are logged in "
              "by)." +
              place,
          "sudo dpdk-devbind.py --bind=vfio-pci " + address);
    }
  }

  std::vector<std::string> interfaces() const {
    if (!options_.interfaces.empty()) return options_.interfaces;
    std::vector<std::string> names;
    for (const std::string& name : names_in(path("/sys/class/net"))) {
      if (fs::exists(path("/sys/class/net/" + name + "/device"))) names.push_back(name);
    }
    return names;
  }

  void check_interface(const std::string& name) {
    const std::string folder = "/sys/class/net/" + name;
    if (!fs::exists(path(folder))) {
      add(Level::kMissing, name, "there is no such interface.", "ip -br link");
      return;
    }
    const uint64_t flags = std::strtoull(first_line(path(folder + "/flags")).c_str(), nullptr, 16);
    bool good = true;
    const auto advise = [&](Level level, const std::string& text, const std::string& command) {
      add(level, name, text, command);
      good = false;
    };
    if ((flags & IFF_UP) == 0) advise(Level::kMissing, "is down.", "sudo ip link set " + name + " up");
    if ((flags & IFF_UP) != 0 && first_line(path(folder + "/carrier")) == "0") {
      advise(Level::kMissing, "has no link: check the cable and the mirror at the switch.", "");
    }
    const InterfaceFacts facts = options_.ask(name);
    if (facts.gro.value_or(false) || facts.lro.value_or(false)) {
      advise(Level::kAdvice,
             std::string(facts.gro.value_or(false) ? "GRO" : "") +
                 (facts.gro.value_or(false) && facts.lro.value_or(false) ? " and " : "") +
                 (facts.lro.value_or(false) ? "LRO" : "") +
                 ": packets are joined before Weir sees them, so that retransmissions, lengths and times are "
                 "not "
                 "those of the wire.",
             "sudo ethtool -K " + name + " gro off lro off");
    }
    if (facts.rx_ring != 0 && facts.rx_ring < facts.rx_ring_max) {
      advise(Level::kAdvice,
             "its receive ring holds " + std::to_string(facts.rx_ring) + " packets and could hold " +
                 std::to_string(facts.rx_ring_max) + ".",
             "sudo ethtool -G " + name + " rx " + std::to_string(facts.rx_ring_max));
    }
    if (good) add(Level::kGood, name, "is up and ready for weir run -i " + name + ".");
  }

  const DeviceCheckOptions& options_;
  std::string root_;
  std::vector<DeviceFinding> findings_;
};

// One question to the interface's driver; false: it does not answer.
template <class Request>
bool ask_driver(int socket, const std::string& interface, uint32_t command, Request* request) {
  request->cmd = command;
  ifreq wrapped{};
  interface.copy(wrapped.ifr_name, IFNAMSIZ - 1);
  wrapped.ifr_data = reinterpret_cast<char*>(request);
  return ioctl(socket, SIOCETHTOOL, &wrapped) == 0;
}

}  // namespace

InterfaceFacts ask_interface(const std::string& interface) {
  InterfaceFacts facts;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return facts;
  ethtool_value value{};
  if (ask_driver(fd, interface, ETHTOOL_GGRO, &value)) facts.gro = value.data != 0;
  if (ask_driver(fd, interface, ETHTOOL_GFLAGS, &value)) facts.lro = (value.data & ETH_FLAG_LRO) != 0;
  ethtool_ringparam ring{};
  if (ask_driver(fd, interface, ETHTOOL_GRINGPARAM, &ring)) {
    facts.rx_ring = ring.rx_pending;
    facts.rx_ring_max = ring.rx_max_pending;
  }
  close(fd);
  return facts;
}

std::vector<DeviceFinding> check_devices(const DeviceCheckOptions& options) {
  return Inspector(options).run();
}

std::string findings_text(const std::vector<DeviceFinding>& findings) {
  std::string text;
  for (const DeviceFinding& finding : findings) {
    const char* mark = finding.level == Level::kGood     ? "good    "
                       : finding.level == Level::kAdvice ? "advice  "
                                                         : "MISSING ";
    text += mark + finding.subject + ": " + finding.text + '\n';
    if (!finding.command.empty()) text += "          " + finding.command + '\n';
  }
  return text;
}

}  // namespace weir
