#include "neighbours.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "lines.h"
#include "pool.h"
#include "tree.h"

namespace unsurprised {

namespace {

constexpr std::int64_t places_at_a_time = 2048, leaves_at_a_time = 128;

// Calls body(rows, count) for the rows of each group; all rows are null.
template <class Body>
void for_groups(const Points& points, Body body) {
  if (points.rows >= std::int64_t{1} << 31) throw std::invalid_argument("2^31 rows or more");
  if (points.dimensions < 1 || points.dimensions > most_dimensions)
    throw std::invalid_argument("1 to 32 coordinates were expected");
  if (!points.groups) {
    if (points.rows) body(static_cast<const std::int32_t*>(nullptr), points.rows);
    return;
  }
  std::vector<std::int64_t> ends(static_cast<std::size_t>(points.group_count) + 1);
  for (std::int64_t row = 0; row < points.rows; ++row) {
    const std::int64_t group = points.groups[row];
    if (group < 0 || group >= points.group_count) throw std::invalid_argument("a group too many");
    ++ends[static_cast<std::size_t>(group) + 1];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<std::int32_t> rows(static_cast<std::size_t>(points.rows));
  std::vector<std::int64_t> next(ends.begin(), ends.end() - 1);
  for (std::int64_t row = 0; row < points.rows; ++row)
    rows[static_cast<std::size_t>(next[static_cast<std::size_t>(points.groups[row])]++)] =
        static_cast<std::int32_t>(row);
  for (std::size_t group = 0; group + 1 < ends.size(); ++group)
    if (const std::int64_t count = ends[group + 1] - ends[group])
      body(rows.data() + ends[group], count);
}

// Calls body(line, place, row) for each place of a column.
template <class Body>
void for_line(const Points& points, const std::int32_t* rows, std::int64_t count, int threads,
              Body body) {
  const Line line(points.values, rows, count);
  in_parallel((count + places_at_a_time - 1) / places_at_a_time, threads, [&](std::int64_t chunk) {
    const std::int64_t first = chunk * places_at_a_time;
    for (std::int64_t i = first; i < std::min(first + places_at_a_time, count); ++i)
      body(line, i, rows ? rows[line.row(i)] : line.row(i));
  });
}

// Calls body(tree, leaf, place, row) for each place of a tree.
template <int D, class Body>
void for_tree_of(const Points& points, const std::int32_t* rows, std::int64_t count, int threads,
                 Body body) {
  const Tree<D> tree(points.values, points.dimensions, rows, count, threads);
  const std::int64_t leaves = tree.leaves();
  in_parallel((leaves + leaves_at_a_time - 1) / leaves_at_a_time, threads, [&](std::int64_t chunk) {
    const std::int64_t first = chunk * leaves_at_a_time;
    for (std::int64_t leaf = first; leaf < std::min(first + leaves_at_a_time, leaves); ++leaf)
      for (std::int64_t i = tree.leaf_start(leaf); i < tree.leaf_start(leaf + 1); ++i)
        body(tree, leaf, i, tree.row(i));
  });
}

template <class Body>
void for_tree(const Points& points, const std::int32_t* rows, std::int64_t count, int threads,
              Body body) {
  switch (points.dimensions) {
    case 1:
    case 2:
      return for_tree_of<2>(points, rows, count, threads, body);
    case 3:
      return for_tree_of<3>(points, rows, count, threads, body);
    case 4:
      return for_tree_of<4>(points, rows, count, threads, body);
    default:
      if (points.dimensions <= 8) return for_tree_of<8>(points, rows, count, threads, body);
      return for_tree_of<most_dimensions>(points, rows, count, threads, body);
  }
}

template <int Size>
void tree_distances(const Points& points, const std::int32_t* rows, std::int64_t count,
                    std::int64_t k, int threads, double* out) {
  for_tree(points, rows, count, threads,
           [&](const auto& tree, std::int64_t leaf, std::int64_t place, std::int64_t row) {
             out[row] = tree.template neighbour<Size>(leaf, place, k);
           });
}

}  // namespace

void kth_distances(const Points& points, std::int64_t k, int threads, double* out) {
  for_groups(points, [&](const std::int32_t* rows, std::int64_t count) {
    const std::int64_t own = std::min(k, count - 1);
    if (points.dimensions == 1)
      for_line(points, rows, count, threads,
               [&](const Line& line, std::int64_t place, std::int64_t row) {
                 out[row] = line.neighbour(place, own);
               });
    else if (own <= 3)
      tree_distances<4>(points, rows, count, own, threads, out);
    else if (own <= 11)
      tree_distances<12>(points, rows, count, own, threads, out);
    else
      tree_distances<0>(points, rows, count, own, threads, out);
  });
}

void kth_distances_among(const Points& rows, const Points& others, std::int64_t k, int threads,
                         double* out) {
  const auto run = [&](const auto& tree) {
    using Point = typename std::decay_t<decltype(tree)>::Point;
    in_parallel(
        (rows.rows + places_at_a_time - 1) / places_at_a_time, threads, [&](std::int64_t chunk) {
          const std::int64_t first = chunk * places_at_a_time;
          for (std::int64_t i = first; i < std::min(first + places_at_a_time, rows.rows); ++i) {
            Point point{};
            std::copy_n(rows.values + i * rows.dimensions, rows.dimensions, point.begin());
            out[i] = k <= 4 ? tree.template nearest_of<4>(point, k)
                            : tree.template nearest_of<0>(point, k);
          }
        });
  };
  const auto build = [&]<int D>(std::integral_constant<int, D>) {
    run(Tree<D>(others.values, others.dimensions, nullptr, others.rows, threads));
  };
  if (others.dimensions <= 2) return build(std::integral_constant<int, 2>{});
  if (others.dimensions <= 4) return build(std::integral_constant<int, 4>{});
  if (others.dimensions <= 8) return build(std::integral_constant<int, 8>{});
  build(std::integral_constant<int, most_dimensions>{});
}

void count_within(const Points& points, const double* radii, bool closed, int threads,
                  std::int64_t* out) {
  for_groups(points, [&](const std::int32_t* rows, std::int64_t count) {
    if (points.dimensions == 1)
      return for_line(points, rows, count, threads,
                      [&](const Line& line, std::int64_t place, std::int64_t row) {
                        out[row] = line.count(place, {radii[row], closed});
                      });
    for_tree(points, rows, count, threads,
             [&](const auto& tree, std::int64_t, std::int64_t place, std::int64_t row) {
               const Within within{radii[row], closed};
               out[row] = within(0.0) ? tree.count(place, within) - 1 : 0;
             });
  });
}

void extents(const Points& points, const double* radii, int first_dimensions, int threads,
             double* first, double* second) {
  for_groups(points, [&](const std::int32_t* rows, std::int64_t count) {
    for_tree(points, rows, count, threads,
             [&](const auto& tree, std::int64_t, std::int64_t place, std::int64_t row) {
               double widest = 0.0, highest = 0.0;
               tree.for_within(place, radii[row], [&](std::int64_t other) {
                 widest = std::max(widest, tree.distance(place, other, 0, first_dimensions));
                 highest = std::max(
                     highest, tree.distance(place, other, first_dimensions, points.dimensions));
               });
               first[row] = widest;
               second[row] = highest;
             });
  });
}

}  // namespace unsurprised
