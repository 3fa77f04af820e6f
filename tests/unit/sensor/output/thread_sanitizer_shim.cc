// ThreadSanitizer knows POSIX threads but not the C11 calls through which librdkafka makes its threads, and
// dies in the first of them. Under it alone, these definitions come before glibc's and pass the calls on to
// POSIX ones (in glibc a mtx_t is a pthread_mutex_t, a cnd_t a pthread_cond_t). librdkafka's own atomics stay
// unseen, so what is reported from inside of it is left out; what its callbacks do in weir's code is seen.
#if defined(__SANITIZE_THREAD__)
#define WEIR_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEIR_THREAD_SANITIZER 1
#endif
#endif

#ifdef WEIR_THREAD_SANITIZER

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {
struct Start {
  thrd_start_t run;
  void* argument;
};
void* enter(void* p) {
  const std::unique_ptr<Start> s(static_cast<Start*>(p));
  return reinterpret_cast<void*>(static_cast<intptr_t>(s->run(s->argument)));
}
int result(int e) {
  return e == 0 ? thrd_success : e == EBUSY ? thrd_busy : e == ETIMEDOUT ? thrd_timedout : thrd_error;
}
pthread_mutex_t* m(mtx_t* x) { return reinterpret_cast<pthread_mutex_t*>(x); }
pthread_cond_t* c(cnd_t* x) { return reinterpret_cast<pthread_cond_t*>(x); }
}  // namespace

extern "C" {
int thrd_create(thrd_t* t, thrd_start_t run, void* a) {
  auto start = std::make_unique<Start>(Start{run, a});
  const int error = pthread_create(t, nullptr, enter, start.get());
  if (error == 0) (void)start.release();  // enter() has it
  return result(error);
}
int thrd_join(thrd_t t, int* r) {
  void* v = nullptr;
  int e = pthread_join(t, &v);
  if (r) *r = static_cast<int>(reinterpret_cast<intptr_t>(v));
  return result(e);
}
int mtx_lock(mtx_t* x) { return result(pthread_mutex_lock(m(x))); }
int mtx_trylock(mtx_t* x) { return result(pthread_mutex_trylock(m(x))); }
int mtx_unlock(mtx_t* x) { return result(pthread_mutex_unlock(m(x))); }
int cnd_signal(cnd_t* x) { return result(pthread_cond_signal(c(x))); }
int cnd_broadcast(cnd_t* x) { return result(pthread_cond_broadcast(c(x))); }
int cnd_wait(cnd_t* x, mtx_t* y) { return result(pthread_cond_wait(c(x), m(y))); }
int cnd_timedwait(cnd_t* x, mtx_t* y, const timespec* t) {
  return result(pthread_cond_timedwait(c(x), m(y), t));
}

// ThreadSanitizer asks for it at the start.
const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() { return "race:librdkafka.so\n"; }
}

#endif
