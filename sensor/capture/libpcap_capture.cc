#include <pcap/pcap.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "sensor/capture/capture_backends.h"
#include "sensor/capture/capture_parser.h"

namespace weir {
namespace {

struct PcapCloser {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using PcapHandle = std::unique_ptr<pcap_t, PcapCloser>;

// libpcap's packet lives until its next call: packets are copied into one arena a burst.
class LibpcapCapture final : public CaptureFile {
 public:
  explicit LibpcapCapture(PcapHandle handle)
      : handle_(std::move(handle)),
        link_type_(link_type_of_dlt(pcap_datalink(handle_.get()))),
        arena_(2 * CaptureParser::kMaxPacketBytes) {}

  SourceStatus next_burst(std::span<RawPacket> out, size_t* count) override {
    size_t used = 0;
    size_t n = 0;
    while (n < out.size() && (pending_ || read_next())) {
      const size_t captured = header_->caplen;
      if (captured > CaptureParser::kMaxPacketBytes) {
        error_ = "damaged: a packet of " + std::to_string(captured) + " captured bytes";
        done_ = true;
        pending_ = false;
        break;
      }
      if (captured > arena_.size() - used) break;
      std::memcpy(arena_.data() + used, data_, captured);
      // With nanosecond precision asked for, tv_usec holds nanoseconds.
      const int64_t time =
          int64_t{header_->ts.tv_sec} * 1'000'000'000 + static_cast<int64_t>(header_->ts.tv_usec);
      out[n].time = std::clamp<int64_t>(time, 0, kMaxPacketTime);
      out[n].bytes = Bytes(arena_.data() + used, captured);
      out[n].wire_length = std::max(header_->len, header_->caplen);
      out[n].link_type = link_type_;
      out[n].interface = 0;
      used += captured;
      ++n;
      pending_ = false;
    }
    *count = n;
    if (n > 0) return SourceStatus::kOk;
    return error_.empty() ? SourceStatus::kEnd : SourceStatus::kError;
  }

  std::string error() const override { return error_; }
  uint64_t position() const override { return 0; }
  uint64_t size() const override { return 0; }

 private:
  bool read_next() {
    if (done_) return false;
    const int status = pcap_next_ex(handle_.get(), &header_, &data_);
    if (status == 1) return pending_ = true;
    done_ = true;
    if (status != PCAP_ERROR_BREAK) error_ = std::string("damaged: ") + pcap_geterr(handle_.get());
    return false;
  }

  PcapHandle handle_;
  uint16_t link_type_;
  std::vector<uint8_t> arena_;
  pcap_pkthdr* header_ = nullptr;
  const u_char* data_ = nullptr;
  bool pending_ = false;  // header_ and data_ hold a packet not yet handed out
  bool done_ = false;
  std::string error_;
};

struct LinkName {
  int dlt;
  uint16_t link_type;
};
// Those whose DLT_ value differs between systems have a LINKTYPE_ value of their own; all others are equal.
constexpr LinkName kRenamed[] = {
    {DLT_ATM_RFC1483, 100},
    {DLT_RAW, 101},
    {DLT_SLIP_BSDOS, 102},
    {DLT_PPP_BSDOS, 103},
};

}  // namespace

std::unique_ptr<CaptureFile> open_with_libpcap(const std::string& path) {
  char message[PCAP_ERRBUF_SIZE] = "";
  PcapHandle handle(
      pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, message));
  if (!handle) return nullptr;
  return std::make_unique<LibpcapCapture>(std::move(handle));
}

uint16_t link_type_of_dlt(int dlt) {
  for (const LinkName& name : kRenamed) {
    if (name.dlt == dlt) return name.link_type;
  }
  return static_cast<uint16_t>(dlt);
}

int dlt_of_link_type(uint16_t link_type) {
  for (const LinkName& name : kRenamed) {
    if (name.link_type == link_type) return name.dlt;
  }
  // Raw IP written by systems whose DLT_RAW is 14; here 14 would be something else.
  return link_type == 14 ? DLT_RAW : link_type;
}

}  // namespace weir
