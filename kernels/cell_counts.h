// How often two columns of whole numbers hold each pair.
#pragma once

#include <cstdint>

namespace unsurprised {

// A column of integers of 1, 2, 4 or 8 bytes, signed or not, of which each is `least` or one of the
// `size` − 1 numbers above it.
struct Codes {
  const void* values;
  int width;
  std::uint64_t least;
  std::int64_t size;
};

// Adds the rows of both columns to the counts of a table of first.size × second.size cells. Throws
// std::invalid_argument where a number is none of its column's.
void count_cells(const Codes& first, const Codes& second, std::int64_t rows, int threads,
                 std::int64_t* counts);

}  // namespace unsurprised
