// The compiled instruction sets and the choice among them.
#pragma once

#include "drawing.h"
#include "floored.h"
#include "hashing.h"
#include "leaders.h"
#include "operations.h"
#include "portable.h"
#include "scaling.h"
#include "segments.h"
#include "shares.h"
#include "shuffled_tables.h"
#include "softmax.h"
#include "softmax_gradient.h"
#include "two_samples.h"

namespace unsurprised {

struct Target {
  const char* name;
  Run run;
  RunPairs pair_facts;
  FlooredFacts floored_facts;
  FlooredRows floored_rows;
  void (*surprisals)(const double*, double, std::int64_t, double*);
  SegmentSums::Function sum_segments;
  PowerSums::Function sum_powers;
  Products products;
  HashRows hash_rows;
  Leaders leaders;
  AddShares add_shares;
  SharesOf shares_of;
  TemperedSums tempered_sums;
  ScaledSums scaled_sums;
  ScaledCurvature scaled_curvature;
  ScaledSpread scaled_spread;
  DrawSums draw_sums;
  Softmax softmax;
  SoftmaxGradient softmax_gradient;
  Portable portable;
  TwoSampleTests two_samples;
  ShuffledTables shuffled_tables;
};

// The best target that this CPU runs, or the one that UNSURPRISED_ISA names; null (and a message
// in *error) where the named one is unknown, not compiled in or not supported by the CPU.
const Target* choose_target(const char* name, const char** error);

}  // namespace unsurprised
