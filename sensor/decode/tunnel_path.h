// The layers around a packet in words, for alerts: {"vlan:100", "vxlan:5001", "vlan:7"}, outermost first.
#pragma once

#include <string>
#include <vector>

#include "sensor/base/packet.h"

namespace weir {

// Empty where no tunnel was opened: VLAN tags alone are no path. An id stands behind the name where the
// layer has one; L2TPv2's is tunnel and session, "l2tp:3.4".
std::vector<std::string> tunnel_path(const PacketView& view);

}  // namespace weir
