// Neighbours of rows for Python; see neighbours.h and pairs_of_ranks.h.
#include <optional>
#include <vector>

#include "bindings.h"
#include "neighbours.h"
#include "pairs_of_ranks.h"

namespace unsurprised {

namespace {

// Rows of coordinates as Python hands them, with a group for each row or without any.
class GivenPoints {
 public:
  GivenPoints(nb::handle values, nb::handle groups, std::int64_t group_count, std::int64_t rows)
      : values_(values) {
    if (rows < 1 || values_.count() % rows) throw nb::value_error("the points are no whole rows");
    const std::int64_t dimensions = values_.count() / rows;
    if (dimensions < 1 || dimensions > most_dimensions)
      throw nb::value_error("1 to 32 coordinates were expected");
    points_ = {values_.contiguous<double>(rows * dimensions), rows, static_cast<int>(dimensions),
               nullptr, group_count};
    if (!groups.is_none()) points_.groups = groups_.emplace(groups).contiguous<std::int64_t>(rows);
  }

  const Points& points() const { return points_; }

 private:
  Buffer values_;
  std::optional<Buffer> groups_;
  Points points_{};
};

void write_distances(nb::handle values, nb::handle groups, std::int64_t group_count, std::int64_t k,
                     nb::handle out, int threads) {
  const Buffer distances(out, true);
  const GivenPoints given(values, groups, group_count, distances.count());
  if (k < 1) throw nb::value_error("k is below 1");
  auto* to = distances.contiguous<double>(given.points().rows);
  const WithoutGil released;
  kth_distances(given.points(), k, threads, to);
}

void write_distances_among(nb::handle values, nb::handle others, std::int64_t other_rows,
                           std::int64_t k, nb::handle out, int threads) {
  const Buffer distances(out, true);
  const GivenPoints given(values, nb::none(), 0, distances.count());
  const GivenPoints among(others, nb::none(), 0, other_rows);
  if (k < 1 || k > other_rows || other_rows >= std::int64_t{1} << 31 ||
      given.points().dimensions != among.points().dimensions)
    throw nb::value_error("at least k others of as many coordinates were expected");
  auto* to = distances.contiguous<double>(given.points().rows);
  const WithoutGil released;
  kth_distances_among(given.points(), among.points(), k, threads, to);
}

void write_counts(nb::handle values, nb::handle groups, std::int64_t group_count, nb::handle radii,
                  bool closed, nb::handle out, int threads) {
  const Buffer counts(out, true), within(radii);
  const GivenPoints given(values, groups, group_count, counts.count());
  const auto* from = within.contiguous<double>(given.points().rows);
  auto* to = counts.contiguous<std::int64_t>(given.points().rows);
  const WithoutGil released;
  count_within(given.points(), from, closed, threads, to);
}

void write_extents(nb::handle values, nb::handle radii, int first_dimensions, nb::handle first,
                   nb::handle second, int threads) {
  const Buffer widths(first, true), heights(second, true), within(radii);
  const GivenPoints given(values, nb::none(), 0, widths.count());
  const std::int64_t rows = given.points().rows;
  const auto* from = within.contiguous<double>(rows);
  auto* width = widths.contiguous<double>(rows);
  auto* height = heights.contiguous<double>(rows);
  if (first_dimensions < 1 || first_dimensions >= given.points().dimensions)
    throw nb::value_error("coordinates on both sides were expected");
  const WithoutGil released;
  extents(given.points(), from, first_dimensions, threads, width, height);
}

void write_pair_counts(nb::handle x, nb::handle y, std::int64_t k, nb::handle x_counts,
                       nb::handle y_counts, int threads) {
  const Buffer first(x), second(y), in_x(x_counts, true), in_y(y_counts, true);
  const std::int64_t rows = first.count();
  if (k < 1 || k >= rows || rows >= std::int64_t{1} << 31)
    throw nb::value_error("more than k rows were expected, below 2^31");
  const auto* a = first.contiguous<double>(rows);
  const auto* b = second.contiguous<double>(rows);
  auto* to_x = in_x.contiguous<std::int64_t>(rows);
  auto* to_y = in_y.contiguous<std::int64_t>(rows);
  const WithoutGil released;
  pair_counts(a, b, rows, k, threads, to_x, to_y);
}

// Rows by stratum as Python hands them; every row stands in one place.
class GivenStrata {
 public:
  GivenStrata(nb::handle rows, nb::handle starts) : rows_(rows), starts_(starts) {
    const std::int64_t count = rows_.count(), strata = starts_.count() - 1;
    strata_ = {rows_.contiguous<std::int64_t>(count), starts_.contiguous<std::int64_t>(strata + 1),
               strata};
    std::int64_t last = 0;
    for (std::int64_t i = 0; i <= strata; ++i) {
      if (strata_.starts[i] < last || strata_.starts[i] > count)
        throw nb::value_error("starts of strata that ascend were expected");
      last = strata_.starts[i];
    }
    for (std::int64_t i = 0; i < count; ++i)
      if (strata_.rows[i] < 0 || strata_.rows[i] >= count)
        throw nb::value_error("a row that there is not");
  }

  const Strata& strata() const { return strata_; }
  std::int64_t rows() const { return rows_.count(); }

 private:
  Buffer rows_, starts_;
  Strata strata_{};
};

void shuffle_numbers(nb::handle rows, nb::handle starts, std::uint64_t stream, std::uint64_t number,
                     nb::handle numbers) {
  const GivenStrata given(rows, starts);
  const Buffer out(numbers, true);
  auto* to = out.contiguous<std::int64_t>(given.rows());
  const WithoutGil released;
  shuffle(given.strata(), stream, number, to);
}

void write_shuffled_sums(nb::handle x, nb::handle y, std::int64_t k, nb::handle rows,
                         nb::handle starts, std::uint64_t stream, nb::handle table, nb::handle sums,
                         int threads) {
  const Buffer first(x), second(y), terms(table), out(sums, true);
  const GivenStrata given(rows, starts);
  const std::int64_t count = given.rows();
  if (k < 1 || k >= count || count >= std::int64_t{1} << 31)
    throw nb::value_error("more than k rows were expected, below 2^31");
  const auto* a = first.contiguous<double>(count);
  const auto* b = second.contiguous<double>(count);
  const auto* of = terms.contiguous<std::int64_t>(count);
  const std::int64_t shuffles = out.count();
  auto* to = out.contiguous<std::int64_t>(shuffles);
  const WithoutGil released;
  shuffled_sums(a, b, count, k, given.strata(), stream, of, shuffles, threads, to);
}

}  // namespace

void bind_neighbours(nb::module_& module) {
  module.def("kth_distances", &write_distances, nb::arg("values"), nb::arg("groups").none(),
             nb::arg("group_count"), nb::arg("k"), nb::arg("out"), nb::arg("threads"));
  module.def("kth_distances_among", &write_distances_among, nb::arg("values"), nb::arg("others"),
             nb::arg("other_rows"), nb::arg("k"), nb::arg("out"), nb::arg("threads"));
  module.def("count_within", &write_counts, nb::arg("values"), nb::arg("groups").none(),
             nb::arg("group_count"), nb::arg("radii"), nb::arg("closed"), nb::arg("out"),
             nb::arg("threads"));
  module.def("extents", &write_extents, nb::arg("values"), nb::arg("radii"),
             nb::arg("first_dimensions"), nb::arg("first"), nb::arg("second"), nb::arg("threads"));
  module.def("pair_counts", &write_pair_counts, nb::arg("x"), nb::arg("y"), nb::arg("k"),
             nb::arg("x_counts"), nb::arg("y_counts"), nb::arg("threads"));
  module.def("shuffle", &shuffle_numbers, nb::arg("rows"), nb::arg("starts"), nb::arg("stream"),
             nb::arg("number"), nb::arg("numbers"));
  module.def("shuffled_sums", &write_shuffled_sums, nb::arg("x"), nb::arg("y"), nb::arg("k"),
             nb::arg("rows"), nb::arg("starts"), nb::arg("stream"), nb::arg("table"),
             nb::arg("sums"), nb::arg("threads"));
}

}  // namespace unsurprised
