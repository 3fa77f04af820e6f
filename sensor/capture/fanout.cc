#include "sensor/capture/fanout.h"

#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace weir {
namespace {

// Scratch memory of the program.
constexpr uint32_t kOther = 0;  // one address, folded to 32 bits
constexpr uint32_t kMixed = 1;
constexpr uint32_t kBase = 2;  // bytes of VLAN tags before the IP header

// Odd, and without pattern.
constexpr uint32_t kWord = 0x9e3779b1;
constexpr uint32_t kFirst = 0x7feb352d;
constexpr uint32_t kSecond = 0x846ca68b;
constexpr uint32_t kThird = 0x85ebca6b;
constexpr uint32_t kFourth = 0xc2b2ae35;

constexpr uint32_t kIpv4 = 0x0800;
constexpr uint32_t kIpv6 = 0x86dd;
constexpr uint32_t kVlan = 0x8100;
constexpr uint32_t kServiceVlan = 0x88a8;

class Assembler {
 public:
  explicit Assembler(uint32_t network) : network_(network) {}

  void put(int code, uint32_t k = 0) { code_.push_back({static_cast<u_short>(code), 0, 0, k}); }
  void put(int code, uint32_t k, size_t if_true, size_t if_false) {
    code_.push_back(
        {static_cast<u_short>(code), static_cast<u_char>(if_true), static_cast<u_char>(if_false), k});
  }
  // A word of the IP header; X holds the tags' length.
  void load(uint32_t offset) { put(BPF_LD | BPF_W | BPF_IND, network_ + offset); }
  // A = (A ^ A >> shift); X is lost.
  void fold(uint32_t shift) {
    put(BPF_MISC | BPF_TAX);
    put(BPF_ALU | BPF_RSH | BPF_K, shift);
    put(BPF_ALU | BPF_XOR | BPF_X);
  }
  void multiply(uint32_t by) { put(BPF_ALU | BPF_MUL | BPF_K, by); }
  void mix_address() {
    fold(16);
    multiply(kFirst);
    fold(15);
    multiply(kSecond);
    fold(16);
  }
  // Four words at `offset` as one: a polynomial in an odd constant.
  void load_ipv6(uint32_t offset) {
    load(offset);
    for (uint32_t word = 1; word < 4; ++word) {
      multiply(kWord);
      put(BPF_ST, kMixed);
      put(BPF_LDX | BPF_W | BPF_MEM, kBase);
      load(offset + 4 * word);
      put(BPF_LDX | BPF_W | BPF_MEM, kMixed);
      put(BPF_ALU | BPF_ADD | BPF_X);
      // Words that differ only above must not cancel out below.
      fold(16);
    }
  }
  // An unconditional jump to where land() is called with what this answers.
  size_t jump() {
    put(BPF_JMP | BPF_JA);
    return code_.size() - 1;
  }
  void land(size_t jump) { code_[jump].k = static_cast<uint32_t>(code_.size() - jump - 1); }
  std::vector<bpf_insn> take() { return std::move(code_); }

  uint32_t network() const { return network_; }

 private:
  uint32_t network_;  // offset of the IP header without tags
  std::vector<bpf_insn> code_;
};

std::string failed(const char* what) {
  return std::string("cannot share the interface among workers (") + what + "): " + std::strerror(errno) +
         "; capture.steer: handover needs no help from it";
}

}  // namespace

std::vector<bpf_insn> fanout_program(FanoutView view) {
  const bool kernel = view == FanoutView::kKernel;
  Assembler a(kernel ? static_cast<uint32_t>(SKF_NET_OFF) : 14);
  // A: the EtherType; X: how far VLAN tags push the IP header.
  if (kernel) {
    a.put(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL));
  } else {
    a.put(BPF_LD | BPF_H | BPF_ABS, 12);
  }
  a.put(BPF_LDX | BPF_W | BPF_IMM, 0);
  for (int tag = 0; tag < 2; ++tag) {
    a.put(BPF_JMP | BPF_JEQ | BPF_K, kVlan, 1, 0);
    a.put(BPF_JMP | BPF_JEQ | BPF_K, kServiceVlan, 0, 4);
    a.put(BPF_MISC | BPF_TXA);
    a.put(BPF_ALU | BPF_ADD | BPF_K, 4);
    a.put(BPF_MISC | BPF_TAX);
    a.put(BPF_LD | BPF_H | BPF_IND, a.network() - 2);
  }
  a.put(BPF_STX, kBase);
  a.put(BPF_JMP | BPF_JEQ | BPF_K, kIpv4, 2, 0);
  a.put(BPF_JMP | BPF_JEQ | BPF_K, kIpv6, 5, 0);
  a.put(BPF_RET | BPF_K, 0);
  // IPv4 (RFC 791 3.1)
  a.load(12);
  a.put(BPF_ST, kOther);
  a.load(16);
  const size_t to_mix = a.jump();
  // IPv6 (RFC 8200 3)
  a.put(BPF_LDX | BPF_W | BPF_MEM, kBase);
  a.load_ipv6(8);
  a.put(BPF_ST, kOther);
  a.put(BPF_LDX | BPF_W | BPF_MEM, kBase);
  a.load_ipv6(24);
  a.land(to_mix);
  a.mix_address();
  a.put(BPF_ST, kMixed);
  a.put(BPF_LD | BPF_W | BPF_MEM, kOther);
  a.mix_address();
  a.put(BPF_LDX | BPF_W | BPF_MEM, kMixed);
  a.put(BPF_ALU | BPF_ADD | BPF_X);
  a.fold(16);
  a.multiply(kThird);
  a.fold(13);
  a.multiply(kFourth);
  a.fold(16);
  a.put(BPF_RET | BPF_A);
  return a.take();
}

bool join_fanout(const std::vector<int>& sockets, FanoutBy by, std::string* error) {
  const int type = by == FanoutBy::kAddress ? PACKET_FANOUT_CBPF : PACKET_FANOUT_HASH;
  // The kernel picks a number that no other program uses; the others join it.
  int group = (type | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
  for (const int socket : sockets) {
    if (setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)) != 0) {
      *error = failed("PACKET_FANOUT");
      return false;
    }
    if (socket != sockets.front()) continue;
    socklen_t length = sizeof(group);
    if (getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &group, &length) != 0) {
      *error = failed("PACKET_FANOUT");
      return false;
    }
    group = (group & 0xffff) | type << 16;
  }
  if (by == FanoutBy::kFlow) return true;
  std::vector<bpf_insn> code = fanout_program(FanoutView::kKernel);
  static_assert(sizeof(bpf_insn) == sizeof(sock_filter));
  sock_fprog program{};
  program.len = static_cast<unsigned short>(code.size());
  program.filter = reinterpret_cast<sock_filter*>(code.data());
  if (setsockopt(sockets.front(), SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) != 0) {
    *error = failed("PACKET_FANOUT_DATA");
    return false;
  }
  return true;
}

}  // namespace weir
