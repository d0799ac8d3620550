// A few threads that are kept for the whole process and shared by all who call.
#pragma once

#include <cstdint>
#include <functional>

namespace unsurprised {

// Calls work(0), …, work(chunks − 1), in this order of beginning, on up to `threads` threads; the
// caller is one of them and returns when all are done. Whoever is free takes the next chunk, so a
// slow core does less. Threads start with the first call that asks for them. It may be called
// from many threads at once, from within `work` and in a child of fork(): a caller never waits
// for a thread that has not begun on its chunks. Once `work` throws, no further chunk begins, and
// the exception goes to the caller.
void in_parallel(std::int64_t chunks, int threads, const std::function<void(std::int64_t)>& work);

}  // namespace unsurprised
