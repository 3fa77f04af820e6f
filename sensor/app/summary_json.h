// The summary at the end of a run, for a program: one JSON object. Everything that summary_text() tells is in
// it, unrounded.
#pragma once

#include <string>

#include "sensor/app/summary_text.h"

namespace weir {

// Schema "summary/1", described in docs/summary.md; ends with a line end.
std::string summary_json(const SummaryInput& input);

// False, and *error says why, when the file cannot be written.
bool write_summary_json(const std::string& path, const SummaryInput& input, std::string* error);

}  // namespace weir
