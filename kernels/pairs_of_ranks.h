// Neighbours of two columns that are put beside each other in one order or another.
#pragma once

#include <cstdint>

namespace unsurprised {

// How many others are closer than the k-th neighbour of a pair, in one column and in the other.
void pair_counts(const double* x, const double* y, std::int64_t rows, std::int64_t k, int threads,
                 std::int64_t* x_counts, std::int64_t* y_counts);

// Rows that may change places with each other: those from one start to the next.
struct Strata {
  const std::int64_t* rows;
  const std::int64_t* starts;
  std::int64_t count;
};

// Shuffles numbers, one for each row, within the strata: which shuffle is the stream's and the
// number's (Fisher and Yates; SplitMix64's numbers).
template <class Number>
void shuffle(const Strata& strata, std::uint64_t stream, std::uint64_t number, Number* numbers);

// For each of some shuffles of y: the sum over all pairs of what a table has at both counts.
void shuffled_sums(const double* x, const double* y, std::int64_t rows, std::int64_t k,
                   const Strata& strata, std::uint64_t stream, const std::int64_t* table,
                   std::int64_t shuffles, int threads, std::int64_t* sums);

}  // namespace unsurprised
