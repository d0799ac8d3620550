// The ways to answer a request: in single precision, and carefully, in double precision. Each is a
// file of its own, so that they are compiled side by side; rows.cpp chooses among them.
#pragma once

#include "checks.h"

namespace UNSURPRISED_TARGET {

void run(const Request&, std::int64_t begin, std::int64_t end, Findings* findings);
void one_carefully(const Request&, std::int64_t begin, std::int64_t end, Findings* findings);
void one_narrow_mass(const Request&, std::int64_t begin, std::int64_t end, Findings* findings);
void two_carefully(const Request&, std::int64_t begin, std::int64_t end, Findings* findings);
void overlap_carefully(const Request&, std::int64_t begin, std::int64_t end, Findings* findings);
void two_narrow_logs(const Request&, std::int64_t begin, std::int64_t end, Findings* findings);
void two_narrow_masses(const Request&, std::int64_t begin, std::int64_t end, Findings* findings);

}  // namespace UNSURPRISED_TARGET
