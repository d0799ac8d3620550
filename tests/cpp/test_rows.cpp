// Every operation on rows of every type, length and layout: the bits are those of the same numbers
// as contiguous doubles (or floats, where all are) on the baseline, and those agree with the
// formulas in long double. Memory ends with the last element, so that a sanitizer sees any read
// beyond it.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "check.h"
#include "elements.h"
#include "formulas.h"
#include "layouts.h"
#include "operations.h"
#include "rows.h"
#include "targets.h"

namespace {

using checks::Random;
using formulas::by_formula;
using formulas::shares;
using layouts::Array;
using layouts::Layout;
using unsurprised::Fault;
using unsurprised::Findings;
using unsurprised::Form;
using unsurprised::Operation;
using unsurprised::Request;
using unsurprised::Side;
using unsurprised::Target;
using unsurprised::Type;
using Wide = long double;
using baseline::infinity;

constexpr Operation operations[] = {Operation::surprisal,
                                    Operation::entropy,
                                    Operation::facts,
                                    Operation::cross_entropy,
                                    Operation::kl_divergence,
                                    Operation::js_divergence,
                                    Operation::jeffreys_divergence,
                                    Operation::total_variation,
                                    Operation::hellinger_distance,
                                    Operation::bhattacharyya_coefficient,
                                    Operation::bhattacharyya_distance};

std::vector<const Target*> all_targets() {
  std::vector<const Target*> found;
  const char* error = nullptr;
  for (const char* name : {"baseline", "avx2", "avx512"})
    if (const Target* target = unsurprised::choose_target(name, &error)) found.push_back(target);
  CHECK(!found.empty() && std::string(found[0]->name) == "baseline", error);
  return found;
}

// What an operation answered.
struct Answer {
  std::vector<double> values, entropies, top_surprisals;
  std::vector<std::int32_t> tops;
  Findings findings[2];

  explicit Answer(std::int64_t rows)
      : values(static_cast<std::size_t>(rows)),
        entropies(values),
        top_surprisals(values),
        tops(values.size()) {}
};

template <class T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

bool same(const Findings& a, const Findings& b) {
  return a.first_row == b.first_row && a.fault == b.fault && a.sum_off_rows == b.sum_off_rows &&
         a.largest_deviation == b.largest_deviation;
}

struct Question {
  Operation operation;
  Side p, q;
  std::vector<std::int64_t> labels;

  bool pair() const { return operation >= Operation::cross_entropy; }
  // Rows that hardly overlap are left to others, as NaN.
  bool may_leave() const { return operation >= Operation::bhattacharyya_coefficient; }

  // Rows come `batch` at a time.
  Answer ask(const Target& target, std::int64_t batch) const {
    const auto rows = static_cast<std::int64_t>(labels.size());
    Answer answer(rows);
    Request request{operation, &p};
    if (pair()) request.q = &q;
    if (operation == Operation::surprisal || operation == Operation::facts)
      request.labels = labels.data();
    request.units_per_bit = 1.0;
    request.values = answer.values.data();
    request.entropies = answer.entropies.data();
    request.top_surprisals = answer.top_surprisals.data();
    request.tops = answer.tops.data();
    for (std::int64_t from = 0; from < rows; from += batch)
      target.run(request, from, std::min(rows, from + batch), answer.findings);
    return answer;
  }
};

void check_against_formula(const Question& question, const Answer& answer,
                           const std::vector<double>& p, const std::vector<double>& q) {
  const std::int64_t classes = question.p.view.classes;
  for (std::size_t row = 0; row < answer.values.size(); ++row) {
    const std::size_t at = row * static_cast<std::size_t>(classes);
    const auto p_shares = shares(p.data() + at, classes, question.p.form == Form::log);
    const auto q_shares = shares(q.data() + at, classes, question.q.form == Form::log);
    if (std::isnan(p_shares[0]) || std::isnan(q_shares[0])) continue;  // no mass: reported
    const Wide truth = by_formula(question.operation, p_shares, q_shares, question.labels[row]);
    const double found = answer.values[row];
    const bool single = question.p.view.type == Type::f32;
    const Wide bound = (single ? 2e-6L : 1e-13L) * (1 + truth);
    if (question.may_leave() && std::isnan(found)) {
      CHECK(formulas::affinity(p_shares, q_shares) < 1e-289L, classes, row);
      continue;
    }
    const bool near = std::isinf(truth) ? found == truth : std::fabs(found - truth) < bound;
    CHECK(near, static_cast<int>(question.operation), classes, row, found, truth);
  }
}

struct RandomSide {
  std::vector<double> values;
  Array laid_out, contiguous;
  Side side{}, plain_side{};

  RandomSide(Random& random, Type type, Form form, std::int64_t rows, std::int64_t classes) {
    std::vector<std::uint64_t> patterns;
    for (std::int64_t i = 0; i < rows * classes; ++i)
      patterns.push_back(layouts::legal_bits(type, form == Form::log, random));
    const auto layout = static_cast<Layout>(random.below(layouts::layout_count));
    laid_out = layouts::lay_out(layout, type, patterns, rows, classes);
    values = layouts::values_of(type, patterns);
    // What is no more than single precision may be answered in it.
    const bool single = baseline::is_narrow(type);
    contiguous = layouts::plain(values, classes, single ? Type::f32 : Type::f64);
    side = {laid_out.view, form, random.below(2) == 0, 0.5};
    plain_side = side;
    plain_side.view = contiguous.view;
  }
};

void test_shape(Random& random, const std::vector<const Target*>& targets, Type type, Form form,
                std::int64_t rows, std::int64_t classes) {
  const RandomSide p(random, type, form, rows, classes);
  const Type other = layouts::types[random.below(std::size(layouts::types))];
  const RandomSide q(random, other, random.below(2) ? Form::log : Form::mass, rows, classes);
  Question plain{Operation::surprisal, p.plain_side, q.plain_side, {}};
  for (std::int64_t i = 0; i < rows; ++i) plain.labels.push_back(random.below(classes));
  Question laid_out = plain;
  laid_out.p = p.side;
  laid_out.q = q.side;
  for (const Operation operation : operations) {
    plain.operation = laid_out.operation = operation;
    const Answer expected = plain.ask(*targets[0], rows);
    check_against_formula(plain, expected, p.values, q.values);
    for (const Target* target : targets) {
      const Answer found = laid_out.ask(*target, 1 + random.below(rows));
      const bool equal = same_bytes(found.values, expected.values) &&
                         same_bytes(found.entropies, expected.entropies) &&
                         same_bytes(found.top_surprisals, expected.top_surprisals) &&
                         same_bytes(found.tops, expected.tops) &&
                         same(found.findings[0], expected.findings[0]) &&
                         same(found.findings[1], expected.findings[1]);
      CHECK(equal, target->name, static_cast<int>(operation), static_cast<int>(type), rows,
            classes);
    }
  }
}

void test_all_shapes(const std::vector<const Target*>& targets) {
  Random random(1);
  const std::int64_t row_counts[] = {1, 2, 6, 15, 16, 17, 34};
  auto all_types = [&](std::int64_t classes, bool few) {
    for (const Type type : layouts::types)
      for (const Form form : {Form::mass, Form::log}) {
        const std::int64_t rows = few ? 2 : row_counts[random.below(std::size(row_counts))];
        test_shape(random, targets, type, form, rows, classes);
      }
  };
  for (std::int64_t classes = 1; classes <= 200; classes += checks::emulated ? 9 : 1)
    all_types(classes, classes > 100);
  for (const std::int64_t classes : {511, 512, 513, 4095, 4096, 4097, 8193})
    if (classes < 4095 || !checks::emulated) all_types(classes, true);
}

// Rows that are reported: what stands in their place is free, but nothing outside them is read.
void test_faulty_rows(const std::vector<const Target*>& targets) {
  Random random(2);
  for (const std::int64_t classes : {1, 2, 15, 17, 63, 64, 65, 79, 100, 4097})
    for (const Form form : {Form::mass, Form::log})
      for (const double bad : {std::nan(""), infinity, -infinity, -1.0, -1e300, 0.0}) {
        const std::vector<double> values(static_cast<std::size_t>(3 * classes), bad);
        const Array rows = layouts::plain(values, classes);
        const RandomSide fine(random, Type::f64, Form::mass, 3, classes);
        const Side side{rows.view, form, false, 0.5};
        const bool legal = form == Form::log && std::isfinite(bad);
        const Fault fault = legal ? Fault::none
                            : (form == Form::log ? bad == -infinity : bad == 0.0)
                                ? Fault::no_mass
                                : Fault::bad_entry;
        for (const Operation operation : operations)
          for (const Target* target : targets) {
            const Question first{operation, side, fine.plain_side, {0, classes - 1, classes / 2}};
            const Answer answer = first.ask(*target, 2);
            CHECK(answer.findings[0].fault == fault, target->name, classes, bad);
            CHECK(answer.findings[0].first_row == (legal ? -1 : 0), target->name, classes, bad);
            const Question second{operation, fine.plain_side, side, first.labels};
            const Answer turned = second.ask(*target, 3);
            if (second.pair()) CHECK(turned.findings[1].fault == fault, target->name, classes, bad);
          }
      }
}

void test_labels_outside(const std::vector<const Target*>& targets) {
  Random random(3);
  for (const std::int64_t classes : {2, 70})
    for (const std::int64_t label : {std::int64_t{-1}, classes, INT64_MIN, INT64_MAX})
      for (const Target* target : targets) {
        const RandomSide fine(random, Type::f32, Form::log, 18, classes);
        Question question{Operation::surprisal, fine.side, fine.side, {}};
        question.p.checks_sum = false;
        question.labels.assign(18, 0);
        question.labels[17] = label;
        for (const Operation operation : {Operation::surprisal, Operation::facts}) {
          question.operation = operation;
          const Answer answer = question.ask(*target, 18);
          CHECK(answer.findings[0].fault == Fault::bad_label, target->name, label);
          CHECK(answer.findings[0].first_row == 17, target->name, label);
        }
      }
}

// All 65,536 patterns of each type: the conversion itself, and within each target.
template <class Element>
void test_half(const std::vector<const Target*>& targets, Type type) {
  std::vector<std::uint64_t> patterns;
  for (std::uint64_t bits = 0; bits < 65536; ++bits) {
    const auto narrow = static_cast<std::uint16_t>(bits);
    const double found = Element::load(reinterpret_cast<const char*>(&narrow));
    const double truth = layouts::value_of(type, bits);
    if (std::isnan(truth))
      CHECK(std::isnan(found), bits);
    else
      CHECK(std::bit_cast<std::uint64_t>(found) == std::bit_cast<std::uint64_t>(truth), bits);
    if (truth < infinity) patterns.insert(patterns.end(), {bits, 0});
  }
  const auto rows = static_cast<std::int64_t>(patterns.size()) / 2;
  const Array narrow = layouts::lay_out(Layout::contiguous, type, patterns, rows, 2);
  const Array wide = layouts::plain(layouts::values_of(type, patterns), 2);
  const std::vector<std::int64_t> labels(static_cast<std::size_t>(rows), 0);
  const Side narrow_side{narrow.view, Form::log, false, 0.5};
  const Side wide_side{wide.view, Form::log, false, 0.5};
  const Question question{Operation::surprisal, wide_side, wide_side, labels};
  const Question in_halves{Operation::surprisal, narrow_side, narrow_side, labels};
  const Answer expected = question.ask(*targets[0], rows);
  for (const Target* target : targets)
    CHECK(same_bytes(in_halves.ask(*target, rows).values, expected.values), target->name);
}

void test_events(const std::vector<const Target*>& targets) {
  Random random(4);
  std::vector<double> events = {0.0, 1.0, std::numeric_limits<double>::denorm_min(), 0x1p-1022};
  for (int i = 0; i < 10007; ++i) events.push_back(random.uniform(0.0, 1.0));
  const auto count = static_cast<std::int64_t>(events.size());
  std::vector<double> first(events.size());
  targets[0]->surprisals(events.data(), 1.0, count, first.data());
  CHECK(first[0] == infinity && first[1] == 0.0 && !std::signbit(first[1]), first[1]);
  for (std::size_t i = 1; i < events.size(); ++i) {
    const Wide truth = -std::log2(static_cast<Wide>(events[i]));
    CHECK(std::fabs(first[i] - truth) <= truth * 6.7e-16L, events[i], first[i], truth);
  }
  for (const Target* target : targets) {
    std::vector<double> found(events.size());
    target->surprisals(events.data(), 1.0, count, found.data());
    CHECK(same_bytes(found, first), target->name);
  }
}

void test_choice() {
  const char* error = nullptr;
  CHECK(unsurprised::choose_target(nullptr, &error) == unsurprised::choose_target("", &error), "");
  CHECK(unsurprised::choose_target("sse", &error) == nullptr && error, "unknown");
}

}  // namespace

int main() {
  test_choice();
  const auto targets = all_targets();
  for (const Target* target : targets) std::cout << target->name << '\n';
  test_half<baseline::Element<baseline::Half>>(targets, Type::f16);
  test_half<baseline::Element<baseline::BrainFloat>>(targets, Type::bf16);
  test_events(targets);
  test_labels_outside(targets);
  test_faulty_rows(targets);
  test_all_shapes(targets);
}
