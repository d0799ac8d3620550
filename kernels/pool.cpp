#include "pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>

#ifndef _WIN32
#include <pthread.h>
#endif

namespace unsurprised {

namespace {

// The chunks of one call.
struct Job {
  const std::function<void(std::int64_t)>& work;
  const std::int64_t chunks;
  std::atomic<std::int64_t> next{0};
  int places;       // for further threads; this and what follows is guarded by the pool's mutex
  int helpers = 0;  // that are at work
  std::exception_ptr error{};
  std::condition_variable left{};

  // Works until no chunk is left; answers what went wrong.
  std::exception_ptr take_part() {
    try {
      for (std::int64_t chunk; (chunk = next.fetch_add(1)) < chunks;) work(chunk);
    } catch (...) {
      next = chunks;
      return std::current_exception();
    }
    return nullptr;
  }
};

class Pool {
 public:
  void run(Job& job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(&job);
      start(job.places);
    }
    wake_.notify_all();
    const std::exception_ptr own = job.take_part();
    std::unique_lock lock(mutex_);
    jobs_.remove(&job);  // from here on nobody joins
    job.left.wait(lock, [&] { return job.helpers == 0; });
    if (own && !job.error) job.error = own;
  }

 private:
  // Threads are detached: they own nothing, and an exiting process ends them where they wait.
  void start(int wanted) {
    try {
      for (; threads_ < wanted; ++threads_) std::thread([this] { help(); }).detach();
    } catch (const std::system_error&) {
      // A thread that the system refuses is no reason to fail: the caller works too.
    }
  }

  void help() {
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto open = [](const Job* job) { return job->places > 0; };
      const auto found = std::find_if(jobs_.begin(), jobs_.end(), open);
      if (found == jobs_.end()) {
        wake_.wait(lock);
        continue;
      }
      Job& job = **found;
      --job.places;
      ++job.helpers;
      lock.unlock();
      const std::exception_ptr error = job.take_part();
      lock.lock();
      if (error && !job.error) job.error = error;
      if (--job.helpers == 0) job.left.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<Job*> jobs_;  // whose callers are at work
  int threads_ = 0;
};

// Never deleted, since its threads may outlive every static object.
std::atomic<Pool*> shared_pool{nullptr};

#ifndef _WIN32
// A child of fork() has none of the threads, and one of them may have held the mutex: it begins
// with another pool. Asked for at load, so that no fork can come in between.
[[maybe_unused]] const int asked = pthread_atfork(nullptr, nullptr, [] { shared_pool = nullptr; });
#endif

Pool& pool() {
  Pool* found = shared_pool.load();
  if (found) return *found;
  Pool* const made = new Pool;
  if (shared_pool.compare_exchange_strong(found, made)) return *made;
  delete made;  // another thread was faster; this one has started none yet
  return *found;
}

}  // namespace

void in_parallel(std::int64_t chunks, int threads, const std::function<void(std::int64_t)>& work) {
  const std::int64_t most = std::min<std::int64_t>(threads, chunks);
  if (most <= 1) {
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) work(chunk);
    return;
  }
  Job job{.work = work, .chunks = chunks, .places = static_cast<int>(most - 1)};
  pool().run(job);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace unsurprised
