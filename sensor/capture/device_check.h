// What this machine lacks for capture, in plain words, and the command that mends each: `weir check
// --devices`. Reads /proc and /sys and asks the interfaces (ethtool); changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

struct DeviceFinding {
  enum class Level : uint8_t {
    kGood,
    kAdvice,   // works without, but loses packets sooner
    kMissing,  // does not work without
  };
  Level level = Level::kGood;
  std::string subject;  // "huge pages", "eth1", "0000:03:00.0"
  std::string text;     // one sentence or two
  std::string command;  // what mends it; empty where nothing is to be done
};

// What an interface's driver says of itself; absent where it does not.
struct InterfaceFacts {
  std::optional<bool> gro;
  std::optional<bool> lro;
  uint32_t rx_ring = 0;      // descriptors; 0: unknown
  uint32_t rx_ring_max = 0;  // 0: unknown
};
InterfaceFacts ask_interface(const std::string& interface);

struct DeviceCheckOptions {
  std::string root;                     // stands before /proc and /sys, for tests
  std::vector<std::string> interfaces;  // to look at; empty: all with a card behind them
  std::vector<std::string> ports;       // PCI addresses that DPDK shall take; empty: all network cards
  InterfaceFacts (*ask)(const std::string& interface) = ask_interface;
};

// The machine first, then its cards by PCI address, then interfaces by name.
std::vector<DeviceFinding> check_devices(const DeviceCheckOptions& options);

// A line a finding, and the command under it.
std::string findings_text(const std::vector<DeviceFinding>& findings);

}  // namespace weir
