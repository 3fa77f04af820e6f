// What an exception means to an operator, and what would help: refused memory and refused threads in words.
#pragma once

#include <exception>
#include <string>

namespace weir {

std::string plain_failure(const std::exception& e);

}  // namespace weir
