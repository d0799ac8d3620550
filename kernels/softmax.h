// Shares of rows of scores, which a calibrator's fit asks for again and again.
#pragma once

#include <cstdint>

namespace unsurprised {

// Puts e^(x − top) / mass in the place of each row's scores x, where top is the largest of them and
// mass the sum of e^(x − top); −∞ has no share. Rows are contiguous. NaN, or an infinite top, makes
// the row NaN.
using Softmax = void (*)(double* scores, std::int64_t rows, std::int64_t classes, double* tops,
                         double* masses);

}  // namespace unsurprised
