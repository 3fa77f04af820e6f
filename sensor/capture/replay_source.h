// Capture files and directories replayed as one stream of packets in time order.
//
// Each worker makes its own source over the same paths (files are mapped, so the page cache holds them
// once) and keeps the packets that steer to it; what can be read only once (any_stream) allows one source.
// The order is a function of the files and the order of `paths` alone: earliest next packet first, and of
// equal times the path named first. Files are opened when their first packet is due and closed at their
// end, so thousands of rotated captures are never mapped together.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sensor/capture/packet_source.h"

namespace weir {

struct ReplayOptions {
  std::string filter;  // BPF expression; empty: everything
  double speed = 0;    // 0: as fast as it goes; 1: as it was captured; 2: twice as fast
};

// What became of one input, for the summary. Packets as in SourceStats: the refused ones included.
struct FileReport {
  std::string path;
  uint64_t packets = 0;
  uint64_t bytes = 0;       // their lengths on the wire
  std::string error;        // empty: nothing broke
  bool unfinished = false;  // the replay was ended before it: neither read to its end nor broken
  std::string passed_over;  // of a directory's entry that was not read: what it is instead of a capture
};

// What `paths` name: files and "-" as they are; of a directory what begins as a capture does, whatever its
// name (rotation makes up names), and what has a capture's name, in the order of names and not deeper.
struct ReplayFiles {
  std::vector<std::string> paths;
  std::vector<FileReport> passed_over;  // the directories' other entries
};
// False, and *error, where a directory holds no capture or cannot be listed. A directory may change: whoever
// makes several sources lists once, and makes them of what was listed.
bool list_captures(std::span<const std::string> paths, ReplayFiles* files, std::string* error);

class ReplaySource : public PacketSource {
 public:
  // One entry a file, directories expanded, in the order of the command line. The capture thread, or any
  // once next_burst has answered kEnd or kError.
  virtual std::vector<FileReport> reports() const = 0;
};

// `paths`: files, "-" for standard input, directories (as list_captures() has it). Null and *error where the
// request itself is wrong: nothing named, a directory without captures, a filter that does not compile, a
// negative speed. A file that cannot be read is no such error: it is in reports(), and next_burst ends with
// kError, after the packets of the others. Nothing readable at all: kError with stats().packets == 0.
std::unique_ptr<ReplaySource> make_replay_source(std::span<const std::string> paths,
                                                 const ReplayOptions& options, std::string* error);

// Whether one of `paths` can be read only once.
bool any_stream(std::span<const std::string> paths);

}  // namespace weir
