// An alert in words, for finding_info.title, `message` and the terminal. Everything in it is masked already.
#pragma once

#include <string>

#include "sensor/alert/alert.h"

namespace weir {

// The policy's title.
std::string title_en(const Alert& alert);
std::string title_zh(const Alert& alert);
// … and, of a storm, that it is one.
std::string finding_title_en(const Alert& alert);
std::string finding_title_zh(const Alert& alert);
// The title, then how many of what, who → whom, by which way; of a storm, how many alerts with what, and
// when.
std::string message_en(const Alert& alert);
std::string message_zh(const Alert& alert);
// "2026-11-23 08:15:02" (UTC).
std::string utc_text(Nanoseconds time);
// Without what would move a terminal's cursor or turn its text around.
std::string terminal_text(std::string_view text);

}  // namespace weir
