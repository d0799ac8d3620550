// Going through rows a block at a time, and noting what is wrong with some of them.
#pragma once

#include "operations.h"
#include "sides.h"

namespace UNSURPRISED_TARGET {

using unsurprised::Fault;
using unsurprised::Findings;
using unsurprised::Operation;
using unsurprised::PairRequest;
using unsurprised::Request;

template <class Body>
inline void for_blocks(int rows, std::int64_t begin, std::int64_t end, Body body) {
  for (std::int64_t row = begin; row < end; row += rows)
    body(row, static_cast<int>(end - row < rows ? end - row : rows));
}

// Notes by how much the sum of a row that is legal otherwise is off.
inline void note_deviation(const Side& side, double deviation, std::int64_t row,
                           Findings& findings) {
  if (deviation > side.tolerance && side.tolerance >= 0.0) {
    findings.note(row, Fault::sum_off);
    ++findings.sum_off_rows;
  } else if (deviation > findings.largest_deviation) {
    findings.largest_deviation = deviation;
  }
}

// Notes what is wrong with some rows of a block.
void check(const Side& side, const Prepared& row, std::int64_t first, int count,
           Findings& findings);

// The same of one legal row whose sum is known.
inline void check_sum(const Side& side, double sum, std::int64_t row, Findings& findings) {
  if (side.checks_sum) note_deviation(side, std::fabs(sum - 1.0), row, findings);
}

}  // namespace UNSURPRISED_TARGET
