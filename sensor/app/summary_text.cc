#include "sensor/app/summary_text.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>

#include "sensor/base/verdict.h"

namespace weir {

namespace {

__attribute__((format(printf, 2, 3))) void line(std::string* out, const char* format, ...) {
  std::array<char, 512> text{};
  va_list args;
  va_start(args, format);
  std::vsnprintf(text.data(), text.size(), format, args);
  va_end(args);
  *out += text.data();
  *out += '\n';
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

void files_part(const SummaryInput& input, std::string* out) {
  if (input.files.empty()) return;
  constexpr size_t kMostNamed = 20;  // of a directory's other entries; the summary for programs has all
  size_t whole = 0;
  size_t passed_over = 0;
  for (const FileReport& file : input.files) {
    if (!file.passed_over.empty()) {
      ++passed_over;
    } else if (file.error.empty() && !file.unfinished) {
      ++whole;
    }
  }
  const size_t others = input.files.size() - passed_over - whole;
  if (passed_over == 0) {
    line(out, "  files      %zu read to the end, %zu not", whole, others);
  } else {
    line(out, "  files      %zu read to the end, %zu not, %zu passed over", whole, others, passed_over);
  }
  size_t named = 0;
  for (const FileReport& file : input.files) {
    if (!file.passed_over.empty()) {
      if (named++ < kMostNamed) *out += "             " + file.path + ": " + file.passed_over + '\n';
    } else if (!file.error.empty()) {
      *out += "             " + file.path + ": " + file.error + '\n';
    } else if (file.unfinished) {
      *out += "             " + file.path + ": " +
              (file.packets == 0 ? std::string("not begun")
                                 : "ended after " + human_count(file.packets) + " packets") +
              '\n';
    }
  }
  if (named > kMostNamed) line(out, "             and %zu more", named - kMostNamed);
}

void packets_part(const Totals& totals, std::string* out) {
  std::vector<std::string> kinds;
  for (size_t i = 0; i < kPacketKinds; ++i) {
    if (totals.packets[i] == 0) continue;
    kinds.push_back(std::string(name_of(static_cast<PacketKind>(i))) + " " + human_count(totals.packets[i]));
  }
  line(out, "  packets    %s (%s)%s", human_count(totals.packet_count()).c_str(),
       human_bytes(totals.byte_count()).c_str(), kinds.empty() ? "" : (": " + join(kinds)).c_str());
}

void tunnels_part(const Totals& totals, std::string* out) {
  std::vector<std::string> kinds;
  for (size_t i = 0; i < kLayerKinds; ++i) {
    const std::string name(name_of(static_cast<LayerKind>(i)));
    if (totals.tunnels[i] != 0) kinds.push_back(name + " " + human_count(totals.tunnels[i]));
    if (totals.tunnels_malformed[i] != 0) {
      kinds.push_back("malformed " + name + " " + human_count(totals.tunnels_malformed[i]));
    }
  }
  if (totals.tunnels_too_deep != 0) {
    kinds.push_back("too deep to open " + human_count(totals.tunnels_too_deep));
  }
  if (totals.tunnels_refused != 0) {
    kinds.push_back("no tunnel on its port " + human_count(totals.tunnels_refused));
  }
  if (!kinds.empty()) line(out, "  tunnels    %s", join(kinds).c_str());
  if (totals.duplicates != 0) {
    line(out, "  duplicates %s packets came twice from the mirror", human_count(totals.duplicates).c_str());
  }
}

void fragments_part(const DefragmentCounters& fragments, std::string* out) {
  if (fragments.fragments == 0) return;
  std::vector<std::string> parts;
  const auto tell = [&parts](uint64_t n, const char* what) {
    if (n != 0) parts.push_back(human_count(n) + " " + what);
  };
  tell(fragments.timed_out, "timed out");
  tell(fragments.unfinished, "unfinished at the end");
  tell(fragments.evicted, "given up for want of memory (defragment.memory)");
  tell(fragments.too_many, "with too many fragments");
  tell(fragments.overlapping, "with bytes that came twice");
  tell(fragments.conflicting, "whose fragments contradict each other");
  tell(fragments.malformed, "fragments with lengths out of rule");
  line(out, "  fragments  %s, whole datagrams %s%s", human_count(fragments.fragments).c_str(),
       human_count(fragments.datagrams).c_str(), parts.empty() ? "" : ("; " + join(parts)).c_str());
}

// What the packets say of their times, where that cannot be taken as it is.
void clock_part(const ClockCounters& clock, std::string* out) {
  const auto times = [](uint64_t n, Nanoseconds longest) {
    const std::string by = human_duration(std::chrono::nanoseconds(longest));
    return n == 1 ? "once, by " + by : human_count(n) + " times, by up to " + by;
  };
  std::vector<std::string> parts;
  if (clock.ahead != 0) parts.push_back("ahead " + times(clock.ahead, clock.longest_ahead));
  if (clock.back != 0) parts.push_back("back " + times(clock.back, clock.longest_back));
  if (!parts.empty()) line(out, "  clock      stepped or stood silent: %s", join(parts).c_str());
  if (clock.taken_back != 0) {
    line(out,
         "  clock      %s silences were believed and the time before them went on: what ended by them is "
         "told apart",
         human_count(clock.taken_back).c_str());
  }
  if (clock.strays != 0) {
    line(
        out,
        "  clock      %s packets with a time that the others' did not bear out: read, but no timer ran by it",
        human_count(clock.strays).c_str());
  }
}

std::vector<std::string> unread_reasons(const Inspection& inspection) {
  std::vector<std::string> reasons;
  for (size_t i = 0; i < kUnreadReasons; ++i) {
    if (inspection.unread[i] == 0) continue;
    reasons.push_back(std::string(kUnreadNames[i]) + " " + human_bytes(inspection.unread[i]));
  }
  return reasons;
}

std::string evicted_text(const Totals& totals) {
  if (totals.flows_evicted == 0) return "";
  const uint64_t half_open = totals.flows_evicted_half_open;
  std::string text = ", " + human_count(totals.flows_evicted) + " flows evicted";
  if (half_open != 0) text += " (half-open " + human_count(half_open) + ")";
  const uint64_t sessions = totals.flows_evicted_sessions;
  if (sessions != 0)
    text += " (for sessions " + human_count(sessions) + ": flow.session_memory is too small)";
  return half_open + sessions == totals.flows_evicted ? text : text + ": the flow table is too small";
}

// What does not happen between two hosts that are left alone.
void tcp_part(const Totals& totals, std::string* out) {
  const ReassemblyCounters& tcp = totals.tcp;
  const std::pair<uint64_t, const char*> said[] = {
      {tcp.conflicts, "second versions"},
      {tcp.uncompared, "repeats read again"},
      {tcp.late, "late pieces"},
      {tcp.doubtful, "doubtful segments"},
      {tcp.bad_checksum, "segments with a wrong checksum"},
      {totals.datagrams_bad_checksum, "datagrams with a wrong checksum"},
      {tcp.unplaced, "outside any window"},
      {tcp.resets_ignored, "resets ignored"},
      {tcp.fins_ignored, "ends ignored"},
      {tcp.urgent, "urgent"},
      {totals.values_forgotten, "reported values forgotten"}};
  std::vector<std::string> parts;
  for (const auto& [n, what] : said) {
    if (n != 0) parts.push_back(std::string(what) + " " + human_count(n));
  }
  if (!parts.empty()) line(out, "  segments   %s", join(parts).c_str());
}

void flows_part(const Totals& totals, std::string* out) {
  line(out, "  flows      %s, items %s%s", human_count(totals.flows).c_str(),
       human_count(totals.items).c_str(), evicted_text(totals).c_str());
  for (const auto& [name, protocol] : totals.protocols) {
    const Inspection& i = protocol.inspection;
    const std::string reasons = join(unread_reasons(i));
    line(out, "    %-10s %s flows, payload seen %s, read %s%s", name.c_str(),
         human_count(protocol.flows).c_str(), human_bytes(i.seen).c_str(), human_bytes(i.read()).c_str(),
         reasons.empty() ? "" : (", " + reasons).c_str());
  }
}

// Everything that was not read because it never reached a worker. A replay's file may tell of it, too.
void missed_part(const SummaryInput& input, std::string* out) {
  const SourceStats& stats = input.result.source_stats;
  std::vector<std::string> parts;
  const auto tell = [&parts](uint64_t n, const std::string& by) {
    if (n != 0) parts.push_back(human_count(n) + " packets " + by);
  };
  tell(stats.kernel_drops, "dropped by the kernel");
  tell(stats.interface_drops, "dropped by the interface");
  tell(stats.no_buffer, "for want of a buffer");
  tell(stats.weir_drops, "by Weir (" + human_bytes(stats.weir_drop_bytes) + "; a worker's queue was full)");
  if (!parts.empty()) {
    line(out, "  missed     %s", join(parts).c_str());
  } else if (input.files.empty()) {
    line(out, "  missed     no packet, by the kernel's and the interface's own count");
  }
  if (stats.early != 0) {
    line(out, "  early      %s packets came before all workers' sockets had joined",
         human_count(stats.early).c_str());
  }
  for (const std::string& problem : input.result.device_problems) *out += "  device     " + problem + '\n';
  if (!input.filter.empty() && !input.filter_counted) {
    *out +=
        "  filter     what \"" + input.filter + "\" refused stayed in the kernel, which does not count it\n";
  }
  if (stats.damaged != 0) {
    line(out, "  damaged    %s frames refused by the card", human_count(stats.damaged).c_str());
  }
  if (stats.linearised != 0) {
    line(out, "  in pieces  %s packets copied together from several buffers",
         human_count(stats.linearised).c_str());
  }
  for (const NamedCount& count : input.result.extended_stats) {
    line(out, "    %s %s", count.name.c_str(), human_count(count.value).c_str());
  }
}

void unread_part(const Inspection& all, std::string* out) {
  const std::vector<std::string> reasons = unread_reasons(all);
  if (!reasons.empty()) line(out, "  not read   %s", join(reasons).c_str());
  std::vector<std::string> beside;
  if (all.duplicate != 0) beside.push_back("repeated " + human_bytes(all.duplicate));
  if (all.gap != 0) beside.push_back("never came " + human_bytes(all.gap));
  if (!beside.empty()) line(out, "  besides    %s", join(beside).c_str());
}

void alerts_part(const SummaryInput& input, std::string* out) {
  const Totals& totals = input.result.totals;
  std::vector<std::string> severities;
  for (size_t s = totals.alerts_by_severity.size(); s-- > 1;) {
    if (totals.alerts_by_severity[s] == 0) continue;
    severities.push_back(std::string(name_of(static_cast<Severity>(s))) + " " +
                         human_count(totals.alerts_by_severity[s]));
  }
  line(out, "  alerts     %s%s%s", human_count(totals.alert_count()).c_str(),
       severities.empty() ? "" : (": " + join(severities)).c_str(),
       totals.alert_updates == 0 ? "" : ("; updates " + human_count(totals.alert_updates)).c_str());
  std::vector<std::string> besides;
  for (size_t i = 0; i < totals.detectors.size(); ++i) {
    const DetectorTotals& d = totals.detectors[i];
    const std::string& id = input.catalogue.detectors[i].id;
    if (d.alerts != 0) {
      line(out, "    %-26s in %s alerts, %s matches", id.c_str(), human_count(d.alerts).c_str(),
           human_count(d.findings).c_str());
    } else if (d.findings != 0) {
      besides.push_back(id + " " + human_count(d.findings));
    }
  }
  if (totals.suppressed != 0)
    line(out, "  exceptions kept %s items silent", human_count(totals.suppressed).c_str());
  // Too few or too weak for a policy, or in an item about which another policy of the group alerts.
  if (!besides.empty()) {
    line(out, "  found besides, without an alert of their own: %s%s", join(besides).c_str(),
         input.everything ? "" : " (--all shows them)");
  }
}

// What was there beside the payload and could hold anything: packets that Weir does not open, and what a
// capture did not catch.
std::vector<std::string> not_opened(const SummaryInput& input) {
  const Totals& totals = input.result.totals;
  const SourceStats& stats = input.result.source_stats;
  std::vector<std::string> parts;
  const auto tell = [&parts](uint64_t n, const char* what) {
    if (n != 0) parts.push_back(human_count(n) + " " + what);
  };
  const auto packets = [&](PacketKind kind, const char* what) {
    tell(totals.packets[static_cast<size_t>(kind)], what);
  };
  packets(PacketKind::kEsp, "packets were encrypted (ESP)");
  packets(PacketKind::kOtherIp,
          "packets of IP protocols that Weir does not read (SCTP, UDP-Lite and others)");
  packets(PacketKind::kOtherLink, "frames of protocols beside IP that Weir does not read");
  packets(PacketKind::kUnknownLink, "packets of a link type that Weir does not know");
  packets(PacketKind::kTruncated, "packets cut in their headers");
  packets(PacketKind::kMalformed, "packets with headers that contradict themselves");
  packets(PacketKind::kFiltered, "packets refused by the filter");
  tell(totals.inspection().gap, "bytes never came");
  tell(stats.kernel_drops + stats.interface_drops + stats.no_buffer + stats.weir_drops,
       "packets were missed");
  tell(static_cast<uint64_t>(
           std::ranges::count_if(input.files, [](const FileReport& f) { return !f.error.empty(); })),
       "files broke off");
  return parts;
}

// What became of the alerts at a sink, where not all of them went there one by one.
void sink_part(const SinkTally& sink, std::string* out) {
  if (sink.folded + sink.lost + sink.not_delivered == 0) return;
  *out += "  " + sink.name + ": " + human_count(sink.delivered) + " alerts and updates delivered";
  if (sink.folded != 0) {
    *out += ", " + human_count(sink.folded) + " told in " + human_count(sink.storms) +
            " storm alerts, for it was too slow";
  }
  if (sink.lost != 0) *out += ", " + human_count(sink.lost) + " LOST";
  if (sink.not_delivered != 0) *out += ", " + human_count(sink.not_delivered) + " NOT DELIVERED";
  if (sink.held_back != 0) *out += ", " + human_count(sink.held_back) + " not shown";
  *out += '\n';
}

// With no alert, the reader must learn why.
void silence_part(const SummaryInput& input, std::string* out) {
  const Totals& totals = input.result.totals;
  if (totals.alert_count() != 0 || totals.packet_count() == 0) return;
  const Inspection all = totals.inspection();
  const std::vector<std::string> left = not_opened(input);
  const uint64_t unread = all.unread_total();
  if (all.seen == 0) {
    line(out, "  no alert: there was no TCP or UDP payload to read%s",
         left.empty() ? "" : ("; " + join(left)).c_str());
    return;
  }
  if (unread == 0 && left.empty()) {
    line(out, "  no alert: all %s were read, and nothing in them calls for one",
         human_bytes(all.seen).c_str());
    return;
  }
  const uint64_t encrypted = all.unread[static_cast<size_t>(Unread::kEncrypted)];
  std::string text = "  no alert: " + human_bytes(all.read()) + " of " + human_bytes(all.seen) + " were read";
  if (unread != 0) {
    text += "; " + human_bytes(encrypted) + " were encrypted, " + human_bytes(unread - encrypted) +
            " unread for other reasons";
  }
  if (!left.empty()) text += "; besides, " + join(left);
  *out += text + '\n';
}

}  // namespace

std::string human_count(uint64_t n) {
  std::string digits = std::to_string(n);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string human_duration(std::chrono::nanoseconds duration) {
  using namespace std::chrono;
  if (duration < minutes(1)) {
    std::array<char, 32> text{};
    // Cut, not rounded: never "60.0 s".
    const auto tenths = duration_cast<milliseconds>(duration).count() / 100;
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(tenths) / 10);
    return text.data();
  }
  const auto two = [](int64_t big, const char* big_unit, int64_t small, const char* small_unit) {
    return human_count(static_cast<uint64_t>(big)) + big_unit +
           (small == 0 ? "" : " " + std::to_string(small) + small_unit);
  };
  const int64_t all = duration_cast<seconds>(duration).count();
  if (all < 3600) return two(all / 60, " min", all % 60, " s");
  if (all < 86'400) return two(all / 3600, " h", all / 60 % 60, " min");
  return two(all / 86'400, " d", all / 3600 % 24, " h");
}

std::string human_bytes(uint64_t bytes) {
  if (bytes < 10'000) return human_count(bytes) + " bytes";
  static constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string summary_text(const SummaryInput& input) {
  const Totals& totals = input.result.totals;
  std::string out = "Summary\n";
  if (input.result.interrupted) {
    out = input.live ? "Stopped after " + human_duration(input.result.elapsed) + "\n"
                     : "Interrupted; up to there:\n";
  }
  files_part(input, &out);
  packets_part(totals, &out);
  tunnels_part(totals, &out);
  fragments_part(totals.fragments, &out);
  clock_part(totals.clock, &out);
  missed_part(input, &out);
  flows_part(totals, &out);
  tcp_part(totals, &out);
  unread_part(totals.inspection(), &out);
  alerts_part(input, &out);
  silence_part(input, &out);
  const double seconds = std::chrono::duration<double>(input.result.elapsed).count();
  if (seconds > 0) {
    line(&out, "  rate       %.2f s, %.3f Gbit/s, %s packets/s", seconds,
         static_cast<double>(totals.byte_count()) * 8 / seconds / 1e9,
         human_count(static_cast<uint64_t>(static_cast<double>(totals.packet_count()) / seconds)).c_str());
  }
  for (const SinkTally& sink : input.result.sinks) sink_part(sink, &out);
  return out;
}

}  // namespace weir
