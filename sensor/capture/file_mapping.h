// A file mapped for reading, where that file may become shorter, or its disk fail, while it is read: the
// kernel answers a touch of what is not there any more with SIGBUS, which would end the program.
//
// While a mapping lives, its pages that cannot be had any more become pages of zeros: a handler of SIGBUS
// puts them there and notes the place. It does nothing else, may run in any thread, and knows the mappings by
// a list without locks; a SIGBUS of any other address ends the program as it always did. The reader must ask
// intact() after every piece that it has parsed and before it believes it.
//
// One thread a mapping at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "parsers/wire/bytes.h"

namespace weir {

class FileMapping {
 public:
  // `size`: of the file, above 0. Takes over the descriptor in any case. Null, and *error, where the system
  // refuses the mapping.
  static std::unique_ptr<FileMapping> take(int descriptor, size_t size, std::string* error);
  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  // All of the file as it was when it was mapped. Safe to touch, whatever has become of it.
  Bytes bytes() const { return {data_, size_}; }

  // How much of bytes(), from its begin, has been the file's all the time until now; never grows. `read_to`:
  // how far the reader has come. Costs one look at the last page, and in there a system call.
  size_t intact(size_t read_to);

  void read_ahead(size_t from, size_t to) const;
  // Takes pages out of our address space, not out of the page cache: they come back when touched.
  void release(size_t from, size_t to) const;

 private:
  struct Guard;
  struct Guards;

  FileMapping(int descriptor, const uint8_t* data, size_t size, Guard* guard)
      : descriptor_(descriptor), data_(data), size_(size), intact_(size), guard_(guard) {}
  void look_again();

  int descriptor_;  // to ask for the size: the path may name another file by now
  const uint8_t* data_;
  size_t size_;
  size_t intact_;
  Guard* guard_;
};

}  // namespace weir
