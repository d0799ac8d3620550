// Every chunk is done once, by whomever; no caller waits for another one.
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "check.h"
#include "pool.h"

namespace {

using unsurprised::in_parallel;

void every_chunk_once(std::int64_t chunks, int threads) {
  std::vector<int> done(static_cast<std::size_t>(chunks));
  in_parallel(chunks, threads, [&](std::int64_t i) { ++done[static_cast<std::size_t>(i)]; });
  for (const int times : done) CHECK(times == 1, chunks, threads, times);
}

void any_number_of_chunks_and_threads() {
  for (const int threads : {-1, 0, 1, 2, 3, 7, 16})
    for (const std::int64_t chunks : {0, 1, 2, 3, 100, 10'000}) every_chunk_once(chunks, threads);
}

void many_callers_at_once() {
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 16; ++caller)
    callers.emplace_back([caller] {
      for (int round = 0; round < 50; ++round) every_chunk_once(1 + round, 2 + caller % 4);
    });
  for (std::thread& caller : callers) caller.join();
}

void calls_within_calls() {
  std::atomic<std::int64_t> sum = 0;
  in_parallel(20, 4, [&](std::int64_t i) {
    in_parallel(20, 4, [&](std::int64_t j) {
      in_parallel(3, 3, [&](std::int64_t k) { sum += i * 100 + j * 10 + k; });
    });
  });
  const std::int64_t expected = 20 * 3 * 190 * 100 + 20 * 3 * 190 * 10 + 400 * 3;
  CHECK(sum == expected, sum, expected);
}

void an_exception_reaches_the_caller() {
  for (const int threads : {1, 2, 5})
    for (const std::int64_t bad : {0, 7, 99}) {
      std::atomic<int> begun = 0;
      std::string what;
      try {
        in_parallel(100, threads, [&](std::int64_t i) {
          ++begun;
          if (i == bad) throw std::runtime_error("chunk " + std::to_string(i));
        });
      } catch (const std::runtime_error& error) {
        what = error.what();
      }
      CHECK(what == "chunk " + std::to_string(bad), what, threads, bad);
      CHECK(begun > bad, begun, bad);
      every_chunk_once(100, threads);  // the pool is none the worse
    }
}

// The child has none of the parent's threads. (Forks beside a busy thread: tests/test_threads.py.
// A sanitizer's own locks do not survive them.)
void a_forked_child_has_its_own_pool() {
#ifndef _WIN32
  for (int round = 0; round < 20; ++round) {
    every_chunk_once(1000, 4);
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);  // a child that waits for its parent's threads would wait for ever
      every_chunk_once(1000, 4);
      _exit(0);
    }
    int status = 1;
    waitpid(child, &status, 0);
    CHECK(status == 0, round, status);
  }
#endif
}

}  // namespace

int main() {
  any_number_of_chunks_and_threads();
  many_callers_at_once();
  calls_within_calls();
  an_exception_reaches_the_caller();
  // qemu-user itself does not survive threads in a forked child ("cpu == current_cpu").
  if (!checks::emulated) a_forked_child_has_its_own_pool();
}
