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

}  // namespace

std::string title_en(const Alert& alert) {
  return alert.policy_title_en.empty() ? alert.policy_title_zh : alert.policy_title_en;
}

std::string title_zh(const Alert& alert) {
  return alert.policy_title_zh.empty() ? alert.policy_title_en : alert.policy_title_zh;
}

std::string message_en(const Alert& alert) {
  return title_en(alert) + ": " + what_en(alert) + "; " + std::string(way_en(alert.way)) + ", " +
         endpoint(alert.src) + " → " + endpoint(alert.dst) + ", " + how(alert);
}

std::string message_zh(const Alert& alert) {
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
  std::string out = utc_text(alert.time) + "  " + severity + "  " + what_en(alert) + "  " +
                    endpoint(alert.src) + " → " + endpoint(alert.dst) + "  " + how(alert);
  if (alert.activity == AlertActivity::kUpdate) out += "  (update " + std::to_string(alert.revision) + ")";
  return terminal_text(out);
}

}  // namespace weir
