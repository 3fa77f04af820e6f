#include "sensor/decode/datagram_reader.h"

#include <algorithm>

namespace weir {

void DatagramReader::begin(const Source& source) {
  source_ = source;
  Datagram& datagram = *source_.datagram;
  tallies_ = {datagram.repeated(), datagram.differing(), datagram.cut_again()};
  tallies_told_ = false;
  next_run_ = 0;
  version_ = 0;
  versions_ = datagram.sort_versions();
  datagram.runs(&runs_);
  phase_ = Phase::kRuns;
  if (source_.previous != nullptr && extends_previous()) return;
  datagram.assemble(buffer_.data());
}

// Fragments of a datagram that was whole already: repeats, or another version of it. False: they are a
// datagram of their own (the sender's identifications came round), or do not join the one before.
bool DatagramReader::extends_previous() {
  const Datagram& previous = *source_.previous;
  const Datagram& datagram = *source_.datagram;
  DatagramTallies tallies = tallies_;
  datagram.compare(previous, &tallies.repeated, &tallies.differing);
  const bool same = tallies.differing.total() == 0 && !datagram.disputed();
  if (datagram.complete() && !(same && datagram.end() == previous.end())) return false;
  reach_ = previous.end();
  for (const Datagram::Run& run : runs_) {
    if (run.start > reach_) return false;
    reach_ = std::max(reach_, run.end);
    tallies.cut.add(run.end, run.wire_end);
  }
  tallies_ = tallies;
  previous.assemble(buffer_.data());
  if (same) {
    phase_ = Phase::kRepeat;
  } else {
    datagram.assemble(buffer_.data());
    phase_ = Phase::kExtended;
  }
  return true;
}

bool DatagramReader::next(DatagramReading* out) {
  if (phase_ == Phase::kNone) return false;
  *out = DatagramReading();
  out->end = source_.end;
  out->protocol = source_.datagram->protocol();
  out->v6 = source_.v6;
  out->mine = source_.mine;
  out->context = source_.context;
  if (!tallies_told_) {
    out->tallies = &tallies_;
    out->versions_lost = source_.datagram->versions_lost();
  }
  bool found = false;
  while (!found && phase_ != Phase::kNone) {
    switch (phase_) {
      case Phase::kNone:
        break;
      case Phase::kRepeat:
      case Phase::kExtended:
        fill({0, reach_, reach_}, 0, out);
        out->length = reach_;
        out->protocol = source_.previous->protocol();
        out->kind =
            phase_ == Phase::kRepeat ? DatagramReading::Kind::kRepeat : DatagramReading::Kind::kBeginning;
        out->version = phase_ == Phase::kRepeat ? 0 : 1;
        found = true;
        // What fragments of this one say against each other is read one by one.
        phase_ = phase_ == Phase::kRepeat ? Phase::kNone : Phase::kVersions;
        break;
      case Phase::kRuns:
        found = next_run(out);
        if (!found) phase_ = Phase::kVersions;
        break;
      case Phase::kVersions:
        found = next_version_run(out);
        if (!found) phase_ = Phase::kLeftovers;
        break;
      case Phase::kLeftovers:
        found = next_leftover(out);
        if (!found) phase_ = Phase::kNone;
        break;
    }
  }
  tallies_told_ |= found;
  return found;
}

bool DatagramReader::next_run(DatagramReading* out) {
  if (next_run_ == runs_.size()) return false;
  const size_t index = next_run_++;
  const Datagram& datagram = *source_.datagram;
  const uint32_t stop = index + 1 < runs_.size() ? runs_[index + 1].start
                        : datagram.end_known()   ? datagram.end()
                                                 : runs_[index].wire_end;
  fill(runs_[index], stop - runs_[index].wire_end, out);
  out->last = next_run_ == runs_.size();
  return true;
}

bool DatagramReader::next_leftover(DatagramReading* out) {
  if (!source_.datagram->next_leftover(&out->bytes, &out->offset)) return false;
  out->wire = static_cast<uint32_t>(out->bytes.size());
  out->version = Datagram::kMaxVersions + 1;
  out->kind = source_.datagram->has_beginning() ? DatagramReading::Kind::kRest : DatagramReading::Kind::kLone;
  return true;
}

void DatagramReader::fill(const Datagram::Run& run, uint32_t hole, DatagramReading* out) const {
  out->offset = run.start;
  out->bytes = Bytes(buffer_.data() + run.start, run.end - run.start);
  out->wire = run.wire_end - run.start;
  out->hole = hole;
  out->length = source_.datagram->end_known() ? source_.datagram->end() : 0;
  out->kind = run.start == 0                      ? DatagramReading::Kind::kBeginning
              : source_.datagram->has_beginning() ? DatagramReading::Kind::kRest
                                                  : DatagramReading::Kind::kLone;
}

bool DatagramReader::next_version_run(DatagramReading* out) {
  for (;;) {
    if (version_ == 0 || next_run_ == runs_.size()) {
      if (version_ == versions_) return false;
      ++version_;
      next_run_ = 0;
      source_.datagram->assemble(buffer_.data());
      same_bytes_ =
          !source_.datagram->assemble_version(version_, buffer_.data(), &version_start_, &version_end_);
    }
    if (runs_.empty()) return false;
    const Datagram::Run& run = runs_[next_run_++];
    const bool concerned =
        same_bytes_ ? run.start == 0 : run.start < version_end_ && version_start_ < run.end;
    if (!concerned) continue;
    fill(run, 0, out);
    out->version = version_;
    out->protocol = source_.datagram->protocol_of(version_);
    return true;
  }
}

}  // namespace weir
