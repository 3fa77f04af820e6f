#include "sensor/alert/alert_text.h"

#include <algorithm>
#include <cstdio>

#include "sensor/alert/ocsf_writer.h"

namespace weir {
namespace {

constexpr size_t kKindsTold = 3;

std::string counted(const AlertDetector& d) { return (d.at_least ? "≥" : "") + std::to_string(d.distinct); }

std::string_view way_en(Way way) {
  switch (way) {
    case Way::kOutbound:
      return "going out";
    case Way::kInbound:
      return "coming in";
    case Way::kInternal:
      return "inside";
    case Way::kExternal:
      return "between outside addresses";
  }
  return "";
}

std::string_view way_zh(Way way) {
  switch (way) {
    case Way::kOutbound:
      return "流出";
    case Way::kInbound:
      return "流入";
    case Way::kInternal:
      return "内部";
    case Way::kExternal:
      return "外部之间";
  }
  return "";
}

std::string_view confidence_zh(Confidence c) {
  switch (c) {
    case Confidence::kHigh:
      return "高";
    case Confidence::kMedium:
      return "中";
    default:
      return "低";
  }
}

std::string endpoint(const AlertEndpoint& e) {
  const bool v6 = e.ip.find(':') != std::string::npos;
  const std::string address = (v6 ? "[" + e.ip + "]" : e.ip) + ":" + std::to_string(e.port);
  return e.hostname.empty() ? address : e.hostname + " (" + address + ")";
}

// "http POST report.xlsx"
std::string how(const Alert& alert) {
  std::string out = alert.protocol.empty() ? "raw" : alert.protocol;
  if (!alert.method.empty()) out += " " + alert.method;
  if (!alert.file_name.empty()) out += " " + alert.file_name;
  return out;
}

std::string what_en(const Alert& alert) {
  std::string out;
  for (size_t i = 0; i < alert.detectors.size() && i < kKindsTold; ++i) {
    const AlertDetector& d = alert.detectors[i];
    const std::string& title = d.title_en.empty() ? d.id : d.title_en;
    out += (i == 0 ? "" : ", ") + counted(d) + " × " + title;
    if (i == 0) out += " (" + d.masked + ", " + std::string(name_of(confidence_of(d.score))) + ")";
  }
  if (alert.detectors.size() > kKindsTold) {
    out += " and " + std::to_string(alert.detectors.size() - kKindsTold) + " more kinds";
  }
  return out.empty() ? "nothing that counts any more" : out;
}

std::string what_zh(const Alert& alert) {
  std::string out;
  for (size_t i = 0; i < alert.detectors.size() && i < kKindsTold; ++i) {
    const AlertDetector& d = alert.detectors[i];
    out += (i == 0 ? "" : "、") + (d.title_zh.empty() ? d.id : d.title_zh) + " " + counted(d) + " 个";
    if (i == 0)
      out += "（" + d.masked + "，置信度" + std::string(confidence_zh(confidence_of(d.score))) + "）";
  }
  if (alert.detectors.size() > kKindsTold) {
    out += "等 " + std::to_string(alert.detectors.size()) + " 类";
  }
  return out.empty() ? "已无达到条件的内容" : out;
}

std::string_view severity_zh(Severity s) {
  constexpr std::string_view kNames[] = {"无", "提示", "低", "中", "高", "严重"};
  return kNames[static_cast<size_t>(s)];
}

// "1200 alerts and 3 updates"
std::string folded_en(const AlertStorm& storm) {
  const auto counted = [](uint64_t n, const char* what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
  };
  if (storm.updates == 0) return counted(storm.creates, "alert");
  if (storm.creates == 0) return counted(storm.updates, "update");
  return counted(storm.creates, "alert") + " and " + counted(storm.updates, "update");
}

std::string folded_zh(const AlertStorm& storm) {
  const std::string creates = std::to_string(storm.creates) + " 条告警";
  const std::string updates = std::to_string(storm.updates) + " 条更新";
  return storm.updates == 0 ? creates : storm.creates == 0 ? updates : creates + "、" + updates;
}

uint64_t held(const Alert& alert, size_t detector) {
  const AlertStorm::Holding& holding = alert.storm->detectors[detector];
  return holding.creates + holding.updates;
}

// "Resident identity number in 1200, Mobile number in 40 and 2 more kinds"
std::string storm_kinds_en(const Alert& alert) {
  std::string out;
  for (size_t i = 0; i < alert.detectors.size() && i < kKindsTold; ++i) {
    const AlertDetector& d = alert.detectors[i];
    out += (i == 0 ? "; " : ", ") + (d.title_en.empty() ? d.id : d.title_en) + " in " +
           std::to_string(held(alert, i));
  }
  if (alert.detectors.size() > kKindsTold) {
    out += " and " + std::to_string(alert.detectors.size() - kKindsTold) + " more kinds";
  }
  return out;
}

std::string storm_kinds_zh(const Alert& alert) {
  std::string out;
  for (size_t i = 0; i < alert.detectors.size() && i < kKindsTold; ++i) {
    const AlertDetector& d = alert.detectors[i];
    out += (i == 0 ? "；" : "、") + (d.title_zh.empty() ? d.id : d.title_zh) + " " +
           std::to_string(held(alert, i)) + " 条";
  }
  if (alert.detectors.size() > kKindsTold) {
    out += "等 " + std::to_string(alert.detectors.size()) + " 类";
  }
  return out;
}

// From the first finding to the last.
std::string span_of(const Alert& alert, std::string_view to) {
  return utc_text(alert.first_finding) + std::string(to) + utc_text(alert.last_finding) + " UTC";
}

std::string storm_en(const Alert& alert) {
  return folded_en(*alert.storm) + " in one, as the output did not keep up; " +
         std::string(name_of(alert.severity)) + " at most" + storm_kinds_en(alert) + "; " +
         span_of(alert, " to ");
}

std::string storm_zh(const Alert& alert) {
  return "输出跟不上，" + folded_zh(*alert.storm) + "合为一条；最高级别：" +
         std::string(severity_zh(alert.severity)) + storm_kinds_zh(alert) + "；" + span_of(alert, " 至 ");
}

}  // namespace

std::string title_en(const Alert& alert) {
  return alert.policy_title_en.empty() ? alert.policy_title_zh : alert.policy_title_en;
}

std::string title_zh(const Alert& alert) {
  return alert.policy_title_zh.empty() ? alert.policy_title_en : alert.policy_title_zh;
}

std::string finding_title_en(const Alert& alert) {
  return (alert.storm ? "Alert storm: " : "") + title_en(alert);
}

std::string finding_title_zh(const Alert& alert) {
  return (alert.storm ? "告警风暴：" : "") + title_zh(alert);
}

std::string message_en(const Alert& alert) {
  if (alert.storm) return finding_title_en(alert) + ": " + storm_en(alert);
  return title_en(alert) + ": " + what_en(alert) + "; " + std::string(way_en(alert.way)) + ", " +
         endpoint(alert.src) + " → " + endpoint(alert.dst) + ", " + how(alert);
}

std::string message_zh(const Alert& alert) {
  if (alert.storm) return finding_title_zh(alert) + "：" + storm_zh(alert);
  return title_zh(alert) + "：" + what_zh(alert) + "；" + std::string(way_zh(alert.way)) + "，" +
         endpoint(alert.src) + " → " + endpoint(alert.dst) + "，" + how(alert);
}

std::string utc_text(Nanoseconds time) {
  const int64_t seconds = time / 1'000'000'000;
  int64_t days = seconds / 86'400;
  const int64_t of_day = seconds % 86'400;
  // Civil date from days since 1970-01-01; years begin in March so that the leap day is the last.
  days += 719'468;
  const int64_t era = days / 146'097;
  const int64_t day_of_era = days % 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_index = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_index + 2) / 5 + 1;
  const int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  char text[64];
  std::snprintf(text, sizeof(text), "%04lld-%02lld-%02lld %02lld:%02lld:%02lld", static_cast<long long>(year),
                static_cast<long long>(month), static_cast<long long>(day),
                static_cast<long long>(of_day / 3600), static_cast<long long>(of_day / 60 % 60),
                static_cast<long long>(of_day % 60));
  return text;
}

std::string terminal_text(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = [&](size_t n) {
      return i + n < text.size() ? static_cast<unsigned char>(text[i + n]) : 0u;
    };
    if (byte < 0x20 || byte == 0x7f) {
      out += ' ';
    } else if (byte == 0xc2 && next(1) >= 0x80 && next(1) < 0xa0) {  // C1 controls
      out += ' ';
      ++i;
    } else if (byte == 0xe2 && ((next(1) == 0x80 && ((next(2) >= 0x8b && next(2) <= 0x8f) ||
                                                     (next(2) >= 0xa8 && next(2) <= 0xae))) ||
                                (next(1) == 0x81 && next(2) >= 0xa0 && next(2) <= 0xaf))) {
      // Line and paragraph separators, zero-width characters, and all that turns the direction of text.
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string alert_line(const Alert& alert) {
  std::string severity(name_of(alert.severity));
  std::transform(severity.begin(), severity.end(), severity.begin(),
                 [](char c) { return static_cast<char>(c - 'a' + 'A'); });
  severity.resize(std::max<size_t>(severity.size(), 8), ' ');
  std::string out = utc_text(alert.time) + "  " + severity + "  ";
  if (alert.storm) return terminal_text(out + message_en(alert));
  out += what_en(alert) + "  " + endpoint(alert.src) + " → " + endpoint(alert.dst) + "  " + how(alert);
  if (alert.activity == AlertActivity::kUpdate) out += "  (update " + std::to_string(alert.revision) + ")";
  return terminal_text(out);
}

}  // namespace weir
