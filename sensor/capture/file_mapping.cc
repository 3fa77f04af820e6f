#include "sensor/capture/file_mapping.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>
#include <mutex>

namespace weir {

namespace {

constexpr size_t kNothingLost = std::numeric_limits<size_t>::max();

size_t page_size() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace

// One mapping as the handler knows it. Never freed, used again.
struct FileMapping::Guard {
  std::atomic<bool> used{true};
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};           // of the last page
  std::atomic<size_t> lost{kNothingLost};  // the first offset that could not be had
  Guard* next = nullptr;                   // written before the guard is in the list
};

struct FileMapping::Guards {
  static inline std::atomic<Guard*> all{nullptr};
  static inline struct sigaction before {};

  static Guard* get() {
    static std::once_flag installed;
    std::call_once(installed, [] {
      page_size();  // not first in the handler
      struct sigaction action {};
      action.sa_sigaction = on_sigbus;
      action.sa_flags = SA_SIGINFO;
      sigemptyset(&action.sa_mask);
      sigaction(SIGBUS, &action, &before);
    });
    for (Guard* guard = all.load(std::memory_order_acquire); guard != nullptr; guard = guard->next) {
      bool free = false;
      if (guard->used.compare_exchange_strong(free, true)) return guard;
    }
    auto* guard = std::make_unique<Guard>().release();
    guard->next = all.load(std::memory_order_relaxed);
    while (!all.compare_exchange_weak(guard->next, guard, std::memory_order_release)) {
    }
    return guard;
  }

  // Only what a signal handler may do: atomics without locks, and system calls.
  static void on_sigbus(int /*signal*/, siginfo_t* info, void* /*context*/) {
    const int saved = errno;
    const auto at = reinterpret_cast<uintptr_t>(info->si_addr);
    for (Guard* guard = all.load(std::memory_order_acquire); guard != nullptr; guard = guard->next) {
      const uintptr_t begin = guard->begin.load(std::memory_order_acquire);
      const uintptr_t end = guard->end.load(std::memory_order_acquire);
      if (begin == 0 || at < begin || at >= end) continue;
      const uintptr_t page = at & ~(static_cast<uintptr_t>(page_size()) - 1);
      void* zeros = mmap(reinterpret_cast<void*>(page), end - page, PROT_READ,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
      if (zeros == MAP_FAILED) break;
      const size_t lost = page - begin;
      // The mapping's own thread alone touches it.
      if (lost < guard->lost.load(std::memory_order_relaxed)) {
        guard->lost.store(lost, std::memory_order_relaxed);
      }
      errno = saved;
      return;
    }
    // Not ours: the same fault comes again, and meets what was there before.
    sigaction(SIGBUS, &before, nullptr);
    errno = saved;
  }
};

std::unique_ptr<FileMapping> FileMapping::take(int descriptor, size_t size, std::string* error) {
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (data == MAP_FAILED) {
    *error = std::string("cannot map: ") + std::strerror(errno);
    close(descriptor);
    return nullptr;
  }
  madvise(data, size, MADV_SEQUENTIAL);
  Guard* guard = Guards::get();
  const auto begin = reinterpret_cast<uintptr_t>(data);
  guard->lost.store(kNothingLost, std::memory_order_relaxed);
  guard->end.store((begin + size + page_size() - 1) / page_size() * page_size(), std::memory_order_release);
  guard->begin.store(begin, std::memory_order_release);
  return std::unique_ptr<FileMapping>(
      new FileMapping(descriptor, static_cast<const uint8_t*>(data), size, guard));
}

FileMapping::~FileMapping() {
  guard_->begin.store(0, std::memory_order_release);
  guard_->end.store(0, std::memory_order_release);
  munmap(const_cast<uint8_t*>(data_), size_);
  guard_->used.store(false, std::memory_order_release);
  close(descriptor_);
}

size_t FileMapping::intact(size_t read_to) {
  if (intact_ == 0) return 0;
  const size_t last_page = (intact_ - 1) / page_size() * page_size();
  // A file that has lost its last page has lost the pages before it at most: a touch of that one is enough.
  // Inside the last page the kernel fills up with zeros in silence.
  const volatile uint8_t* last = data_ + last_page;
  [[maybe_unused]] const uint8_t touched = *last;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const bool lost = guard_->lost.load(std::memory_order_relaxed) != kNothingLost;
  if (lost || read_to > last_page) [[unlikely]]
    look_again();
  return intact_;
}

void FileMapping::look_again() {
  struct stat info {};
  if (fstat(descriptor_, &info) == 0) intact_ = std::min(intact_, static_cast<size_t>(info.st_size));
  // What is lost though the file is as long as before is behind a fault of the disk. Of a page that the file
  // ends in, what is before the end was there.
  const size_t lost = guard_->lost.exchange(kNothingLost, std::memory_order_relaxed);
  if (lost != kNothingLost) intact_ = std::min(intact_, lost);
}

void FileMapping::read_ahead(size_t from, size_t to) const {
  if (from >= size_) return;
  madvise(const_cast<uint8_t*>(data_) + from, std::min(to, size_) - from, MADV_WILLNEED);
}

void FileMapping::release(size_t from, size_t to) const {
  madvise(const_cast<uint8_t*>(data_) + from, std::min(to, size_) - from, MADV_DONTNEED);
}

}  // namespace weir
