// Sums over rows of each class's share, of log scores of at most single precision.
#pragma once

#include <cstdint>

#include "rows.h"

namespace unsurprised {

// What a share is rounded to, and so each sum a multiple of: nothing is lost beyond it, so that
// sums are the same in whatever order and batches rows come. Shares are held in two doubles, which
// count multiples of `coarse` and the rest.
inline constexpr double coarse_share = 0x1p-42, fine_share = 0x1p-85;

// So many rows leave both doubles exact.
inline constexpr std::int64_t most_share_rows = 1 << 10;

struct ShareRows {
  const Side* side;          // what is_narrow_log
  std::int64_t rows;         // at most most_share_rows
  const double* tops;        // the top score of each row
  const double* top_shares;  // and its share
};

// Adds the shares of the classes [begin, end) of all rows to two doubles a class.
using AddShares = void (*)(const ShareRows& given, std::int64_t begin, std::int64_t end,
                           double* coarse, double* fine);

// The shares of one row.
using SharesOf = void (*)(const Side& side, std::int64_t row, double top, double top_share,
                          float* shares);

}  // namespace unsurprised
