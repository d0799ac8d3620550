#include "columns.h"

#include <algorithm>
#include <bit>
#include <memory>

namespace unsurprised {

namespace {

// Rows whose columns stay in the second cache, and enough of them for each group to have many.
constexpr std::int64_t longest = SegmentSums::most_values;

// A run of rows by their groups, and its columns on their way into the table.
class GroupedRows {
 public:
  GroupedRows(ExactTable& table, std::int64_t columns, const Target& target)
      : table_(table), columns_(columns), groups_(table.size() / columns), target_(target) {}

  // From now on the rows are those of these hashes.
  void open(const std::uint64_t* hashes, std::int64_t rows) {
    rows_ = rows;
    if (groups_ == 1) {
      ends_[0] = static_cast<std::int32_t>(rows);
      return;
    }
    const auto divisor = static_cast<std::uint64_t>(groups_);
    if (std::has_single_bit(divisor))  // a division takes longer than all the rest
      for (std::int64_t i = 0; i < rows; ++i)
        group_[i] = static_cast<std::uint8_t>(hashes[i] & (divisor - 1));
    else
      for (std::int64_t i = 0; i < rows; ++i)
        group_[i] = static_cast<std::uint8_t>(hashes[i] % divisor);
    std::int32_t held[most_groups] = {}, next[most_groups];
    for (std::int64_t i = 0; i < rows; ++i) ++held[group_[i]];
    for (std::int64_t g = 0, end = 0; g < groups_; ++g) {
      next[g] = static_cast<std::int32_t>(end);
      ends_[g] = static_cast<std::int32_t>(end += held[g]);
    }
    for (std::int64_t i = 0; i < rows; ++i)
      place_[i] = static_cast<std::uint16_t>(next[group_[i]]++);
  }

  void add_ones(std::int64_t column) {
    for (std::int64_t g = 0; g < groups_; ++g)
      add_count(g, column, ends_[g] - (g ? ends_[g - 1] : 0));
  }

  void add_flags(std::int64_t column, const std::uint8_t* flags) {
    std::int32_t held[most_groups] = {};
    for (std::int64_t i = 0; i < rows_; ++i) held[group_[i]] += flags[i];
    for (std::int64_t g = 0; g < groups_; ++g) add_count(g, column, held[g]);
  }

  void add_weights(std::int64_t column, const double* weights, const std::uint8_t* flags) {
    if (!flags) return add_doubles(column, weights);
    for (std::int64_t i = 0; i < rows_; ++i) products_[i] = flags[i] ? weights[i] : 0.0;
    add_doubles(column, products_);
  }

  void add_products(std::int64_t column, const double* weights, const double* values) {
    target_.products(weights, values, rows_, products_, lost_);
    add_doubles(column, products_);
    add_doubles(column, lost_);
  }

  // Rows of one group become neighbours, whose sum needs no look at the group.
  void add_doubles(std::int64_t column, const double* values) {
    const double* sorted = groups_ == 1 ? values : sort(values);
    const int parts = target_.sum_segments(sorted, ends_, groups_, parts_);
    const double* part = parts_;
    for (std::int64_t g = 0, i = 0; g < groups_; ++g) {
      ExactSum& sum = slot(g, column);
      if (parts == SegmentSums::unfit)
        for (; i < ends_[g]; ++i) sum.add(sorted[i]);
      for (int p = 0; p < parts; ++p, ++part)
        if (*part != 0.0) sum.add(*part);
    }
  }

 private:
  const double* sort(const double* values) {
    for (std::int64_t i = 0; i < rows_; ++i) sorted_[place_[i]] = values[i];
    return sorted_;
  }

  ExactSum& slot(std::int64_t group, std::int64_t column) {
    return table_.slot(group * columns_ + column);
  }

  void add_count(std::int64_t group, std::int64_t column, std::int32_t count) {
    if (count) slot(group, column).add(static_cast<double>(count));
  }

  ExactTable& table_;
  const std::int64_t columns_, groups_;
  const Target& target_;
  std::int64_t rows_ = 0;
  std::uint8_t group_[longest] = {};
  std::uint16_t place_[longest];  // of a row, among rows sorted by group
  std::int32_t ends_[most_groups];
  double parts_[most_groups * SegmentSums::most_parts];
  double sorted_[longest], products_[longest], lost_[longest];
};

void add_column(GroupedRows& run, std::int64_t index, const Column& column, const double* weights,
                std::int64_t from) {
  const double* w = weights ? weights + from : nullptr;
  const std::uint8_t* flags = column.flags ? column.flags + from : nullptr;
  if (column.nothing) return;
  if (column.values && w) return run.add_products(index, w, column.values + from);
  if (column.values) return run.add_doubles(index, column.values + from);
  if (w && column.weighted) return run.add_weights(index, w, flags);
  if (flags) return run.add_flags(index, flags);
  run.add_ones(index);
}

// The sums of many cells, each a table of groups × columns, and rows sorted by cell and group: what
// goes to the same sums comes together, for all the sums of a thousand cells are in no cache.
class Cells {
 public:
  Cells(const std::vector<ExactTable*>& tables, std::int64_t columns, const Target& target)
      : tables_(tables), columns_(columns), groups_(tables[0]->size() / columns), target_(target) {
    for (const ExactTable* table : tables)
      if (table->size() != groups_ * columns)
        throw std::invalid_argument("the tables of the cells are not of one size");
  }

  void open(const std::int32_t* cells, const std::uint64_t* hashes, std::int64_t rows) {
    const auto held = static_cast<std::int64_t>(tables_.size());
    const auto divisor = static_cast<std::uint64_t>(groups_);
    const bool masks = std::has_single_bit(divisor);
    std::vector<std::int32_t> places(static_cast<std::size_t>(rows));
    ends_.assign(static_cast<std::size_t>(held * groups_) + 1, 0);
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (cells[i] < 0 || cells[i] >= held) throw std::invalid_argument("a cell without a table");
      const std::uint64_t group = masks ? hashes[i] & (divisor - 1) : hashes[i] % divisor;
      places[i] = static_cast<std::int32_t>(cells[i] * groups_ + static_cast<std::int64_t>(group));
      ++ends_[static_cast<std::size_t>(places[i]) + 1];
    }
    for (std::size_t p = 1; p < ends_.size(); ++p) ends_[p] += ends_[p - 1];
    sorted_.resize(places.size());
    for (std::size_t i = 0; i < places.size(); ++i)  // leaves each end where the next place begins
      sorted_[static_cast<std::size_t>(ends_[static_cast<std::size_t>(places[i])]++)] =
          static_cast<std::int32_t>(i);
  }

  // The value of each row; of many rows of one sum they come as a run.
  template <class Value>
  void add_doubles(std::int64_t column, Value value) {
    for_runs(column, [&](ExactSum& sum, const std::int32_t* held, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) values_[i] = value(held[i]);
      add(sum, values_, count);
    });
  }

  void add_products(std::int64_t column, const double* weights, const double* values) {
    for_runs(column, [&](ExactSum& sum, const std::int32_t* held, std::int64_t count) {
      for (std::int64_t i = 0; i < count; ++i) {
        weights_[i] = weights[held[i]];
        values_[i] = values[held[i]];
      }
      target_.products(weights_, values_, count, products_, lost_);
      add(sum, products_, count);
      add(sum, lost_, count);
    });
  }

  void add_counts(std::int64_t column, const std::uint8_t* flags) {
    std::int32_t at = 0;
    for (std::size_t place = 0; place + 1 < ends_.size(); ++place) {
      std::int32_t count = flags ? 0 : ends_[place] - at;
      if (flags)
        for (; at < ends_[place]; ++at) count += flags[sorted_[static_cast<std::size_t>(at)]];
      at = ends_[place];
      if (count) slot(static_cast<std::int64_t>(place), column).add(static_cast<double>(count));
    }
  }

 private:
  static constexpr std::int64_t run = 2048;  // stays in the first cache

  // Calls each(sum, rows, count) for some rows of a sum, the rows of one after those of another.
  template <class Each>
  void for_runs(std::int64_t column, Each each) {
    std::int64_t at = 0;
    for (std::size_t place = 0; place + 1 < ends_.size(); ++place) {
      if (at == ends_[place]) continue;
      ExactSum& sum = slot(static_cast<std::int64_t>(place), column);
      for (; at < ends_[place]; at += std::min(ends_[place] - at, run))
        each(sum, sorted_.data() + at, std::min(ends_[place] - at, run));
    }
  }

  // Of few values the parts of a sum are no fewer.
  void add(ExactSum& sum, const double* values, std::int64_t count) {
    constexpr std::int64_t few = 32;
    if (count > few) return add_values(sum, values, count, target_);
    for (std::int64_t i = 0; i < count; ++i) sum.add(values[i]);
  }

  ExactSum& slot(std::int64_t place, std::int64_t column) {
    ExactTable& table = *tables_[static_cast<std::size_t>(place / groups_)];
    return table.slot(place % groups_ * columns_ + column);
  }

  const std::vector<ExactTable*>& tables_;
  const std::int64_t columns_, groups_;
  const Target& target_;
  std::vector<std::int32_t> ends_, sorted_;
  double weights_[run], values_[run], products_[run], lost_[run];
};

void add_to_cells(Cells& run, std::int64_t index, const Column& column, const double* weights) {
  if (column.nothing) return;
  const auto* values = column.values;
  const auto* flags = column.flags;
  if (values && weights)
    run.add_products(index, weights, values);
  else if (values)
    run.add_doubles(index, [=](std::int32_t row) { return values[row]; });
  else if (weights && column.weighted)
    run.add_doubles(index,
                    [=](std::int32_t row) { return !flags || flags[row] ? weights[row] : 0.0; });
  else
    run.add_counts(index, flags);
}

}  // namespace

void add_cells(const std::vector<ExactTable*>& tables, const std::vector<Column>& columns,
               const std::int32_t* cells, const std::uint64_t* hashes, const double* weights,
               std::int64_t rows, const Target& target) {
  if (tables.empty()) return;
  Cells run(tables, static_cast<std::int64_t>(columns.size()), target);
  run.open(cells, hashes, rows);
  std::int64_t index = 0;
  for (const Column& column : columns) add_to_cells(run, index++, column, weights);
}

void add_columns(ExactTable& table, const std::vector<Column>& columns, const std::uint64_t* hashes,
                 const double* weights, std::int64_t rows, const Target& target) {
  const auto run =
      std::make_unique<GroupedRows>(table, static_cast<std::int64_t>(columns.size()), target);
  for (std::int64_t from = 0; from < rows; from += longest) {
    run->open(hashes + from, std::min(rows - from, longest));
    std::int64_t index = 0;
    for (const Column& column : columns) add_column(*run, index++, column, weights, from);
  }
}

void add_values(ExactSum& sum, const double* values, std::int64_t count, const Target& target) {
  constexpr std::int64_t run = 2048;  // stays in the first cache
  for (std::int64_t from = 0; from < count; from += run) {
    const auto end = static_cast<std::int32_t>(std::min(count - from, run));
    double parts[SegmentSums::most_parts];
    const int held = target.sum_segments(values + from, &end, 1, parts);
    for (int p = 0; p < held; ++p) sum.add(parts[p]);
    if (held == SegmentSums::unfit)
      for (std::int64_t i = 0; i < end; ++i) sum.add(values[from + i]);
  }
}

}  // namespace unsurprised
