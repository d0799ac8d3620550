// The few largest entries of a row, for rows that are shown one by one.
#pragma once

#include <cstdint>

#include "rows.h"

namespace unsurprised {

// Where the `count` largest entries of a legal row of log scores stand, the largest first and of
// equal ones the first, and −log2 P of them, as it follows from that of the largest; of other rows
// the entries. A row has at least so many.
using Leaders = void (*)(const Side& side, std::int64_t row, std::int64_t count,
                         double top_surprisal, std::int64_t* at, double* found);

}  // namespace unsurprised
