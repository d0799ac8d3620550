// Sums over rows that fits of temperature and vector scaling ask for; see scaling.h.
#include <algorithm>
#include <optional>
#include <vector>

#include "bindings.h"
#include "pool.h"
#include "scaling.h"
#include "targets.h"

namespace unsurprised {

namespace {

constexpr std::int64_t lanes = PackedRows::lanes;

std::int64_t groups_of(std::int64_t rows) {
  return (rows + lanes - 1) / lanes;
}

void pack(nb::handle scores, std::int64_t classes, nb::handle packed, int threads) {
  const Buffer in(scores), out(packed, true);
  if (classes < 1 || in.count() % classes) throw nb::value_error("the scores are no whole rows");
  const std::int64_t rows = in.count() / classes, groups = groups_of(rows);
  const auto* from = in.contiguous<double>(rows * classes);
  auto* to = out.contiguous<double>(groups * lanes * classes);
  const WithoutGil released;
  const std::int64_t chunks = (groups + groups_at_a_time - 1) / groups_at_a_time;
  in_parallel(chunks, threads, [&](std::int64_t chunk) {
    const std::int64_t first = chunk * groups_at_a_time;
    const std::int64_t last = std::min(groups, first + groups_at_a_time);
    pack_rows(from, rows, classes, first * lanes, last * lanes, to);
  });
}

// Rows as Python has packed them.
class Packed {
 public:
  Packed(nb::handle scores, nb::handle weights, std::int64_t classes, nb::handle truth = nb::none())
      : scores_(scores), weights_(weights) {
    const std::int64_t rows = weights_.count();
    if (classes < 1 || rows % lanes) throw nb::value_error("the rows are no whole groups");
    groups_ = rows / lanes;
    rows_ = {scores_.contiguous<double>(rows * classes), weights_.contiguous<double>(rows),
             classes};
    if (truth.is_none()) return;
    truth_.emplace(truth);
    if (truth_->count() == rows)
      rows_.labels = truth_->contiguous<double>(rows);
    else
      rows_.shares = truth_->contiguous<double>(rows * classes);
  }

  const PackedRows& rows() const { return rows_; }
  std::int64_t classes() const { return rows_.classes; }

  // Calls run(rows, groups, sums) for some groups after others, and adds up in their order.
  template <class Run>
  void add_up(int threads, std::int64_t size, double* sums, Run run) const {
    const std::int64_t chunks = (groups_ + groups_at_a_time - 1) / groups_at_a_time;
    std::vector<double> parts(static_cast<std::size_t>(chunks * size));
    in_parallel(chunks, threads, [&](std::int64_t chunk) {
      const std::int64_t first = chunk * groups_at_a_time, row = first * lanes;
      PackedRows some = rows_;
      some.scores += row * rows_.classes;
      some.weights += row;
      if (some.labels) some.labels += row;
      if (some.shares) some.shares += row * rows_.classes;
      run(some, std::min(groups_ - first, groups_at_a_time), parts.data() + chunk * size);
    });
    std::fill(sums, sums + size, 0.0);
    const double* part = parts.data();
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk)
      for (std::int64_t i = 0; i < size; ++i) sums[i] += *part++;
  }

 private:
  Buffer scores_, weights_;
  std::optional<Buffer> truth_;
  std::int64_t groups_;
  PackedRows rows_;
};

void tempered_sums(nb::handle scores, nb::handle weights, std::int64_t classes, double factor,
                   nb::handle sums, int threads) {
  const Packed packed(scores, weights, classes);
  const Buffer out(sums, true);
  auto* to = out.contiguous<double>(2);
  const TemperedSums run = target().tempered_sums;
  const WithoutGil released;
  packed.add_up(threads, 2, to, [&](PackedRows rows, std::int64_t groups, double* part) {
    run(rows, groups, factor, part);
  });
}

// The factors, then the shifts.
class Scaling {
 public:
  Scaling(nb::handle parameters, std::int64_t classes)
      : held_(parameters), factors_(held_.contiguous<double>(2 * classes)) {
    shifts_ = factors_ + classes;
  }

  const double* factors() const { return factors_; }
  const double* shifts() const { return shifts_; }

 private:
  Buffer held_;
  const double *factors_, *shifts_;
};

void scaled_sums(nb::handle scores, nb::handle weights, nb::handle truth, nb::handle parameters,
                 nb::handle sums, int threads) {
  const Buffer out(sums, true);
  const std::int64_t size = out.count();
  const Packed packed(scores, weights, size / 2, truth);
  const Scaling scaling(parameters, packed.classes());
  auto* to = out.contiguous<double>(1 + 2 * packed.classes());
  const ScaledSums run = target().scaled_sums;
  const WithoutGil released;
  packed.add_up(threads, size, to, [&](PackedRows rows, std::int64_t groups, double* part) {
    run(rows, groups, scaling.factors(), scaling.shifts(), part);
  });
}

void scaled_curvature(nb::handle scores, nb::handle weights, nb::handle parameters,
                      nb::handle matrix, int threads) {
  const Buffer out(matrix, true), given(parameters);
  const std::int64_t size = given.count();
  const Packed packed(scores, weights, size / 2);
  const Scaling scaling(parameters, packed.classes());
  auto* to = out.contiguous<double>(size * size);
  const ScaledCurvature run = target().scaled_curvature;
  const WithoutGil released;
  packed.add_up(threads, size * size, to, [&](PackedRows rows, std::int64_t groups, double* part) {
    run(rows, groups, scaling.factors(), scaling.shifts(), part);
  });
  for (std::int64_t i = 0; i < size; ++i)
    for (std::int64_t j = 0; j < i; ++j) to[i * size + j] = to[j * size + i];
}

double scaled_spread(nb::handle scores, nb::handle weights, nb::handle direction,
                     std::int64_t count) {
  const Packed packed(scores, weights, Buffer(direction).count() / 2);
  const Scaling scaling(direction, packed.classes());
  if (count > Buffer(weights).count()) throw nb::value_error("there are fewer rows");
  const ScaledSpread run = target().scaled_spread;
  const WithoutGil released;
  return run(packed.rows(), count, scaling.factors(), scaling.shifts());
}

// Sums of labels drawn by a number of simulations; see drawing.h.
void draw_sums(nb::handle reached, nb::handle values, nb::handle shares, nb::handle last,
               nb::handle sums, int threads) {
  const Buffer ends(reached), first(values), second(shares), ultimate(last), out(sums, true);
  const std::int64_t count = second.count();
  const std::int64_t classes = count ? ends.count() / count : 0;
  if (classes < 1 || out.count() % (2 * classes)) throw nb::value_error("there are no rows");
  const std::int64_t simulations = out.count() / (2 * classes);
  const DrawnRows rows{ends.contiguous<double>(count * classes),
                       first.contiguous<double>(count * classes),
                       second.contiguous<double>(count),
                       ultimate.contiguous<std::int32_t>(count),
                       count,
                       classes};
  auto* to = out.contiguous<double>(simulations * 2 * classes);
  const DrawSums run = target().draw_sums;
  const WithoutGil released;
  std::fill(to, to + simulations * 2 * classes, 0.0);
  constexpr std::int64_t at_once = 10;
  in_parallel((simulations + at_once - 1) / at_once, threads, [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * at_once;
    run(rows, begin, std::min(simulations, begin + at_once), to + begin * 2 * classes);
  });
}

}  // namespace

void bind_scaling(nb::module_& module) {
  module.attr("lanes") = lanes;
  module.def("pack", &pack, nb::arg("scores"), nb::arg("classes"), nb::arg("packed"),
             nb::arg("threads"));
  module.def("tempered_sums", &tempered_sums, nb::arg("scores"), nb::arg("weights"),
             nb::arg("classes"), nb::arg("factor"), nb::arg("sums"), nb::arg("threads"));
  module.def("scaled_sums", &scaled_sums, nb::arg("scores"), nb::arg("weights"), nb::arg("truth"),
             nb::arg("parameters"), nb::arg("sums"), nb::arg("threads"));
  module.def("scaled_curvature", &scaled_curvature, nb::arg("scores"), nb::arg("weights"),
             nb::arg("parameters"), nb::arg("matrix"), nb::arg("threads"));
  module.def("draw_sums", &draw_sums, nb::arg("reached"), nb::arg("values"), nb::arg("shares"),
             nb::arg("last"), nb::arg("sums"), nb::arg("threads"));
  module.def("scaled_spread", &scaled_spread, nb::arg("scores"), nb::arg("weights"),
             nb::arg("direction"), nb::arg("count"));
}

}  // namespace unsurprised
