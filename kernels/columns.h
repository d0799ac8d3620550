// Rows enter the columns of a table of exact sums, group by group.
#pragma once

#include <cstdint>
#include <vector>

#include "tables.h"
#include "targets.h"

namespace unsurprised {

inline constexpr std::int64_t most_groups = 256;

// A column of Sums: doubles, or flags (one byte each, 0 or 1), or nothing, which means one a row.
struct Column {
  const double* values = nullptr;
  const std::uint8_t* flags = nullptr;
  bool weighted = true;
  bool nothing = false;
};

// Adds rows to a table of groups × columns; a row's group is its hash modulo the groups. Values
// times weights enter as their exact products; there may be no weights. Throws for what is not
// finite.
void add_columns(ExactTable& table, const std::vector<Column>& columns, const std::uint64_t* hashes,
                 const double* weights, std::int64_t rows, const Target& target);

// Adds rows to several tables of groups × columns: row i to the table of its cell.
void add_cells(const std::vector<ExactTable*>& tables, const std::vector<Column>& columns,
               const std::int32_t* cells, const std::uint64_t* hashes, const double* weights,
               std::int64_t rows, const Target& target);

// Adds all values to one sum.
void add_values(ExactSum& sum, const double* values, std::int64_t count, const Target& target);

}  // namespace unsurprised
