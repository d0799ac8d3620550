// Neighbours in the maximum norm: how far the k-th is, and how many others lie within a radius.
#pragma once

#include <cstdint>

namespace unsurprised {

// Rows of some coordinates each. Where there are groups, 0, 1, … by row, only the rows of one's own
// group count.
struct Points {
  const double* values;
  std::int64_t rows;
  int dimensions;
  const std::int64_t* groups;
  std::int64_t group_count;
};

inline constexpr int most_dimensions = 32;

// All answers are comparisons of rounded differences, and so the same everywhere: rounding keeps
// the order, by which boxes that are too far away are left out.

// The distance to the k-th neighbour of each row, or to the last one of a smaller group; 0 for a
// row alone.
void kth_distances(const Points& points, std::int64_t k, int threads, double* out);

// The distance of each of some rows to its k-th neighbour among others, without groups.
void kth_distances_among(const Points& rows, const Points& others, std::int64_t k, int threads,
                         double* out);

// How many others are closer than each row's radius; where `closed`, at most so far.
void count_within(const Points& points, const double* radii, bool closed, int threads,
                  std::int64_t* out);

// Of the others at most a radius away, how far the furthest is in the first so many coordinates,
// and in the others.
void extents(const Points& points, const double* radii, int first_dimensions, int threads,
             double* first, double* second);

}  // namespace unsurprised
