// What a temperature's fit asks of rows of log-probabilities.
#pragma once

#include <cstdint>

namespace unsurprised {

// The mean and the variance of each row's scores x under shares in proportion to e^(x · inverse);
// −∞ has no share. Rows are contiguous, and hold a finite score each.
using Tempered = void (*)(const double* scores, std::int64_t rows, std::int64_t classes,
                          double inverse, double* means, double* variances);

}  // namespace unsurprised
