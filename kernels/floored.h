// Pairs of rows of log-probabilities of which some keep no value below a floor, as .kld files do:
// the least that they differ; see language_models/pairs.py.
#pragma once

#include <cstdint>

#include "rows.h"

namespace unsurprised {

// One side of such pairs, and where what is found of it goes.
struct FlooredSide {
  const Side* side = nullptr;
  // Of each row whether its least entry means "this or less"; null: whole rows of scores, whose
  // normalisers are found. The others are taken as they are.
  const bool* floored = nullptr;
  double* surprisals = nullptr;  // at the labels
  double* entropies = nullptr;
  double* top_surprisals = nullptr;
  std::int32_t* tops = nullptr;
  bool* censored = nullptr;  // whether the label is at the floor
  // Of all entries, those at a floor as they stand there; of whole rows 1, or NaN where one is no
  // distribution.
  double* sums = nullptr;
  // Three a row of what is at the floor: what none of it exceeds, the least and the most that it
  // adds up to; null: nobody asks.
  double* tails = nullptr;
};

struct FlooredPairs {
  FlooredSide p, q;
  const std::int64_t* labels = nullptr;
  double* kl_divergence = nullptr;
  double* reverse_kl_divergence = nullptr;
  double* js_divergence = nullptr;
  double* total_variation = nullptr;
};

// Answers in bits for the rows [begin, end), whose labels exist.
using FlooredFacts = void (*)(const FlooredPairs& pairs, std::int64_t begin, std::int64_t end);
// The same of one side by itself.
using FlooredRows = void (*)(const FlooredSide& side, const std::int64_t* labels,
                             std::int64_t begin, std::int64_t end);

}  // namespace unsurprised
