// The order of numbers, which is the same on every machine.
#pragma once

#include <cstdint>

namespace unsurprised {

// Writes the places of numbers in ascending order; of equal ones the first comes first. Doubles
// are ordered as IEEE 754's totalOrder does, NaN at the ends.
void order(const std::uint64_t* numbers, std::int64_t count, std::int64_t* out);
void order(const double* numbers, std::int64_t count, std::int64_t* out);

}  // namespace unsurprised
