// Rows of text, JSON lines and CSV, as columns. Only what programs write is read: at the first row
// that holds anything else (a null, an escape, a key that is unknown or there twice, a number that
// no float holds, what is no JSON at all) reading ends, and that row is for a reader which takes
// all there is and says what is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace unsurprised {

// What a value has to be; skipped ones may be anything that is legal.
enum class Held : int { skipped, number, integer, boolean, text, object };

// A key of a JSON object, or a column of CSV, and what was read of it.
struct Field {
  Held held = Held::skipped;
  bool listed = false;        // lists of such values
  std::string name;           // as JSON has it
  std::vector<Field> fields;  // of an object
  std::size_t wanted = 0;     // how many of these are not skipped: each is in every row
  std::int64_t row = -1;      // the last row that has this key

  std::vector<double> numbers;
  std::vector<std::int64_t> integers;
  std::string bytes;                  // of texts and booleans
  std::vector<std::int32_t> offsets;  // where texts and lists end

  void begin();
  void cut(std::size_t rows);
};

struct TextRead {
  std::int64_t rows;
  std::size_t consumed;  // bytes: all of them, or those before the first row that was not read
};

// The text is UTF-8, made of whole lines, and a zero stands behind it.
TextRead read_json_rows(const char* text, std::size_t size, Field& record);
TextRead read_csv_rows(const char* text, std::size_t size, char delimiter,
                       std::vector<Field>& columns);

}  // namespace unsurprised
