#include "file_rows.h"

#include <algorithm>
#include <cerrno>

#ifndef _WIN32
#include <unistd.h>
#endif

namespace unsurprised {

namespace {

void read_at(int file, char* to, std::int64_t count, std::int64_t offset) {
#ifdef _WIN32
  (void)file, (void)to, (void)offset;
  if (count) throw ReadFault{ENOSYS};
#else
  while (count > 0) {
    const auto got = ::pread(file, to, static_cast<std::size_t>(count), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw ReadFault{got < 0 ? errno : 0};
    to += got;
    offset += got;
    count -= got;
  }
#endif
}

}  // namespace

HeldRows::HeldRows(const FileRows& from, std::int64_t most)
    : from_(from),
      memory_(
          std::make_unique_for_overwrite<char[]>(static_cast<std::size_t>(most * from.row_bytes))),
      side_(from.side) {
  side_.view.data = memory_.get();
  side_.view.dimensions = 1;
  side_.view.shape[0] = most;
  side_.view.strides[0] = from.row_bytes;
}

const Side& HeldRows::read(std::int64_t begin, std::int64_t count) {
  const std::int64_t* const number = from_.numbers + begin;
  for (std::int64_t first = 0, next = 0; first < count; first = next) {
    while (next < count && number[next] == number[first] + (next - first)) ++next;
    read_at(from_.file, memory_.get() + first * from_.row_bytes, (next - first) * from_.row_bytes,
            from_.offset + number[first] * from_.row_bytes);
  }
  return side_;
}

std::int64_t rows_held(std::int64_t row_bytes) {
  constexpr std::int64_t bytes = 1 << 18, block = 64;
  const std::int64_t rows = bytes / row_bytes;
  return rows >= block ? rows / block * block : std::max<std::int64_t>(rows, 1);
}

}  // namespace unsurprised
