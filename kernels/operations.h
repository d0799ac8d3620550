// What is asked of rows: an operation fills one number (or four) for each row.
#pragma once

#include <cstdint>

#include "rows.h"

namespace unsurprised {

enum class Operation {
  surprisal,
  entropy,
  facts,
  // of pairs of rows
  cross_entropy,
  kl_divergence,
  js_divergence,
  jeffreys_divergence,
  total_variation,
  hellinger_distance,
  bhattacharyya_coefficient,
  bhattacharyya_distance
};

enum class Fault : int { none = 0, bad_entry = 1, no_mass = 2, sum_off = 3, bad_label = 4 };

// What was wrong with the rows of one side.
struct Findings {
  std::int64_t first_row = -1;  // the first faulty row, −1 where there is none
  Fault fault = Fault::none;
  std::int64_t sum_off_rows = 0;
  double largest_deviation = 0.0;  // of a legal row's sum from one

  UNSURPRISED_INLINE void note(std::int64_t row, Fault what) {
    if (first_row < 0 || row < first_row) {
      first_row = row;
      fault = what;
    }
  }

  UNSURPRISED_INLINE void merge(const Findings& other) {
    if (other.first_row >= 0) note(other.first_row, other.fault);
    sum_off_rows += other.sum_off_rows;
    if (other.largest_deviation > largest_deviation) largest_deviation = other.largest_deviation;
  }
};

struct Request {
  Operation operation;
  const Side* p = nullptr;
  const Side* q = nullptr;               // the second side of a pair
  const std::int64_t* labels = nullptr;  // for surprisal and, if not null, facts
  double units_per_bit = 1.0;
  double* values = nullptr;     // the answer; in facts the surprisal at the label
  double* entropies = nullptr;  // the rest is filled by facts alone
  double* top_surprisals = nullptr;
  std::int32_t* tops = nullptr;
};

// All that is asked of pairs of rows at once: the facts of either side, and how the two differ.
struct PairRequest {
  Request p, q;  // `facts`
  double* kl_divergence = nullptr;
  double* reverse_kl_divergence = nullptr;
  double* js_divergence = nullptr;
  double* total_variation = nullptr;
};

// Answers for the rows [begin, end); findings[0] is of p, findings[1] of q.
using Run = void (*)(const Request&, std::int64_t begin, std::int64_t end, Findings* findings);
using RunPairs = void (*)(const PairRequest&, std::int64_t begin, std::int64_t end,
                          Findings* findings);

}  // namespace unsurprised
