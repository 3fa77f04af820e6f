// Standard input, output and error, where the caller closed one of them (`weir … >&-`).
#pragma once

namespace weir {

// First of all in main(): a file or socket that got the number of a closed standard stream would be written
// to as if it were one. /dev/null takes their places.
void open_standard_streams();

// Whether the caller had closed it, so that what is written there reaches nobody.
bool standard_output_was_closed();

}  // namespace weir
