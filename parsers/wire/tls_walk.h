// Walks the TLS records of one direction inside something else (a proxy's tunnel) and says when it is none
// after all: a record header breaks, or what stands in application data is no ciphertext. Keeps a sample of
// kCiphertextSample bytes at most. take() for the bytes in order, end() once.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "parsers/wire/bytes.h"
#include "parsers/wire/ciphertext.h"
#include "parsers/wire/tls_record.h"

namespace weir {

class TlsWalk {
 public:
  // Takes bytes off the front of `bytes`, and adds to `*counted` those that are encrypted. False: the rest is
  // no TLS, and before it stands `*clear`, which was taken and not counted.
  bool take(Bytes& bytes, uint64_t* counted, std::string* clear) {
    while (!bytes.empty()) {
      if (remaining_ > 0) {
        size_t n = std::min<size_t>(bytes.size(), remaining_);
        if (sealed_ && !proved_) {
          n = std::min(n, kCiphertextSample - held_.size());
          held_ += as_text(bytes.first(n));
        } else {
          *counted += n;
          greeting_ += proved_ ? 0 : n;
        }
        remaining_ -= static_cast<uint32_t>(n);
        bytes = bytes.subspan(n);
        if (held_.size() == kCiphertextSample) {
          if (!judge(counted, clear)) return false;
          proved_ = true;
        }
        continue;
      }
      const size_t n = std::min(bytes.size(), tls::kRecordHeader - header_size_);
      std::copy_n(bytes.begin(), n, header_.begin() + header_size_);
      header_size_ = static_cast<uint8_t>(header_size_ + n);
      bytes = bytes.subspan(n);
      if (header_size_ < tls::kRecordHeader) break;
      header_size_ = 0;
      tls::RecordHeader record;
      if (!tls::read_record_header(header_.data(), &record) || greeting_ > kMaxGreeting) {
        judge(counted, clear);
        *clear += as_text(header_);
        return false;
      }
      *counted += tls::kRecordHeader;
      remaining_ = record.length;
      sealed_ = record.type == tls::kApplicationData;
    }
    return true;
  }

  // The direction ends. False: `*clear` was taken and is not encrypted.
  bool end(uint64_t* counted, std::string* clear) {
    *counted += std::exchange(header_size_, 0);
    return judge(counted, clear);
  }

  // A hole: where the next record begins is not known any more. A new sample is taken of what comes.
  void lose() {
    header_size_ = 0;
    remaining_ = UINT32_MAX;
    sealed_ = true;
    proved_ = false;
  }

  bool proved() const { return proved_; }

 private:
  static constexpr uint64_t kMaxGreeting = 256 << 10;

  bool judge(uint64_t* counted, std::string* clear) {
    if (!may_be_ciphertext(as_bytes(held_))) {
      *clear += std::exchange(held_, {});
      return false;
    }
    *counted += std::exchange(held_, {}).size();
    return true;
  }

  std::string held_;  // of application data
  std::array<uint8_t, tls::kRecordHeader> header_{};
  uint8_t header_size_ = 0;
  bool sealed_ = false;  // the record in hand is application data
  bool proved_ = false;
  uint32_t remaining_ = 0;
  uint64_t greeting_ = 0;
};

}  // namespace weir
