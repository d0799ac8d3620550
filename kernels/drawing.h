// Labels drawn from predictions, and what a score test asks of them.
#pragma once

#include <cstdint>

namespace unsurprised {

// Rows of predictions of a number of classes.
struct DrawnRows {
  // Of each class the probability of it and those before it.
  const double* reached;
  // What a label of a class adds to the first sum of the class, and to the second.
  const double *values, *shares;
  // The last class of each row that has a chance.
  const std::int32_t* last;
  std::int64_t count, classes;
};

// For each simulation the sums of the labels drawn, over the rows in their order: of values for
// each class, then of shares. Row i draws by the hash of i and of the simulation's number.
using DrawSums = void (*)(const DrawnRows& rows, std::int64_t first, std::int64_t last,
                          double* sums);

}  // namespace unsurprised
