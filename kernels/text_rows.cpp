#include "text_rows.h"

#include <charconv>
#include <cstring>
#include <limits>
#include <string_view>
#include <system_error>

namespace unsurprised {

void Field::begin() {
  if (listed || held == Held::text) offsets.assign(1, 0);
  wanted = 0;
  for (Field& field : fields) {
    field.begin();
    wanted += field.held != Held::skipped;
  }
}

// Leaves what belongs to whole rows.
void Field::cut(std::size_t rows) {
  std::size_t values = rows;
  if (!offsets.empty()) {
    offsets.resize(rows + 1);
    values = static_cast<std::size_t>(offsets.back());
  }
  if (held == Held::number) numbers.resize(values);
  if (held == Held::integer) integers.resize(values);
  if (held == Held::text || held == Held::boolean) bytes.resize(values);
  for (Field& field : fields)
    if (field.held != Held::skipped) field.cut(rows);
}

namespace {

constexpr std::int64_t exact_digits = 15;    // integers of so many digits are floats
constexpr std::int64_t integer_digits = 18;  // and these are 64-bit integers
constexpr std::int64_t most_digits = 4000;   // Python refuses integers of somewhat more
constexpr int most_levels = 24;
constexpr std::size_t most_keys = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

const char* after_digits(const char* at) {
  while (is_digit(*at)) ++at;
  return at;
}

// A number in decimal, as JSON has it, or with zeros before it.
struct Decimal {
  const char* first;
  const char* last = nullptr;  // where it ends; null where there is none
  bool whole = true;
  bool padded = false;
  std::int64_t digits = 0;  // before the point

  explicit Decimal(const char* at) : first(at) {
    at += *at == '-';
    const char* const end = after_digits(at);
    digits = end - at;
    if (digits == 0) return;
    padded = *at == '0' && digits > 1;
    at = end;
    if (*at == '.') {
      whole = false;
      const char* const point = ++at;
      at = after_digits(at);
      if (at == point) return;
    }
    if ((*at | 0x20) == 'e') {
      whole = false;
      ++at;
      at += *at == '-' || *at == '+';
      const char* const exponent = at;
      at = after_digits(at);
      if (at == exponent) return;
    }
    last = at;
  }

  // The nearest float, as all parsers that round correctly have it.
  bool as_number(double& value) const {
#ifdef __cpp_lib_to_chars
    const auto found = std::from_chars(first, last, value);
    return found.ec == std::errc() && found.ptr == last;
#else
    (void)value;
    return false;
#endif
  }

  bool as_integer(std::int64_t& value) const {
    return whole && digits <= integer_digits &&
           std::from_chars(first, last, value).ec == std::errc();
  }
};

// The nearest float of digits with a point between them, and where they end; null for all else.
const char* after_fraction(const char* at, const char* end, bool padded, double& value) {
#ifdef __cpp_lib_to_chars
  const char* const digits = at + (*at == '-');
  const char* const point = after_digits(digits);
  if (point == digits || *point != '.' || !is_digit(point[1])) return nullptr;
  if (*digits == '0' && point - digits > 1 && !padded) return nullptr;
  const auto found = std::from_chars(at, end, value);
  return found.ec == std::errc() ? found.ptr : nullptr;
#else
  (void)at, (void)end, (void)padded, (void)value;
  return nullptr;
#endif
}

class Text {
 public:
  Text(const char* text, std::size_t size) : at_(text), end_(text + size) {}

  const char* at() const { return at_; }
  bool ended() const { return at_ == end_; }

 protected:
  bool take(char c) {
    const bool there = *at_ == c;
    at_ += there;
    return there;
  }

  bool take(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size()) return false;
    if (std::memcmp(at_, word.data(), word.size()) != 0) return false;
    at_ += word.size();
    return true;
  }

  const char* at_;
  const char* const end_;
};

class Json : public Text {
 public:
  using Text::Text;

  // Whether an object and the end of its line were read.
  bool row(Field& record, std::int64_t number) {
    number_ = number;
    return object(record) && line_end();
  }

  // Passes over lines that hold nothing.
  void blank() {
    for (;;) {
      const char* const before = at_;
      space();
      if (!take('\n')) {
        if (!ended()) at_ = before;
        return;
      }
    }
  }

 private:
  void space() {
    while (*at_ == ' ' || *at_ == '\t' || *at_ == '\r') ++at_;
  }

  bool line_end() {
    space();
    return ended() || take('\n');
  }

  bool object(Field& into) {
    space();
    if (!take('{')) return false;
    std::size_t found = 0, next = 0;
    space();
    if (take('}')) return into.wanted == 0;
    do {
      space();
      Field* const field = key_of(into, next);
      if (!field || field->row == number_) return false;
      field->row = number_;
      found += field->held != Held::skipped;
      if (!colon() || !value(*field)) return false;
      space();
    } while (take(','));
    return take('}') && found == into.wanted;
  }

  bool colon() {
    space();
    if (!take(':')) return false;
    space();
    return true;
  }

  // The field of the next key, most likely the one after the last; null if there is none.
  Field* key_of(Field& into, std::size_t& next) {
    if (!take('"')) return nullptr;
    const std::size_t count = into.fields.size();
    for (std::size_t tried = 0; tried < count; ++tried) {
      const std::size_t index = next + tried < count ? next + tried : next + tried - count;
      const std::string& name = into.fields[index].name;
      if (static_cast<std::size_t>(end_ - at_) > name.size() && at_[name.size()] == '"' &&
          std::memcmp(at_, name.data(), name.size()) == 0) {
        at_ += name.size() + 1;
        next = index + 1;
        return &into.fields[index];
      }
    }
    return nullptr;
  }

  bool value(Field& field) {
    if (field.held == Held::skipped) return skip(0);
    if (!field.listed) return one(field);
    if (!take('[')) return false;
    space();
    if (!take(']')) {
      do {
        space();
        if (!one(field)) return false;
        space();
      } while (take(','));
      if (!take(']')) return false;
    }
    const std::size_t size =
        field.held == Held::number ? field.numbers.size() : field.integers.size();
    field.offsets.push_back(static_cast<std::int32_t>(size));
    return true;
  }

  bool one(Field& field) {
    switch (field.held) {
      case Held::number:
        return number(field);
      case Held::integer:
        return integer(field);
      case Held::boolean:
        return boolean(field);
      case Held::text:
        return text(field);
      case Held::object:
        return object(field);
      default:
        return false;
    }
  }

  bool number(Field& field) {
    double value = 0;
    if (const char* const end = after_fraction(at_, end_, false, value)) {
      field.numbers.push_back(value);
      at_ = end;
      return true;
    }
    const Decimal found(at_);
    if (!found.last || found.padded) return false;
    if (found.whole) {  // an integer, whose zero has no sign
      std::int64_t exact = 0;
      if (found.digits > exact_digits || !found.as_integer(exact)) return false;
      value = static_cast<double>(exact);
    } else if (!found.as_number(value)) {
      return false;
    }
    field.numbers.push_back(value);
    at_ = found.last;
    return true;
  }

  bool integer(Field& field) {
    const Decimal found(at_);
    std::int64_t value = 0;
    if (!found.last || found.padded || !found.as_integer(value)) return false;
    field.integers.push_back(value);
    at_ = found.last;
    return true;
  }

  bool boolean(Field& field) {
    const bool yes = take("true");
    if (!yes && !take("false")) return false;
    field.bytes.push_back(yes ? '\1' : '\0');
    return true;
  }

  bool text(Field& field) {
    if (!take('"')) return false;
    const char* const first = at_;
    while (static_cast<unsigned char>(*at_) >= 0x20 && *at_ != '"' && *at_ != '\\') ++at_;
    field.bytes.append(first, at_);
    if (!take('"')) return false;
    field.offsets.push_back(static_cast<std::int32_t>(field.bytes.size()));
    return true;
  }

  // Passes over a value that is legal.
  bool skip(int level) {
    switch (*at_) {
      case '"':
        return skip_text();
      case '{':
        return level < most_levels && skip_object(level + 1);
      case '[':
        return level < most_levels && skip_list(level + 1);
      case 't':
        return take("true");
      case 'f':
        return take("false");
      case 'n':
        return take("null");
      default: {
        const Decimal found(at_);
        if (!found.last || found.padded || found.digits > most_digits) return false;
        at_ = found.last;
        return true;
      }
    }
  }

  bool skip_text() {
    ++at_;
    for (;;) {
      while (static_cast<unsigned char>(*at_) >= 0x20 && *at_ != '"' && *at_ != '\\') ++at_;
      if (!take('\\')) return take('"');
      if (take('u')) {
        for (int digit = 0; digit < 4; ++digit, ++at_)
          if (!is_digit(*at_) && !((*at_ | 0x20) >= 'a' && (*at_ | 0x20) <= 'f')) return false;
      } else {
        if (*at_ == '\0' || !std::strchr("\"\\/bfnrt", *at_)) return false;
        ++at_;
      }
    }
  }

  bool skip_list(int level) {
    ++at_;
    space();
    if (take(']')) return true;
    do {
      space();
      if (!skip(level)) return false;
      space();
    } while (take(','));
    return take(']');
  }

  bool skip_object(int level) {
    ++at_;
    space();
    if (take('}')) return true;
    std::string_view keys[most_keys];
    std::size_t count = 0;
    do {
      space();
      const char* const first = at_ + 1;
      if (*at_ != '"' || count == most_keys || !skip_text()) return false;
      const std::string_view key(first, static_cast<std::size_t>(at_ - first));
      if (key.find('\\') != key.npos) return false;
      for (std::size_t other = 0; other < count; ++other)
        if (keys[other] == key) return false;
      keys[count++] = key;
      if (!colon() || !skip(level)) return false;
      space();
    } while (take(','));
    return take('}');
  }

  std::int64_t number_ = 0;
};

class Csv : public Text {
 public:
  Csv(const char* text, std::size_t size, char delimiter) : Text(text, size), mark_(delimiter) {}

  bool row(std::vector<Field>& columns) {
    for (std::size_t index = 0; index < columns.size(); ++index)
      if ((index > 0 && !take(mark_)) || !cell(columns[index])) return false;
    return line_end();
  }

  // Passes over empty lines.
  void blank() {
    while (*at_ == '\n' || (*at_ == '\r' && at_[1] == '\n')) at_ += *at_ == '\r' ? 2 : 1;
  }

 private:
  bool line_end() {
    if (*at_ == '\r' && at_[1] == '\n') ++at_;
    return ended() || take('\n');
  }

  bool cell(Field& field) {
    switch (field.held) {
      case Held::number:
      case Held::integer:
        return number(field);
      case Held::text: {
        const std::string_view found = plain();
        if (!found.data()) return false;
        field.bytes.append(found);
        field.offsets.push_back(static_cast<std::int32_t>(field.bytes.size()));
        return true;
      }
      case Held::skipped:
        return skip();
      default:
        return false;
    }
  }

  bool number(Field& field) {
    double value = 0;
    const char* const end =
        field.held == Held::number ? after_fraction(at_, end_, true, value) : nullptr;
    if (end) {
      field.numbers.push_back(value);
      at_ = end;
      return true;
    }
    const Decimal found(at_);
    if (!found.last) return false;
    at_ = found.last;
    if (field.held == Held::number) return found.as_number(field.numbers.emplace_back());
    return !found.padded && found.as_integer(field.integers.emplace_back());
  }

  bool ends_cell(char c) const { return c == mark_ || c == '\n' || c == '\r' || c == '"' || !c; }

  // A cell as it is, in quotes or not; null if there is more to it.
  std::string_view plain() {
    const bool quoted = take('"');
    const char* const first = at_;
    if (quoted)
      while (*at_ != '"' && *at_ != '\n' && *at_ != '\r' && *at_) ++at_;
    else
      while (!ends_cell(*at_)) ++at_;
    const std::string_view found(first, static_cast<std::size_t>(at_ - first));
    return quoted == take('"') ? found : std::string_view();
  }

  bool skip() {
    if (*at_ != '"') return plain().data() != nullptr;
    do {  // two quotes stand for one
      ++at_;
      while (*at_ != '"' && *at_) ++at_;
      if (!take('"')) return false;
    } while (*at_ == '"');
    return true;
  }

  const char mark_;
};

// Rows until one is not plain; what follows the last of them, blank lines, is read too.
template <class Lines, class Row>
TextRead read_rows(Lines& lines, const char* text, Row row) {
  TextRead read{0, 0};
  for (;;) {
    lines.blank();
    read.consumed = static_cast<std::size_t>(lines.at() - text);
    if (lines.ended() || !row(read.rows)) return read;
    ++read.rows;
  }
}

}  // namespace

TextRead read_json_rows(const char* text, std::size_t size, Field& record) {
  record.begin();
  Json json(text, size);
  const TextRead read =
      read_rows(json, text, [&](std::int64_t number) { return json.row(record, number); });
  record.cut(static_cast<std::size_t>(read.rows));
  return read;
}

TextRead read_csv_rows(const char* text, std::size_t size, char delimiter,
                       std::vector<Field>& columns) {
  for (Field& column : columns) column.begin();
  Csv csv(text, size, delimiter);
  const TextRead read = read_rows(csv, text, [&](std::int64_t) { return csv.row(columns); });
  for (Field& column : columns)
    if (column.held != Held::skipped) column.cut(static_cast<std::size_t>(read.rows));
  return read;
}

}  // namespace unsurprised
