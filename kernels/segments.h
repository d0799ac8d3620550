// What sums need of a processor's vectors, compiled once for each instruction set (see target.h).
#pragma once

#include <cstdint>

namespace unsurprised {

// The exact sums of neighbouring segments of some doubles, each as a few doubles.
struct SegmentSums {
  static constexpr std::int64_t most_values = 8192;
  static constexpr int most_parts = 6;

  // Segment s ends before values[ends[s]], where the next one begins; the last end is the number
  // of values. parts takes `most_parts` doubles a segment. Returns how many parts, one behind
  // the other, a segment has: their sum is exactly the segment's. Returns `unfit`, and nothing
  // in parts, where a value is not finite or some are too far apart in size.
  using Function = int (*)(const double* values, const std::int32_t* ends, std::int64_t segments,
                           double* parts);
  static constexpr int unfit = -1;
};

// The exact sums of the segments' values, their squares, and their cubes, rounded once each: as
// above, each as `held[power − 1]` doubles, those of a segment one behind the other. Returns false,
// and nothing of use, where a value is not finite or some are too far apart in size.
struct PowerSums {
  static constexpr int most_parts = 4 * SegmentSums::most_parts;
  using Function = bool (*)(const double* values, const std::int32_t* ends, std::int64_t segments,
                            int* held, double* parts);
};

// The products of weights and values, and what their rounding lost.
using Products = void (*)(const double* weights, const double* values, std::int64_t count,
                          double* products, double* lost);

}  // namespace unsurprised
