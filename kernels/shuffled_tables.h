// Tables of two columns of categories that chance alone makes of their margins.
#pragma once

#include <cstdint>

namespace unsurprised {

// Rows by category of two columns, none of them 0; both sum to `total`. `units` are those of a nat
// that sums are counted in.
struct Margins {
  const std::int64_t *first, *second;
  std::int64_t first_count, second_count;
  std::int64_t total;
  double units;
};

// Of the tables that permutations number begin, …, end − 1 make of the margins, the sums of c ln c
// over the cells, each term rounded to a whole number of units: sums of integers, which no order
// shows in. A permutation draws by the hashes of its number and the stream.
using ShuffledTables = void (*)(const Margins& margins, std::uint64_t stream, std::int64_t begin,
                                std::int64_t end, std::int64_t* sums);

}  // namespace unsurprised
