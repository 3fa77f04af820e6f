// What stands in for DPDK in a build without it.
#ifndef WEIR_HAVE_DPDK
#include "sensor/capture/dpdk_source.h"

namespace weir {

bool open_dpdk(const DpdkOptions&, DpdkSteer, uint32_t, DpdkPorts*, std::string* error) {
  *error = dpdk_version();
  return false;
}

std::string dpdk_version() {
  return "this build has no DPDK: its headers were not there when it was configured. `deploy/install-deps.sh "
         "dpdk` installs them (libdpdk-dev); then build again. `weir run -i IFACE` captures through the "
         "kernel.";
}

bool has_dpdk() { return false; }

}  // namespace weir
#endif
