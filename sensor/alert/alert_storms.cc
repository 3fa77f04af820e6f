#include "sensor/alert/alert_storms.h"

#include <algorithm>

#include "sensor/alert/alert_uid.h"

namespace weir {
namespace {

// What every alert of the policy says, and the times of the first one.
Alert begin_storm(const Alert& first, const std::string& of) {
  Alert storm;
  storm.storm.emplace();
  storm.final = true;
  storm.uid = storm_revision_uid(first.policy_id, first.uid + of);
  storm.finding_uid = storm_finding_uid(first.policy_id, first.uid + of);
  storm.time = first.time;
  storm.created_time = first.created_time;
  storm.first_byte = first.first_byte;
  storm.last_byte = first.last_byte;
  storm.first_finding = first.first_finding;
  storm.last_finding = first.last_finding;
  storm.policy_id = first.policy_id;
  storm.policy_title_en = first.policy_title_en;
  storm.policy_title_zh = first.policy_title_zh;
  storm.policy_version = first.policy_version;
  storm.policy_group = first.policy_group;
  storm.articles = first.articles;
  storm.threshold_distinct = first.threshold_distinct;
  storm.threshold_confidence = first.threshold_confidence;
  storm.severity = first.severity;
  storm.catalogue_version = first.catalogue_version;
  return storm;
}

// Index of the storm's row for `detector`, made where there is none: what the policy named first.
size_t row_of(Alert& storm, const AlertDetector& detector) {
  std::vector<AlertDetector>& rows = storm.detectors;
  const auto same = std::ranges::find(rows, detector.id, &AlertDetector::id);
  if (same != rows.end()) return static_cast<size_t>(same - rows.begin());
  const auto place = detector.named ? std::ranges::find(rows, false, &AlertDetector::named) : rows.end();
  const auto index = place - rows.begin();
  AlertDetector row;
  row.id = detector.id;
  row.title_en = detector.title_en;
  row.title_zh = detector.title_zh;
  row.category = detector.category;
  row.sensitivity = detector.sensitivity;
  row.named = detector.named;
  rows.insert(place, std::move(row));
  storm.storm->detectors.insert(storm.storm->detectors.begin() + index, AlertStorm::Holding());
  return static_cast<size_t>(index);
}

}  // namespace

void AlertStorms::fold(const Alert& alert) {
  auto place = std::ranges::find(storms_, alert.policy_id, &Alert::policy_id);
  if (place == storms_.end()) place = storms_.insert(storms_.end(), begin_storm(alert, of_));
  Alert& storm = *place;
  const bool create = alert.activity == AlertActivity::kCreate;
  storm.storm->creates += alert.storm ? alert.storm->creates : create ? 1 : 0;
  storm.storm->updates += alert.storm ? alert.storm->updates : create ? 0 : 1;
  storm.severity = std::max(storm.severity, alert.severity);
  storm.time = std::max(storm.time, alert.time);
  storm.created_time = std::min(storm.created_time, alert.created_time);
  storm.first_byte = std::min(storm.first_byte, alert.first_byte);
  storm.last_byte = std::max(storm.last_byte, alert.last_byte);
  storm.first_finding = std::min(storm.first_finding, alert.first_finding);
  storm.last_finding = std::max(storm.last_finding, alert.last_finding);
  for (size_t i = 0; i < alert.detectors.size(); ++i) {
    const AlertDetector& detector = alert.detectors[i];
    const size_t index = row_of(storm, detector);
    AlertDetector& row = storm.detectors[index];
    row.score = std::max(row.score, detector.score);
    AlertStorm::Holding& holding = storm.storm->detectors[index];
    holding.creates += alert.storm ? alert.storm->detectors[i].creates : create ? 1 : 0;
    holding.updates += alert.storm ? alert.storm->detectors[i].updates : create ? 0 : 1;
    // An Update is the whole alert again: its matches were told, or are counted with its Create.
    if (create) row.matches += detector.matches;
  }
}

}  // namespace weir
