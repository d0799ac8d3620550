// Operations on pairs of rows of scores for Python: all that is asked of them at once.
#include <cerrno>
#include <optional>

#include "bindings_rows.h"
#include "file_rows.h"
#include "steps.h"
#include "targets.h"

namespace unsurprised {

namespace {

// Where the facts of pairs go: `values` are ten numbers a row, each of all rows: surprisal at the
// label, entropy and the top's surprisal of p and of q; KL, KL from q to p, Jensen–Shannon and
// total variation; `tops` are two.
class Facts {
 public:
  Facts(std::int64_t rows, nb::handle labels, double units_per_bit, nb::handle values,
        nb::handle tops)
      : rows_(rows),
        units_per_bit_(units_per_bit),
        at_(labels),
        numbers_(values, true),
        places_(tops, true),
        labels_(at_.contiguous<std::int64_t>(rows)),
        values_(numbers_.contiguous<double>(10 * rows)),
        tops_(places_.contiguous<std::int32_t>(2 * rows)) {}

  // What is asked of the rows from `begin` on, which `p` and `q` begin with.
  PairRequest request(const Side& p, const Side& q, std::int64_t begin) const {
    PairRequest asked{of_side(p, 0, begin), of_side(q, 1, begin)};
    asked.kl_divergence = values_ + 6 * rows_ + begin;
    asked.reverse_kl_divergence = values_ + 7 * rows_ + begin;
    asked.js_divergence = values_ + 8 * rows_ + begin;
    asked.total_variation = values_ + 9 * rows_ + begin;
    return asked;
  }

 private:
  Request of_side(const Side& side, std::int64_t number, std::int64_t begin) const {
    Request asked{Operation::facts, &side};
    asked.labels = labels_ + begin;
    asked.units_per_bit = units_per_bit_;
    asked.values = values_ + 3 * number * rows_ + begin;
    asked.entropies = asked.values + rows_;
    asked.top_surprisals = asked.entropies + rows_;
    asked.tops = tops_ + number * rows_ + begin;
    return asked;
  }

  const std::int64_t rows_;
  const double units_per_bit_;
  const Buffer at_, numbers_, places_;
  const std::int64_t* const labels_;
  double* const values_;
  std::int32_t* const tops_;
};

// The facts of two sides and their divergences, in one read of both.
BothFound pair_facts(const Rows& p, const Rows& q, nb::handle labels, double units_per_bit,
                     nb::handle values, nb::handle tops, int threads) {
  const std::int64_t rows = p.count(), classes = p.side.view.classes;
  if (q.count() != rows || q.side.view.classes != classes)
    throw nb::value_error("the two sides have different shapes");
  const Facts facts(rows, labels, units_per_bit, values, tops);
  const PairRequest request = facts.request(p.side, q.side, 0);
  Findings findings[2];
  const RunPairs run = target().pair_facts;
  {
    const WithoutGil released;
    run_rows(run, request, classes, rows, threads, findings);
  }
  return nb::make_tuple(as_tuple(findings[0]), as_tuple(findings[1]));
}

// Rows of scores of an open file: `numbers` says which. The file is Python's, and stays open.
struct ScoresInFile {
  Buffer asked;
  FileRows rows{};

  ScoresInFile(int file, std::int64_t offset, std::int64_t width, const std::string& dtype,
               std::int64_t classes, nb::handle numbers)
      : asked(numbers) {
    const NamedType type = type_named(dtype);
    rows.file = file;
    rows.offset = offset;
    rows.row_bytes = width * type.size;
    rows.numbers = asked.contiguous<std::int64_t>(asked.count());
    RowsView& view = rows.side.view;
    view.type = type.type;
    view.classes = classes;
    view.class_stride = type.size;
    rows.side.form = Form::log;
    for (std::int64_t row = 0; row < asked.count(); ++row)
      if (rows.numbers[row] < 0) throw nb::value_error("there is no such row");
    if (classes < 1 || width < classes || offset < 0)
      throw nb::value_error("rows need at least one class, and as many as they are long at most");
  }
};

// Some pairs, read and measured a few at a time; where they begin is no row's business.
void read_and_measure(RunPairs run, const Facts& facts, const ScoresInFile& p,
                      const ScoresInFile& q, std::int64_t begin, std::int64_t end,
                      Findings* findings) {
  const std::int64_t most = rows_held(std::max(p.rows.row_bytes, q.rows.row_bytes));
  HeldRows of_p(p.rows, most), of_q(q.rows, most);
  for (std::int64_t row = begin; row < end; row += most) {
    const std::int64_t count = std::min(most, end - row);
    Findings here[2];
    run(facts.request(of_p.read(row, count), of_q.read(row, count), row), 0, count, here);
    for (int side = 0; side < 2; ++side) {
      if (here[side].first_row >= 0) here[side].first_row += row;
      findings[side].merge(here[side]);
    }
  }
}

// What Python says of a fault: an OSError of the system's, an EOFError of a file that is shorter.
[[noreturn]] void raise(const ReadFault& fault) {
  if (fault.system_error) {
    errno = fault.system_error;
    PyErr_SetFromErrno(PyExc_OSError);
  } else {
    PyErr_SetString(PyExc_EOFError, "the file ends before its rows do");
  }
  throw nb::python_error();
}

// The same of rows of files: each thread reads what it measures into memory that stays in its
// cache.
BothFound pair_facts_of_files(const ScoresInFile& p, const ScoresInFile& q, nb::handle labels,
                              double units_per_bit, nb::handle values, nb::handle tops,
                              int threads) {
  const std::int64_t rows = p.asked.count();
  if (q.asked.count() != rows || q.rows.side.view.classes != p.rows.side.view.classes)
    throw nb::value_error("the two sides have different shapes");
  const Facts facts(rows, labels, units_per_bit, values, tops);
  constexpr std::int64_t shares = 8;
  const std::int64_t step = std::max<std::int64_t>(rows / (std::max(threads, 1) * shares), 1);
  Findings findings[2];
  std::optional<ReadFault> fault;
  {
    const WithoutGil released;
    try {
      in_chunks(rows, step, threads, findings,
                [&](std::int64_t begin, std::int64_t end, Findings* found) {
                  read_and_measure(target().pair_facts, facts, p, q, begin, end, found);
                });
    } catch (const ReadFault& met) {
      fault = met;
    }
  }
  if (fault) raise(*fault);
  return nb::make_tuple(as_tuple(findings[0]), as_tuple(findings[1]));
}

// Labels that exist.
const std::int64_t* legal_labels(const Buffer& at, std::int64_t rows, std::int64_t classes) {
  const auto* label = at.contiguous<std::int64_t>(rows);
  for (std::int64_t row = 0; row < rows; ++row)
    if (label[row] < 0 || label[row] >= classes) throw nb::value_error("there is no such class");
  return label;
}

// Calls work(begin, end) for rows of which each is by itself.
template <class Work>
void over_rows(std::int64_t rows, std::int64_t classes, int threads, Work work) {
  const WithoutGil released;
  const std::int64_t step = rows_at_a_time(rows, classes, std::max(threads, 1));
  in_parallel(rows ? (rows + step - 1) / step : 0, threads,
              [&](std::int64_t chunk) { work(chunk * step, std::min(rows, (chunk + 1) * step)); });
}

// The same, in bits, of rows of log-probabilities of which some have a floor: `floored` is a bool a
// row, or None for whole rows of scores; see floored.h. `values` are as above; `tops`, `censored`
// and `sums` are two a row, each of all rows; the sum of a whole row is 1, or NaN if it is illegal.
void floored_facts(const Rows& p, const Rows& q, nb::handle p_floored, nb::handle q_floored,
                   nb::handle labels, nb::handle values, nb::handle tops, nb::handle censored,
                   nb::handle sums, int threads) {
  const std::int64_t rows = p.count(), classes = p.side.view.classes;
  if (q.count() != rows || q.side.view.classes != classes)
    throw nb::value_error("the two sides have different shapes");
  const Buffer at(labels), numbers(values, true), places(tops, true), told(censored, true),
      summed(sums, true);
  double* const to = numbers.contiguous<double>(10 * rows);
  auto* const top = places.contiguous<std::int32_t>(2 * rows);
  auto* const at_floor = told.contiguous<bool>(2 * rows);
  auto* const sum = summed.contiguous<double>(2 * rows);
  std::optional<Buffer> floors[2];
  const auto side = [&](const Rows& of, nb::handle floored, std::int64_t number) {
    FlooredSide found{&of.side};
    found.surprisals = to + 3 * number * rows;
    found.entropies = found.surprisals + rows;
    found.top_surprisals = found.entropies + rows;
    found.tops = top + number * rows;
    found.censored = at_floor + number * rows;
    found.sums = sum + number * rows;
    if (!floored.is_none()) found.floored = floors[number].emplace(floored).contiguous<bool>(rows);
    return found;
  };
  const FlooredPairs pairs{
      side(p, p_floored, 0), side(q, q_floored, 1), legal_labels(at, rows, classes),
      to + 6 * rows,         to + 7 * rows,         to + 8 * rows,
      to + 9 * rows};
  const FlooredFacts run = target().floored_facts;
  over_rows(rows, classes, threads,
            [&](std::int64_t begin, std::int64_t end) { run(pairs, begin, end); });
}

// The same of one side. `values` are seven numbers a row, each of all rows: surprisal at the label,
// entropy, the top's surprisal, the sum; then of each row the three numbers of its tail.
void floored_rows(const Rows& p, nb::handle floored, nb::handle labels, nb::handle values,
                  nb::handle tops, nb::handle censored, int threads) {
  const std::int64_t rows = p.count(), classes = p.side.view.classes;
  const Buffer at(labels), numbers(values, true), places(tops, true), told(censored, true),
      floors(floored);
  FlooredSide side{&p.side};
  side.floored = floors.contiguous<bool>(rows);
  side.surprisals = numbers.contiguous<double>(7 * rows);
  side.entropies = side.surprisals + rows;
  side.top_surprisals = side.entropies + rows;
  side.sums = side.top_surprisals + rows;
  side.tails = side.sums + rows;
  side.tops = places.contiguous<std::int32_t>(rows);
  side.censored = told.contiguous<bool>(rows);
  const std::int64_t* const label = legal_labels(at, rows, classes);
  const FlooredRows run = target().floored_rows;
  over_rows(rows, classes, threads,
            [&](std::int64_t begin, std::int64_t end) { run(side, label, begin, end); });
}

// Log-probabilities of rows of a .kld file, of which each row's first four `words` are no steps;
// `ends` are its scale and its least value. `values` get as many float32 a row as there are
// classes, `zeros` whether a step is 0.
void from_step_rows(nb::handle words, nb::handle ends, nb::handle values, nb::handle zeros,
                    int threads) {
  constexpr std::int64_t head = 4;
  const Buffer from(words), bounds(ends), to(values, true), told(zeros, true);
  const Py_buffer &in = from.view(), &out = to.view();
  if (in.ndim != 2 || out.ndim != 2 || in.shape[0] != out.shape[0] ||
      in.shape[1] < out.shape[1] + head)
    throw nb::value_error("rows of steps, and of as many values, were expected");
  const std::int64_t rows = out.shape[0], classes = out.shape[1], width = in.shape[1];
  const auto* word = from.contiguous<std::uint16_t>(rows * width);
  const auto* bound = bounds.contiguous<float>(2 * rows);
  auto* const value = to.contiguous<float>(rows * classes);
  auto* const zero = told.contiguous<bool>(rows);
  over_rows(rows, std::max<std::int64_t>(classes, 1), threads,
            [&](std::int64_t begin, std::int64_t end) {
              for (std::int64_t row = begin; row < end; ++row)
                zero[row] = from_steps(word + row * width + head, classes, bound[2 * row],
                                       bound[2 * row + 1], value + row * classes);
            });
}

}  // namespace

void bind_pairs(nb::module_& module) {
  nb::class_<ScoresInFile>(module, "ScoresInFile")
      .def(
          nb::init<int, std::int64_t, std::int64_t, const std::string&, std::int64_t, nb::handle>(),
          nb::arg("file"), nb::arg("offset"), nb::arg("width"), nb::arg("dtype"),
          nb::arg("classes"), nb::arg("numbers"));
  module.def("pair_facts_of_files", &pair_facts_of_files, nb::arg("p"), nb::arg("q"),
             nb::arg("labels"), nb::arg("units_per_bit"), nb::arg("values"), nb::arg("tops"),
             nb::arg("threads"));
  module.def("pair_facts", &pair_facts, nb::arg("p"), nb::arg("q"), nb::arg("labels"),
             nb::arg("units_per_bit"), nb::arg("values"), nb::arg("tops"), nb::arg("threads"));
  module.def("floored_facts", &floored_facts, nb::arg("p"), nb::arg("q"),
             nb::arg("p_floored").none(), nb::arg("q_floored").none(), nb::arg("labels"),
             nb::arg("values"), nb::arg("tops"), nb::arg("censored"), nb::arg("sums"),
             nb::arg("threads"));
  module.def("from_step_rows", &from_step_rows, nb::arg("words"), nb::arg("ends"),
             nb::arg("values"), nb::arg("zeros"), nb::arg("threads"));
  module.def("floored_rows", &floored_rows, nb::arg("p"), nb::arg("floored"), nb::arg("labels"),
             nb::arg("values"), nb::arg("tops"), nb::arg("censored"), nb::arg("threads"));
}

}  // namespace unsurprised
