// What `weir check --devices` says of machines that are laid out here as Linux lays them out in /proc and
// /sys (Documentation/ABI/testing/sysfs-bus-pci, sysfs-kernel-mm-hugepages, sysfs-class-net).
#include "sensor/capture/device_check.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace weir {
namespace {

namespace fs = std::filesystem;
using Level = DeviceFinding::Level;

InterfaceFacts plain(const std::string&) { return {false, false, 4096, 4096}; }
InterfaceFacts joining(const std::string&) { return {true, true, 512, 4096}; }
InterfaceFacts silent(const std::string&) { return {}; }

class DeviceCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("weir-devices-" + std::to_string(getpid()));
    fs::remove_all(root_);
    write("proc/self/status", "Name:\tweir\nCapEff:\t000001ffffffffff");
    write("sys/devices/system/cpu/online", "0-7");
    write("sys/devices/system/cpu/isolated", "2-7");
    write("sys/devices/system/node/online", "0-1");
    write("sys/devices/system/node/node0/cpulist", "0-3");
    write("sys/devices/system/node/node1/cpulist", "4-7");
    write("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "1024");
    write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "1000");
    write("sys/kernel/iommu_groups/0/type", "DMA");
    fs::create_directories(root_ / "sys/bus/pci/drivers/vfio-pci");
    write("usr/bin/dpdk-devbind.py", "");
    card("0000:03:00.0", "vfio-pci", 1);
    options_.root = root_;
    options_.ask = plain;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& below, const std::string& text) {
    fs::create_directories((root_ / below).parent_path());
    std::ofstream(root_ / below) << text << '\n';
  }
  void card(const std::string& address, const std::string& driver, int node,
            const std::string& interface = "") {
    const std::string device = "sys/bus/pci/devices/" + address;
    write(device + "/class", "0x020000");
    write(device + "/numa_node", std::to_string(node));
    fs::create_directories(root_ / "sys/bus/pci/drivers" / driver);
    fs::create_symlink("../../drivers/" + driver, root_ / device / "driver");
    if (interface.empty()) return;
    fs::create_directories(root_ / device / "net" / interface);
    write("sys/class/net/" + interface + "/flags", "0x1103");
    write("sys/class/net/" + interface + "/carrier", "1");
    fs::create_directory_symlink("../../../bus/pci/devices/" + address,
                                 root_ / "sys/class/net" / interface / "device");
  }
  // The findings about `subject`; there must be some.
  std::vector<DeviceFinding> about(const std::string& subject) {
    std::vector<DeviceFinding> found;
    for (DeviceFinding& one : check_devices(options_)) {
      if (one.subject == subject) found.push_back(std::move(one));
    }
    EXPECT_FALSE(found.empty()) << subject;
    if (found.empty()) found.emplace_back();
    return found;
  }
  fs::path root_;
  DeviceCheckOptions options_;
};

TEST_F(DeviceCheck, AMachineThatIsReady) {
  for (const DeviceFinding& one : check_devices(options_)) {
    if (one.subject == "DPDK") continue;  // of the build, not of the machine
    EXPECT_EQ(one.level, Level::kGood) << one.subject << ": " << one.text;
    EXPECT_EQ(one.command, "");
  }
  EXPECT_NE(about("0000:03:00.0")[0].text.find(
                "ready for weir run --port 0000:03:00.0. On NUMA node 1: workers run "
                "best on CPUs 4-7"),
            std::string::npos);
}

TEST_F(DeviceCheck, WhatIsMissingAndHowItIsMended) {
  write("proc/self/status", "CapEff:\t0000000000000000");
  EXPECT_EQ(about("permissions")[0].level, Level::kMissing);
  EXPECT_NE(about("permissions")[0].command.find("setcap cap_net_raw,cap_net_admin,cap_ipc_lock+ep"),
            std::string::npos);
  write("proc/self/status", "CapEff:\t0000000000003000");  // NET_RAW and NET_ADMIN: an interface, not a card
  EXPECT_EQ(about("permissions")[0].text, "not allowed to this user: CAP_IPC_LOCK (DPDK with a card).");

  write("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "3");
  EXPECT_NE(about("huge pages")[0].text.find("only 6 of 2048 MiB are free"), std::string::npos);
  EXPECT_EQ(about("huge pages")[0].command, "sudo sysctl -w vm.nr_hugepages=1024");

  write("sys/devices/system/cpu/isolated", "");
  EXPECT_NE(about("CPUs")[0].command.find("isolcpus=2-7"), std::string::npos);

  fs::remove_all(root_ / "sys/kernel/iommu_groups");
  EXPECT_EQ(about("IOMMU")[0].level, Level::kAdvice) << "the kernel's way needs none";
  options_.ports = {"0000:03:00.0"};
  EXPECT_EQ(about("IOMMU")[0].level, Level::kMissing);
  write("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y");
  EXPECT_EQ(about("IOMMU")[0].level, Level::kAdvice);

  fs::remove_all(root_ / "sys/bus/pci/drivers/vfio-pci");
  EXPECT_EQ(about("vfio-pci")[0].command, "sudo modprobe vfio-pci");
  fs::remove(root_ / "usr/bin/dpdk-devbind.py");
  EXPECT_EQ(about("dpdk-devbind.py")[0].command, "sudo apt-get install dpdk");

  // An interface alone: nothing about DPDK.
  options_.ports.clear();
  options_.interfaces = {"eth9"};
  for (const DeviceFinding& one : check_devices(options_)) {
    EXPECT_TRUE(one.subject == "permissions" || one.subject == "CPUs" || one.subject == "eth9")
        << one.subject;
    if (one.subject == "permissions") {
      EXPECT_EQ(one.level, Level::kGood);
    }
  }
}

TEST_F(DeviceCheck, CardsByTheirDriver) {
  card("0000:04:00.0", "ixgbe", 0, "eth4");
  card("0000:05:00.0", "mlx5_core", 0, "eth5");
  EXPECT_EQ(about("0000:04:00.0")[0].level, Level::kAdvice);
  EXPECT_EQ(about("0000:04:00.0")[0].command, "sudo dpdk-devbind.py --bind=vfio-pci 0000:04:00.0");
  EXPECT_EQ(about("0000:04:00.0")[0].text.find(
                "belongs to the kernel's ixgbe as eth4: weir run -i takes it as it is"),
            0u);
  EXPECT_EQ(about("0000:05:00.0")[0].level, Level::kGood);
  // Asked for by name it must be ready, and be there.
  options_.ports = {"0000:04:00.0", "0000:99:00.0"};
  EXPECT_EQ(about("0000:04:00.0")[0].level, Level::kMissing);
  EXPECT_EQ(about("0000:99:00.0")[0].level, Level::kMissing);
  fs::remove(root_ / "sys/bus/pci/devices/0000:04:00.0/driver");
  EXPECT_EQ(about("0000:04:00.0")[0].text.find("has no driver."), 0u);
}

TEST_F(DeviceCheck, InterfacesForTheKernelsWay) {
  card("0000:04:00.0", "ixgbe", 0, "eth4");
  EXPECT_EQ(about("eth4")[0].level, Level::kGood);
  options_.ask = silent;
  EXPECT_EQ(about("eth4")[0].level, Level::kGood);
  options_.ask = joining;
  const std::vector<DeviceFinding> two = about("eth4");
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(two[0].command, "sudo ethtool -K eth4 gro off lro off");
  EXPECT_EQ(two[1].command, "sudo ethtool -G eth4 rx 4096");
  options_.ask = plain;
  write("sys/class/net/eth4/carrier", "0");
  EXPECT_EQ(about("eth4")[0].level, Level::kMissing);
  write("sys/class/net/eth4/flags", "0x1002");
  EXPECT_EQ(about("eth4")[0].command, "sudo ip link set eth4 up");
  options_.interfaces = {"eth9"};
  EXPECT_EQ(about("eth9")[0].text, "there is no such interface.");
}

TEST_F(DeviceCheck, TheTextHasTheCommandUnderTheSentence) {
  EXPECT_EQ(findings_text({{Level::kMissing, "eth1", "is down.", "sudo ip link set eth1 up"},
                           {Level::kGood, "IOMMU", "is on.", ""}}),
            "MISSING eth1: is down.\n          sudo ip link set eth1 up\ngood    IOMMU: is on.\n");
}

// This machine: whatever it is, the answer names the interface that every Linux has.
TEST(DeviceCheckHere, LoopbackIsAnInterface) {
  DeviceCheckOptions options;
  options.interfaces = {"lo"};
  const std::vector<DeviceFinding> findings = check_devices(options);
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const auto& f) { return f.subject == "lo"; }));
}

}  // namespace
}  // namespace weir
