#include "signatures/yaml/yaml_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weir {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "is a folder, not a file";
  if (S_ISFIFO(mode)) return "is a pipe, not a plain file; write it to a file first";
  return "is a device or a socket, not a plain file";
}

}  // namespace

bool read_yaml_file(const std::string& path, size_t most, std::string* text, std::string* error) {
  text->clear();
  // O_NONBLOCK: a pipe without a writer must not be waited for.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) {
    *error = std::string("cannot be read: ") + std::strerror(errno);
    return false;
  }
  struct stat info {};
  if (fstat(file.get(), &info) != 0) {
    *error = std::string("cannot be read: ") + std::strerror(errno);
    return false;
  }
  if (!S_ISREG(info.st_mode)) {
    *error = kind_of(info.st_mode);
    return false;
  }
  // Files of /proc say that they are empty: read to the end, whatever the size says.
  constexpr size_t kStep = 64 << 10;
  while (text->size() <= most) {
    const size_t have = text->size();
    text->resize(std::min(have + kStep, most + 1));
    const ssize_t n = read(file.get(), text->data() + have, text->size() - have);
    text->resize(have + (n > 0 ? static_cast<size_t>(n) : 0));
    if (n == 0) break;
    if (n < 0 && errno != EINTR) {
      *error = std::string("cannot be read: ") + std::strerror(errno);
      return false;
    }
  }
  return true;
}

}  // namespace weir
