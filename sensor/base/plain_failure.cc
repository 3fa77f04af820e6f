#include "sensor/base/plain_failure.h"

#include <new>
#include <system_error>

namespace weir {

std::string plain_failure(const std::exception& e) {
  if (dynamic_cast<const std::bad_alloc*>(&e) != nullptr) {
    return "the system gives no more memory (ulimit -v, or the machine's own; the budgets of the "
           "configuration "
           "are *.memory)";
  }
  const auto* system = dynamic_cast<const std::system_error*>(&e);
  if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
    return "the system gives no more threads (" + system->code().message() +
           "): the limit on this user's processes (ulimit -u), on the service's (TasksMax=), on the "
           "container's, or on memory for stacks (ulimit -v) is reached; --workers takes fewer";
  }
  if (system != nullptr && system->code() == std::errc::not_enough_memory) {
    return std::string(e.what()) +
           ": a limit on memory (ulimit -v) is reached; the configuration's budgets are *.memory";
  }
  return e.what();
}

}  // namespace weir
