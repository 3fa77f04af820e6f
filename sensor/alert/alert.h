// One alert as plain data: masked, tokenised, without a pointer into the worker, so that it can go through
// the ring to the output thread. ItemAlerts makes it, ocsf_writer writes it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sensor/base/catalogue.h"
#include "sensor/base/finding.h"
#include "sensor/base/inspection.h"
#include "sensor/base/item_facts.h"
#include "sensor/base/networks.h"
#include "sensor/base/verdict.h"

namespace weir {

enum class AlertActivity : uint8_t { kCreate = 1, kUpdate = 2 };

struct AlertEndpoint {
  std::string ip;
  uint16_t port = 0;
  std::string mac;  // empty: unknown
  std::string hostname;
  bool internal = false;
  std::vector<std::string> intermediate_ips;  // from X-Forwarded-For / Forwarded, checked and written anew
};

// What the item holds of one detector, at low or above.
struct AlertDetector {
  std::string id;
  std::string title_en, title_zh;
  Category category = Category::kCustom;
  Sensitivity sensitivity;
  bool named = false;     // the policy asks for it
  uint64_t distinct = 0;  // distinct values at low or above
  bool at_least = false;  // the bound was reached: there may be more
  uint64_t matches = 0;
  int score = 0;  // of the best value, item bonuses included
  std::vector<std::string> reasons;
  std::string masked;   // the best value, masked
  std::string field;    // packs' words and shape; of the best value
  std::string keyword;  // the pack's own word
  std::string excerpt;  // shape only
  bool fields_are_json = false;
  std::vector<std::string> fields;  // likewise; of the first three values, empty where unknown
};

struct AlertSubject {
  std::string detector;
  std::string token;  // the key's name, ":" and 32 hex digits
};

// What is known of the item when it has ended.
struct AlertWhole {
  uint64_t size = 0;  // after codings
  uint64_t wire_bytes = 0;
  uint64_t gap_bytes = 0;
  std::array<uint64_t, kUnreadReasons> unread{};
  CloseReason end_reason = CloseReason::kComplete;
  bool contested = false;        // bytes of its stream came in two versions; both were read
  std::optional<Unread> cut_by;  // why what follows was not read, where Weir itself stopped
  std::string sha256;            // hex; only of whole, named files of at least 64 KiB
  std::string content_token;     // likewise; of whole, named files: the same file, the same token
};

// Of an alert that stands for many (AlertStorms): how many, and in how many of them each detector was.
struct AlertStorm {
  struct Holding {
    uint64_t creates = 0;  // of those folded, with something of the detector
    uint64_t updates = 0;
  };
  uint64_t creates = 0;
  uint64_t updates = 0;
  std::vector<Holding> detectors;  // by index of Alert::detectors

  uint64_t alerts() const { return creates + updates; }
};

// `storm` alone tells which of two kinds an alert is. One on an item has everything below. One that stands
// for many has the policy, the highest severity, the span of all times, and of each detector what it is, its
// best score and its matches in the Creates; nothing of an item, a flow or an endpoint.
struct Alert {
  // Identity.
  AlertActivity activity = AlertActivity::kCreate;
  uint32_t revision = 1;  // 1, 2, …
  bool final = false;     // the item ended: no further revision
  std::string uid;        // of this revision; 32 hex digits
  std::string finding_uid;
  std::string item_uid;
  std::string flow_uid;

  // Times, capture clock.
  Nanoseconds time = 0;           // of the byte that decided this revision
  Nanoseconds created_time = 0;   // of the byte that decided the Create
  Nanoseconds first_byte = 0;     // of the item
  Nanoseconds last_byte = 0;      // of the item; of the deciding byte while not final
  Nanoseconds first_finding = 0;  // deciding bytes of the item's first and last finding so far
  Nanoseconds last_finding = 0;

  // Policy.
  std::string policy_id, policy_title_en, policy_title_zh, policy_version, policy_group;
  std::vector<std::string> other_policies;
  std::vector<int> articles;
  uint64_t threshold_distinct = 1;
  Confidence threshold_confidence = Confidence::kMedium;
  Severity severity = Severity::kLow;
  uint64_t persons = 0;

  // What was found. What the policy named first, then by score; best() is the first.
  std::vector<AlertDetector> detectors;
  std::vector<AlertSubject> subjects;  // up to a limit
  uint64_t subjects_left_out = 0;
  std::string catalogue_version;

  // Who.
  AlertEndpoint src, dst;                                // sender and receiver of the item's bytes
  Direction initiator_side = Direction::kFromInitiator;  // kFromInitiator: src opened the connection
  Way way = Way::kExternal;
  std::string user;
  std::vector<uint16_t> vlans;
  std::vector<std::string> tunnels;
  std::string community_id;
  uint8_t transport = 0;

  // What it was part of. Strings masked.
  ItemKind item_kind = ItemKind::kRawStream;
  ItemKind top_kind = ItemKind::kRawStream;
  uint32_t item_ordinal = 0;
  uint32_t item_part = 0;
  std::string protocol;
  std::string method;
  int32_t status = 0;
  std::string host;
  std::string url;  // query values masked
  std::string file_name;
  std::string media_type;
  std::string decode_path;
  std::string charset;
  std::string field;
  std::string sender, subject, message_id;
  std::vector<std::string> recipients;

  std::optional<AlertWhole> whole;  // only when final
  std::optional<AlertStorm> storm;

  const AlertDetector* best() const { return detectors.empty() ? nullptr : &detectors.front(); }
};

// Smallest content whose unkeyed digest may leave the sensor: below that the digest gives the value away.
inline constexpr uint64_t kMinHashedSize = 64 * 1024;

}  // namespace weir
