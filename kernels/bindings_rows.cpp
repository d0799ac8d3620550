// Operations on rows for Python.
#include "bindings_rows.h"

#include <nanobind/stl/string.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "targets.h"

namespace unsurprised {

// Needs the GIL (or, where there is none, an attached thread) for the error that it may raise. The
// variable is read once, by the first thread that comes; nothing here changes afterwards, and no
// other state is shared by calls: what they read and write is their caller's.
const Target& target() {
  static const char* const given = std::getenv("UNSURPRISED_ISA");
  static const std::string name = given ? given : "";
  static const char* error = nullptr;
  static const Target* const chosen = choose_target(name.c_str(), &error);
  if (!chosen) {
    const nb::object call_error = nb::module_::import_("unsurprised.errors").attr("CallError");
    const std::string message = "UNSURPRISED_ISA='" + name + "': " + error;
    PyErr_SetString(call_error.ptr(), message.c_str());
    throw nb::python_error();
  }
  return *chosen;
}

namespace {

// The operation of a name, if it was given what it works on.
Operation operation_named(const std::string& name, bool with_q, bool with_labels) {
  static constexpr struct {
    const char* name;
    Operation operation;
    bool q, labels;
  } operations[] = {
      {"surprisal", Operation::surprisal, false, true},
      {"entropy", Operation::entropy, false, false},
      {"cross_entropy", Operation::cross_entropy, true, false},
      {"kl_divergence", Operation::kl_divergence, true, false},
      {"js_divergence", Operation::js_divergence, true, false},
      {"jeffreys_divergence", Operation::jeffreys_divergence, true, false},
      {"total_variation", Operation::total_variation, true, false},
      {"hellinger_distance", Operation::hellinger_distance, true, false},
      {"bhattacharyya_coefficient", Operation::bhattacharyya_coefficient, true, false},
      {"bhattacharyya_distance", Operation::bhattacharyya_distance, true, false}};
  for (const auto& entry : operations)
    if (name == entry.name && with_q == entry.q && with_labels == entry.labels)
      return entry.operation;
  throw nb::value_error(("no kernel " + name + " takes these arguments").c_str());
}

constexpr std::int64_t few_elements = 1 << 10;

// Where the numbers of rows go: doubles, or floats that are rounded from them at the end.
class Answers {
 public:
  Answers(nb::handle values, std::int64_t rows) : out_(values, true) {
    if (out_.holds(floating, sizeof(float))) {
      narrow_ = out_.contiguous<float>(rows);
      wide_.resize(static_cast<std::size_t>(rows));
    }
    doubles_ = narrow_ ? wide_.data() : out_.contiguous<double>(rows);
  }

  double* doubles() const { return doubles_; }

  void finish() const {
    // What is negative in double precision may be -0.0 now.
    for (std::size_t i = 0; i < wide_.size(); ++i) narrow_[i] = static_cast<float>(wide_[i]) + 0.0F;
  }

 private:
  const Buffer out_;
  std::vector<double> wide_;
  float* narrow_ = nullptr;
  double* doubles_ = nullptr;
};

// Fills `values` and answers what was wrong with p's and q's rows.
BothFound measure(const std::string& name, const Rows& p, nb::handle q, nb::handle labels,
                  double units_per_bit, nb::handle values, int threads) {
  Request request;
  request.operation = operation_named(name, !q.is_none(), !labels.is_none());
  const std::int64_t rows = p.count();
  request.p = &p.side;
  request.units_per_bit = units_per_bit;
  if (!q.is_none()) {
    const Rows& other = nb::cast<const Rows&>(q);
    if (other.count() != rows || other.side.view.classes != p.side.view.classes)
      throw nb::value_error("the two sides have different shapes");
    request.q = &other.side;
  }
  const Answers answers(values, rows);
  request.values = answers.doubles();
  std::optional<Buffer> at;
  if (!labels.is_none()) request.labels = at.emplace(labels).contiguous<std::int64_t>(rows);
  Findings findings[2];
  const Run run = target().run;
  {
    // To hand the GIL over takes longer than a few rows do.
    std::optional<WithoutGil> released;
    if (rows * p.side.view.classes > few_elements) released.emplace();
    run_rows(run, request, p.side.view.classes, rows, threads, findings);
  }
  answers.finish();
  return nb::make_tuple(as_tuple(findings[0]), as_tuple(findings[1]));
}

// Everything that an evaluation asks of a row, in one read of it.
Found facts(const Rows& p, nb::handle labels, double units_per_bit, nb::handle values,
            nb::handle entropies, nb::handle top_surprisals, nb::handle tops, int threads) {
  Request request;
  request.operation = Operation::facts;
  request.p = &p.side;
  request.units_per_bit = units_per_bit;
  const std::int64_t rows = p.count();
  const Buffer out[] = {Buffer(values, true), Buffer(entropies, true), Buffer(top_surprisals, true),
                        Buffer(tops, true)};
  request.values = out[0].contiguous<double>(rows);
  request.entropies = out[1].contiguous<double>(rows);
  request.top_surprisals = out[2].contiguous<double>(rows);
  request.tops = out[3].contiguous<std::int32_t>(rows);
  std::optional<Buffer> at;
  if (!labels.is_none()) request.labels = at.emplace(labels).contiguous<std::int64_t>(rows);
  Findings findings[2];
  const Run run = target().run;
  {
    const WithoutGil released;
    run_rows(run, request, p.side.view.classes, rows, threads, findings);
  }
  return as_tuple(findings[0]);
}

// The `count` largest entries of some rows, and where they stand; see leaders.h.
void leaders(const Rows& p, nb::handle rows, nb::handle top_surprisals, std::int64_t count,
             nb::handle at, nb::handle found_out, int threads) {
  const Buffer given(rows), tops(top_surprisals),
      out[] = {Buffer(at, true), Buffer(found_out, true)};
  const std::int64_t chosen = given.count(), held = p.count();
  const auto* row = given.contiguous<std::int64_t>(chosen);
  const auto* top = tops.contiguous<double>(chosen);
  auto* places = out[0].contiguous<std::int64_t>(chosen * count);
  auto* found = out[1].contiguous<double>(chosen * count);
  if (count < 1 || count > p.side.view.classes) throw nb::value_error("no row has so many entries");
  for (std::int64_t i = 0; i < chosen; ++i)
    if (row[i] < 0 || row[i] >= held) throw nb::value_error("there is no such row");
  const Leaders run = target().leaders;
  const WithoutGil released;
  in_parallel(chosen, threads, [&](std::int64_t i) {
    run(p.side, row[i], count, top[i], places + i * count, found + i * count);
  });
}

void refuse_unless_narrow(const Side& side) {
  const Type type = side.view.type;
  if (side.form != Form::log || (type != Type::f16 && type != Type::bf16 && type != Type::f32))
    throw nb::value_error("shares are made of log scores of at most single precision");
}

// Adds the shares of rows of narrow scores to two doubles a class; see shares.h.
void add_shares(const Rows& p, nb::handle tops, nb::handle top_shares, nb::handle coarse,
                nb::handle fine, int threads) {
  const Buffer in[] = {Buffer(tops), Buffer(top_shares)};
  const Buffer out[] = {Buffer(coarse, true), Buffer(fine, true)};
  const std::int64_t rows = p.count(), classes = p.side.view.classes;
  const ShareRows given{&p.side, rows, in[0].contiguous<double>(rows),
                        in[1].contiguous<double>(rows)};
  auto* upper = out[0].contiguous<double>(classes);
  auto* lower = out[1].contiguous<double>(classes);
  refuse_unless_narrow(p.side);
  if (rows > most_share_rows) throw nb::value_error("more rows than two doubles can take");
  const AddShares run = target().add_shares;
  constexpr std::int64_t step = 4096;
  const WithoutGil released;
  in_parallel((classes + step - 1) / step, threads, [&](std::int64_t chunk) {
    run(given, chunk * step, std::min(classes, (chunk + 1) * step), upper, lower);
  });
}

// The shares of some of these rows, as floats.
void shares_of(const Rows& p, nb::handle which, nb::handle tops, nb::handle top_shares,
               nb::handle shares, int threads) {
  const Buffer in[] = {Buffer(which), Buffer(tops), Buffer(top_shares)}, out(shares, true);
  const std::int64_t chosen = in[0].count(), rows = p.count(), classes = p.side.view.classes;
  const auto* row = in[0].contiguous<std::int64_t>(chosen);
  const auto* top = in[1].contiguous<double>(rows);
  const auto* top_share = in[2].contiguous<double>(rows);
  auto* to = out.contiguous<float>(chosen * classes);
  refuse_unless_narrow(p.side);
  for (std::int64_t i = 0; i < chosen; ++i)
    if (row[i] < 0 || row[i] >= rows) throw nb::value_error("there is no such row");
  const SharesOf run = target().shares_of;
  const WithoutGil released;
  in_parallel(chosen, threads, [&](std::int64_t i) {
    run(p.side, row[i], top[row[i]], top_share[row[i]], to + i * classes);
  });
}

// Shares of rows of scores, in their place; see softmax.h.
void softmax(nb::handle scores, std::int64_t classes, nb::handle tops, nb::handle masses) {
  const Buffer in(scores, true), out[] = {Buffer(tops, true), Buffer(masses, true)};
  if (classes < 1 || in.count() % classes) throw nb::value_error("the scores are no whole rows");
  const std::int64_t rows = in.count() / classes;
  double* const x = in.contiguous<double>(rows * classes);
  double* const first = out[0].contiguous<double>(rows);
  double* const second = out[1].contiguous<double>(rows);
  const Softmax run = target().softmax;
  const WithoutGil released;
  run(x, rows, classes, first, second);
}

// Logits and the memory of their gradient, as the kernel takes them.
SoftmaxRows softmax_rows(const Buffer& in, bool bfloat16, const Buffer& out) {
  const Py_buffer& view = in.view();
  const std::int64_t size = bfloat16 ? 2 : 4;
  const bool fits = in.holds(bfloat16 ? unsigned_integers : floating, size) && view.ndim == 2 &&
                    view.shape[1] > 0 && (view.shape[1] == 1 || view.strides[1] == size);
  if (!fits) throw nb::value_error("rows of another type or layout were expected");
  const std::int64_t count = view.shape[0] * view.shape[1];
  char* const to = bfloat16 ? reinterpret_cast<char*>(out.contiguous<std::uint16_t>(count))
                            : reinterpret_cast<char*>(out.contiguous<float>(count));
  return {static_cast<const char*>(view.buf),
          view.strides[0],
          view.shape[1],
          bfloat16,
          nullptr,
          nullptr,
          nullptr,
          to};
}

void write_gradient(SoftmaxGradient run, const SoftmaxRows& given, std::int64_t rows, int threads) {
  const std::int64_t step = rows_at_a_time(rows, given.classes, std::max(threads, 1));
  in_parallel(rows ? (rows + step - 1) / step : 0, threads, [&](std::int64_t chunk) {
    run(given, chunk * step, std::min(rows, (chunk + 1) * step));
  });
}

// Gradients of rows of logits; see softmax_gradient.h.
void softmax_gradient(nb::handle logits, bool bfloat16, nb::handle tops, nb::handle factors,
                      nb::handle shifts, nb::handle result, int threads) {
  const Buffer in(logits), per_row[] = {Buffer(tops), Buffer(factors), Buffer(shifts)};
  const Buffer out(result, true);
  SoftmaxRows given = softmax_rows(in, bfloat16, out);
  const std::int64_t rows = in.view().shape[0];
  given.tops = per_row[0].contiguous<float>(rows);
  given.factors = per_row[1].contiguous<float>(rows);
  given.shifts = per_row[2].contiguous<float>(rows);
  const SoftmaxGradient run = target().softmax_gradient;
  const WithoutGil released;
  write_gradient(run, given, rows, threads);
}

// The same of what labels cost, from what `facts` found of the rows in nats: each row that is kept
// (null: all) counts by `weight`.
void label_gradient(nb::handle logits, bool bfloat16, nb::handle labels, nb::handle kept,
                    double weight, nb::handle nats, nb::handle rests, nb::handle tops,
                    nb::handle result, int threads) {
  const Buffer in(logits), at(labels), of_label(nats), of_top(rests), first(tops);
  const Buffer out(result, true);
  SoftmaxRows given = softmax_rows(in, bfloat16, out);
  const std::int64_t rows = in.view().shape[0];
  given.labels = at.contiguous<std::int64_t>(rows);
  const double* const cost = of_label.contiguous<double>(rows);
  const double* const rest = of_top.contiguous<double>(rows);
  const std::int32_t* const top = first.contiguous<std::int32_t>(rows);
  std::optional<Buffer> counted;
  const bool* const counts =
      kept.is_none() ? nullptr : counted.emplace(kept).contiguous<bool>(rows);
  for (std::int64_t i = 0; i < rows; ++i)
    if (given.labels[i] < 0 || given.labels[i] >= given.classes || top[i] < 0 ||
        top[i] >= given.classes)
      throw nb::value_error("a label or a top class outside the classes");
  const Target& kernels = target();
  const WithoutGil released;
  const auto size = static_cast<std::size_t>(rows);
  std::vector<double> shares(size), gaps(size);
  for (std::size_t i = 0; i < size; ++i) shares[i] = -rest[i], gaps[i] = -cost[i];
  kernels.portable.apply(Function::exp, shares.data(), rows, shares.data());
  // The label's share less one is found as it is, not as a difference; and no zero is below 0.
  kernels.portable.apply(Function::expm1, gaps.data(), rows, gaps.data());
  std::vector<float> largest(size), factors(size), at_labels(size);
  const std::vector<float> shifts(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double each = counts && !counts[i] ? 0.0 : weight;
    factors[i] = static_cast<float>(each * shares[i]);
    at_labels[i] = static_cast<float>(each * gaps[i] + 0.0);
    const char* const row = given.logits + static_cast<std::int64_t>(i) * given.stride;
    if (bfloat16) {
      std::uint16_t half;
      std::memcpy(&half, row + 2 * std::int64_t{top[i]}, sizeof half);
      largest[i] = std::bit_cast<float>(std::uint32_t{half} << 16);
    } else {
      std::memcpy(&largest[i], row + 4 * std::int64_t{top[i]}, sizeof(float));
    }
  }
  given.tops = largest.data(), given.factors = factors.data(), given.shifts = shifts.data();
  given.at_labels = at_labels.data();
  write_gradient(kernels.softmax_gradient, given, rows, threads);
}

void event_surprisals(nb::handle probabilities, double units_per_bit, nb::handle values) {
  const Buffer in(probabilities), out(values, true);
  const std::int64_t count = in.count();
  target().surprisals(in.contiguous<double>(count), units_per_bit, count,
                      out.contiguous<double>(count));
}

}  // namespace

void bind_rows(nb::module_& module) {
  nb::class_<Rows>(module, "Rows")
      .def(nb::init<nb::handle, const std::string&, bool, bool, double>(), nb::arg("array"),
           nb::arg("dtype"), nb::arg("log"), nb::arg("checks_sum"), nb::arg("tolerance"));
  module.def("instruction_set", [] { return std::string(target().name); });
  module.def("measure", &measure, nb::arg("name"), nb::arg("p"), nb::arg("q").none(),
             nb::arg("labels").none(), nb::arg("units_per_bit"), nb::arg("values"),
             nb::arg("threads"));
  module.def("facts", &facts, nb::arg("p"), nb::arg("labels").none(), nb::arg("units_per_bit"),
             nb::arg("values"), nb::arg("entropies"), nb::arg("top_surprisals"), nb::arg("tops"),
             nb::kw_only(), nb::arg("threads") = 1);
  module.def("leaders", &leaders, nb::arg("p"), nb::arg("rows"), nb::arg("top_surprisals"),
             nb::arg("count"), nb::arg("at"), nb::arg("found"), nb::arg("threads"));
  module.attr("most_share_rows") = most_share_rows;
  module.def("add_shares", &add_shares, nb::arg("p"), nb::arg("tops"), nb::arg("top_shares"),
             nb::arg("coarse"), nb::arg("fine"), nb::arg("threads"));
  module.def("shares_of", &shares_of, nb::arg("p"), nb::arg("rows"), nb::arg("tops"),
             nb::arg("top_shares"), nb::arg("shares"), nb::arg("threads"));
  module.def("softmax", &softmax, nb::arg("scores"), nb::arg("classes"), nb::arg("tops"),
             nb::arg("masses"));
  module.def("softmax_gradient", &softmax_gradient, nb::arg("logits"), nb::arg("bfloat16"),
             nb::arg("tops"), nb::arg("factors"), nb::arg("shifts"), nb::arg("result"),
             nb::arg("threads"));
  module.def("label_gradient", &label_gradient, nb::arg("logits"), nb::arg("bfloat16"),
             nb::arg("labels"), nb::arg("kept").none(), nb::arg("weight"), nb::arg("nats"),
             nb::arg("rests"), nb::arg("tops"), nb::arg("result"), nb::arg("threads"));
  module.def("event_surprisals", &event_surprisals, nb::arg("probabilities"),
             nb::arg("units_per_bit"), nb::arg("values"));
}

}  // namespace unsurprised
