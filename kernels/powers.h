// Sums of squares and cubes: how much rows differ, whatever they are called.
#pragma once

#include <cstdint>
#include <vector>

#include "columns.h"

namespace unsurprised {

// How many sums a place has. Without weights, for each column Σx, Σx², Σx³, and at the end the
// number of rows. With weights w and y = wx, rounded, for each column Σyw, Σyw², Σy², Σy²w, Σy³,
// and at the end Σw², Σw³.
inline std::int64_t power_slots(std::int64_t columns, bool weighted) {
  return weighted ? 5 * columns + 2 : 3 * columns + 1;
}

// Adds rows to wide tables of places × power_slots. Row i belongs to places[i], counted through all
// tables; without places there is one. Squares enter as both halves of the exact product, cubes as
// the product of the upper half, rounded; the sums of either are exact. Throws for what is not
// finite.
void add_powers(const std::vector<ExactTable*>& tables, const std::vector<Column>& columns,
                const std::int32_t* places, const double* weights, std::int64_t rows,
                const Target& target);

}  // namespace unsurprised
