#include "sensor/app/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

namespace weir {

namespace {
bool output_was_closed = false;
}  // namespace

void open_standard_streams() {
  output_was_closed = ::fcntl(STDOUT_FILENO, F_GETFD) < 0;
  int opened = 0;
  do {
    opened = ::open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened > STDERR_FILENO) ::close(opened);
}

bool standard_output_was_closed() { return output_was_closed; }

}  // namespace weir
