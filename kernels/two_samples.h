// How far apart the counts of two samples are, and those that chance alone would give them.
#pragma once

#include <cstdint>

namespace unsurprised {

// Rows by category of two samples: of the first, and of both together.
struct TwoSamples {
  const std::int64_t *first, *both;
  std::int64_t categories;
  std::int64_t first_rows, second_rows;
};

// What each category adds to the Jensen–Shannon divergence of the two samples' shares, in bits, the
// samples weighing alike; and to the population stability index of the shares, in nats, half a row
// being added to every category of each. Two numbers a category.
using DivergenceTerms = void (*)(const TwoSamples& samples, double* terms);

// The sums of both that permutations number begin, …, end − 1 of the rows give: each deals all rows
// out anew, so that of each category as many are in the first sample as a multivariate
// hypergeometric distribution says. A permutation draws by the hashes of its number and the stream.
using PermutedDivergences = void (*)(const TwoSamples& samples, std::uint64_t stream,
                                     std::int64_t begin, std::int64_t end, double* sums);

struct TwoSampleTests {
  DivergenceTerms terms;
  PermutedDivergences permuted;
};

}  // namespace unsurprised
