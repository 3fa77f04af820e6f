// Flows from the longest idle to the newest, through their links. Owned by FlowTable.
#pragma once

#include "sensor/flow/flow_links.h"

namespace weir {

class IdleList {
 public:
  explicit IdleList(FlowLinks* links) : links_(links) {}

  uint32_t oldest() const { return oldest_; }

  void push_newest(uint32_t id) {
    links_[id].idle_newer = kNoFlow;
    links_[id].idle_older = newest_;
    (newest_ == kNoFlow ? oldest_ : links_[newest_].idle_newer) = id;
    newest_ = id;
  }
  void remove(uint32_t id) {
    const FlowLinks& gone = links_[id];
    (gone.idle_older == kNoFlow ? oldest_ : links_[gone.idle_older].idle_newer) = gone.idle_newer;
    (gone.idle_newer == kNoFlow ? newest_ : links_[gone.idle_newer].idle_older) = gone.idle_older;
  }

  // The chain of free places uses the links of flows that are in no list.
  uint32_t free_next(uint32_t id) const { return links_[id].idle_newer; }
  void set_free_next(uint32_t id, uint32_t next) { links_[id].idle_newer = next; }

 private:
  FlowLinks* links_;
  uint32_t oldest_ = kNoFlow;
  uint32_t newest_ = kNoFlow;
};

}  // namespace weir
