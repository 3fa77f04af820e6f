#include "sensor/capture/packet_filter.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <utility>

#include "sensor/capture/capture_backends.h"

namespace weir {
namespace {

// A hostile pcapng file may name 65,536 link types.
constexpr size_t kMaxPrograms = 16;

}  // namespace

PacketFilter::PacketFilter() = default;
PacketFilter::~PacketFilter() = default;
PacketFilter::PacketFilter(PacketFilter&&) noexcept = default;
PacketFilter& PacketFilter::operator=(PacketFilter&&) noexcept = default;

void PacketFilter::Deleter::operator()(bpf_program* program) const {
  pcap_freecode(program);
  std::default_delete<bpf_program>()(program);
}

std::unique_ptr<bpf_program, PacketFilter::Deleter> PacketFilter::compile(const std::string& expression,
                                                                          uint16_t link_type,
                                                                          std::string* error) {
  constexpr int kSnaplen = 262144;
  struct Closer {
    void operator()(pcap_t* handle) const { pcap_close(handle); }
  };
  const std::unique_ptr<pcap_t, Closer> handle(pcap_open_dead(dlt_of_link_type(link_type), kSnaplen));
  if (!handle) {
    *error = "out of memory";
    return nullptr;
  }
  auto program = std::make_unique<bpf_program>();
  if (pcap_compile(handle.get(), program.get(), expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    *error = pcap_geterr(handle.get());
    return nullptr;
  }
  return std::unique_ptr<bpf_program, Deleter>(program.release());
}

bool PacketFilter::set(const std::string& expression, std::string* error) {
  compiled_.clear();
  error_.clear();
  expression_ = expression;
  if (expression_.find_first_not_of(" \t\r\n") == std::string::npos) {
    expression_.clear();
    return true;
  }
  // Ethernet first: its message is the one that a user can act on.
  std::string first;
  for (const uint16_t link_type : {uint16_t{1}, uint16_t{101}, uint16_t{113}, uint16_t{276}}) {
    std::string why;
    if (compile(expression_, link_type, &why)) return true;
    if (first.empty()) first = why;
  }
  *error = "filter \"" + expression_ + "\": " + first;
  expression_.clear();
  return false;
}

const PacketFilter::Compiled& PacketFilter::add(uint16_t link_type) {
  std::string why;
  auto program = compile(expression_, link_type, &why);
  if (!program && error_.empty()) {
    error_ = "filter \"" + expression_ + "\" does not fit link type " + std::to_string(link_type) + " (" +
             why + "): its packets were refused";
  }
  if (compiled_.size() >= kMaxPrograms) compiled_.pop_back();
  compiled_.insert(compiled_.begin(), Compiled{link_type, std::move(program)});
  return compiled_.front();
}

bool PacketFilter::accepts(const RawPacket& packet) {
  if (expression_.empty()) return true;
  const Compiled* use = nullptr;
  for (size_t i = 0; i < compiled_.size() && use == nullptr; ++i) {
    if (compiled_[i].link_type != packet.link_type) continue;
    if (i != 0) std::swap(compiled_[0], compiled_[i]);
    use = &compiled_[0];
  }
  if (use == nullptr) use = &add(packet.link_type);
  if (!use->program) return false;
  return bpf_filter(use->program->bf_insns, packet.bytes.data(), packet.wire_length,
                    static_cast<u_int>(packet.bytes.size())) != 0;
}

}  // namespace weir
