// Fills an Alert from what the worker knows: masks every string from the wire, orders the detectors, names
// the subjects. Called by ItemAlerts for each revision.
#pragma once

#include "sensor/alert/item_alerts.h"

namespace weir {

// What one revision adds to the facts, the findings and the verdict.
struct Revision {
  AlertActivity activity = AlertActivity::kCreate;
  uint32_t number = 1;
  bool final = false;
  Nanoseconds time = 0;
  Nanoseconds created_time = 0;
  Nanoseconds first_finding = 0;
  Nanoseconds last_finding = 0;
  std::string finding_uid;
};

// `verdict` is of one group and has a policy. Facts that grow with the item (sizes, what was unread) go in
// only when the revision is final: before that they would depend on how far the worker has read.
Alert build_alert(const AlertContext& context, const ItemFacts& facts, const ItemFindings& findings,
                  const GroupVerdict& verdict, const Revision& revision);

}  // namespace weir
