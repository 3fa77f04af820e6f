// The names of alerts, items and flows: BLAKE2b-128 over what the capture itself says, so that every run over
// it gives the same. Never over content.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/alert/alert.h"
#include "sensor/base/item_facts.h"

namespace weir {

// 32 hex digits each. All cover the initiator's and the responder's address and port and the time of the
// flow's first packet in µs.
std::string flow_uid(const FlowFacts& flow);
// … and the item's direction, ordinal and part.
std::string item_uid(const ItemFacts& facts);
// … and the policy of the Create: stable for the Create and its Updates.
std::string finding_uid(const ItemFacts& facts, std::string_view policy_id);
// … the revision's own policy, its activity and number.
std::string revision_uid(const ItemFacts& facts, std::string_view policy_id, AlertActivity activity,
                         uint32_t revision);
// A storm's finding and its one revision: over the policy and the uid of the first alert that it stands for.
std::string storm_finding_uid(std::string_view policy_id, std::string_view first_uid);
std::string storm_revision_uid(std::string_view policy_id, std::string_view first_uid);

}  // namespace weir
