#include "sensor/app/summary_json.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "sensor/base/verdict.h"
#include "sensor/base/version.h"

namespace weir {

namespace {

using nlohmann::ordered_json;

ordered_json json_of(const Inspection& inspection) {
  ordered_json j;
  j["seen"] = inspection.seen;
  j["read"] = inspection.read();
  j["duplicate"] = inspection.duplicate;
  ordered_json unread = ordered_json::object();
  for (size_t i = 0; i < kUnreadReasons; ++i) {
    if (inspection.unread[i] != 0) unread[std::string(kUnreadNames[i])] = inspection.unread[i];
  }
  j["unread"] = std::move(unread);
  j["gap"] = inspection.gap;
  return j;
}

}  // namespace

std::string summary_json(const SummaryInput& input) {
  const RunResult& result = input.result;
  const Totals& totals = result.totals;
  ordered_json j;
  j["schema"] = "summary/1";
  j["version"] = kVersion;
  j["interrupted"] = result.interrupted;
  j["seconds"] = std::chrono::duration<double>(result.elapsed).count();
  ordered_json files = ordered_json::array();
  for (const FileReport& file : input.files) {
    ordered_json one{{"path", file.path}, {"packets", file.packets}};
    one["whole"] = file.error.empty() && !file.unfinished && file.passed_over.empty();
    if (!file.passed_over.empty()) one["passed_over"] = file.passed_over;
    if (!file.error.empty()) one["error"] = file.error;
    files.push_back(std::move(one));
  }
  j["files"] = std::move(files);

  ordered_json kinds = ordered_json::object();
  for (size_t i = 0; i < kPacketKinds; ++i) {
    if (totals.packets[i] != 0) kinds[std::string(name_of(static_cast<PacketKind>(i)))] = totals.packets[i];
  }
  j["packets"] = {
      {"total", totals.packet_count()}, {"frame_bytes", totals.byte_count()}, {"kinds", std::move(kinds)}};
  if (!input.filter.empty()) j["filter"] = {{"expression", input.filter}, {"counted", input.filter_counted}};
  if (!result.failure.empty()) j["failure"] = result.failure;
  if (!result.device_problems.empty()) j["device_problems"] = result.device_problems;
  const SourceStats& missed = result.source_stats;
  j["missed"] = {{"kernel", missed.kernel_drops},
                 {"interface", missed.interface_drops},
                 {"no_buffer", missed.no_buffer},
                 {"weir", missed.weir_drops},
                 {"weir_bytes", missed.weir_drop_bytes},
                 {"damaged", missed.damaged},
                 {"early", missed.early}};
  const auto in_seconds = [](Nanoseconds ns) { return static_cast<double>(ns) / 1e9; };
  j["clock"] = {{"ahead", totals.clock.ahead},   {"ahead_seconds", in_seconds(totals.clock.longest_ahead)},
                {"back", totals.clock.back},     {"back_seconds", in_seconds(totals.clock.longest_back)},
                {"strays", totals.clock.strays}, {"taken_back", totals.clock.taken_back}};

  j["flows"] = {{"total", totals.flows},
                {"evicted", totals.flows_evicted},
                {"evicted_sessions", totals.flows_evicted_sessions},
                {"refused", totals.flows_refused}};
  j["items"] = totals.items;
  j["payload"] = json_of(totals.inspection());
  ordered_json protocols = ordered_json::object();
  for (const auto& [name, protocol] : totals.protocols) {
    ordered_json one = json_of(protocol.inspection);
    one["flows"] = protocol.flows;
    protocols[name] = std::move(one);
  }
  j["protocols"] = std::move(protocols);

  ordered_json severities = ordered_json::object();
  for (size_t s = 1; s < totals.alerts_by_severity.size(); ++s) {
    if (totals.alerts_by_severity[s] == 0) continue;
    severities[std::string(name_of(static_cast<Severity>(s)))] = totals.alerts_by_severity[s];
  }
  j["alerts"] = {{"total", totals.alert_count()},    {"severities", std::move(severities)},
                 {"updates", totals.alert_updates},  {"suppressed", totals.suppressed},
                 {"written", result.alerts_written}, {"storms", result.outlet.storms},
                 {"folded", result.outlet.folded},   {"lost", result.outlet.lost}};
  ordered_json sinks = ordered_json::array();
  for (const SinkTally& sink : result.sinks) {
    sinks.push_back({{"name", sink.name},
                     {"delivered", sink.delivered},
                     {"storms", sink.storms},
                     {"folded", sink.folded},
                     {"lost", sink.lost},
                     {"not_delivered", sink.not_delivered},
                     {"held_back", sink.held_back}});
  }
  j["sinks"] = std::move(sinks);
  ordered_json detectors = ordered_json::object();
  for (size_t i = 0; i < totals.detectors.size(); ++i) {
    const DetectorTotals& d = totals.detectors[i];
    if (d.findings != 0)
      detectors[input.catalogue.detectors[i].id] = {{"findings", d.findings}, {"alerts", d.alerts}};
  }
  j["detectors"] = std::move(detectors);
  return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

bool write_summary_json(const std::string& path, const SummaryInput& input, std::string* error) {
  // A named pipe that nobody reads is refused (ENXIO), not waited for.
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
  bool good = file >= 0 && fcntl(file, F_SETFL, 0) == 0;
  const std::string text = summary_json(input);
  for (size_t done = 0; good && done < text.size();) {
    const ssize_t n = write(file, text.data() + done, text.size() - done);
    good = n > 0 || (n < 0 && errno == EINTR);
    if (n > 0) done += static_cast<size_t>(n);
  }
  const int why = errno;
  if (file >= 0 && close(file) != 0) good = false;
  if (!good) *error = "the summary cannot be written to " + path + ": " + std::strerror(why);
  return good;
}

}  // namespace weir
