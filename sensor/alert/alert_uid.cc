#include "sensor/alert/alert_uid.h"

#include <sodium.h>

namespace weir {
namespace {

// What a name stands for; keeps the kinds apart.
enum class Kind : uint8_t {
  kFlow = 1,
  kItem = 2,
  kFinding = 3,
  kRevision = 4,
  kStorm = 5,
  kStormRevision = 6
};

class Hash {
 public:
  explicit Hash(Kind kind) {
    crypto_generichash_init(&state_, nullptr, 0, kBytes);
    number(static_cast<uint64_t>(kind), 1);
  }
  void bytes(const void* data, size_t n) {
    crypto_generichash_update(&state_, static_cast<const unsigned char*>(data), n);
  }
  void number(uint64_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
      const auto byte = static_cast<unsigned char>(value >> shift);
      bytes(&byte, 1);
    }
  }
  void text(std::string_view s) {
    number(s.size(), 4);
    bytes(s.data(), s.size());
  }
  void flow(const FlowFacts& flow) {
    // In the order in which the flow began: what was told before its roles turned keeps its name.
    const bool turned = flow.roles.turned;
    for (const EndpointFacts* end :
         {turned ? &flow.responder : &flow.initiator, turned ? &flow.initiator : &flow.responder}) {
      bytes(end->address.bytes.data(), end->address.bytes.size());
      number(end->port, 2);
    }
    number(static_cast<uint64_t>(flow.first_packet / 1000), 8);
  }
  void item(const ItemFacts& facts) {
    flow(*facts.flow);
    const Direction direction = facts.meta.direction;
    number(index_of(facts.flow->roles.turned ? opposite(direction) : direction), 1);
    number(facts.ordinal, 4);
    number(facts.part, 4);
  }
  std::string hex() {
    unsigned char digest[kBytes];
    crypto_generichash_final(&state_, digest, sizeof(digest));
    char out[2 * kBytes + 1];
    sodium_bin2hex(out, sizeof(out), digest, sizeof(digest));
    return out;
  }

 private:
  static constexpr size_t kBytes = 16;
  crypto_generichash_state state_;
};

std::string storm_uid(Kind kind, std::string_view policy_id, std::string_view first_uid) {
  Hash hash(kind);
  hash.text(policy_id);
  hash.text(first_uid);
  return hash.hex();
}

}  // namespace

std::string flow_uid(const FlowFacts& flow) {
  Hash hash(Kind::kFlow);
  hash.flow(flow);
  return hash.hex();
}

std::string item_uid(const ItemFacts& facts) {
  Hash hash(Kind::kItem);
  hash.item(facts);
  return hash.hex();
}

std::string finding_uid(const ItemFacts& facts, std::string_view policy_id) {
  Hash hash(Kind::kFinding);
  hash.item(facts);
  hash.text(policy_id);
  return hash.hex();
}

std::string revision_uid(const ItemFacts& facts, std::string_view policy_id, AlertActivity activity,
                         uint32_t revision) {
  Hash hash(Kind::kRevision);
  hash.item(facts);
  hash.text(policy_id);
  hash.number(static_cast<uint64_t>(activity), 1);
  hash.number(revision, 4);
  return hash.hex();
}

std::string storm_finding_uid(std::string_view policy_id, std::string_view first_uid) {
  return storm_uid(Kind::kStorm, policy_id, first_uid);
}

std::string storm_revision_uid(std::string_view policy_id, std::string_view first_uid) {
  return storm_uid(Kind::kStormRevision, policy_id, first_uid);
}

}  // namespace weir
