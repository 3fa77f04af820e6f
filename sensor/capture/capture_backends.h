// The two slower ways to the packets of a capture, for open_capture: streams and libpcap.
#pragma once

#include "sensor/capture/capture_file.h"

namespace weir {

// As open_capture_stream; closes the descriptor at its end.
std::unique_ptr<CaptureFile> adopt_capture_stream(int descriptor);

// Formats older than pcap 2.4 and other vendors' that libpcap knows. Null where it does not.
std::unique_ptr<CaptureFile> open_with_libpcap(const std::string& path);

// DLT_ (what libpcap's functions speak) to LINKTYPE_ (what files and RawPacket hold), and back.
uint16_t link_type_of_dlt(int dlt);
int dlt_of_link_type(uint16_t link_type);

}  // namespace weir
