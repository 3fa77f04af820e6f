// A BPF filter expression (pcap-filter(7)) applied inside Weir: compiled by libpcap once for each link type
// that turns up, run by libpcap's interpreter on the captured bytes. Owned by a replay source; one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sensor/base/packet.h"

struct bpf_program;

namespace weir {

class PacketFilter {
 public:
  PacketFilter();
  ~PacketFilter();
  PacketFilter(PacketFilter&&) noexcept;
  PacketFilter& operator=(PacketFilter&&) noexcept;

  // False, and *error, where the expression compiles for none of the usual link types. An empty
  // expression accepts everything.
  bool set(const std::string& expression, std::string* error);
  bool empty() const { return expression_.empty(); }

  // A link type for which the expression does not compile (`ether host` on raw IP) accepts nothing.
  bool accepts(const RawPacket& packet);

  // The link types that could not be filtered, and why; empty where there were none.
  const std::string& error() const { return error_; }

 private:
  struct Deleter {
    void operator()(bpf_program* program) const;
  };
  struct Compiled {
    uint16_t link_type = 0;
    std::unique_ptr<bpf_program, Deleter> program;  // null: accepts nothing
  };

  static std::unique_ptr<bpf_program, Deleter> compile(const std::string& expression, uint16_t link_type,
                                                       std::string* error);
  const Compiled& add(uint16_t link_type);

  std::string expression_;
  std::vector<Compiled> compiled_;  // at most kMaxPrograms, the one used last at the front
  std::string error_;
};

}  // namespace weir
