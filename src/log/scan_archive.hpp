#pragma once

#include <istream>
#include <ostream>

#include "src/log/scan.hpp"

namespace lockstep {

/// Writes what was read, for a checkpoint. Local.
void write_scanned(std::ostream& out, const ScannedLog& log);

/// Reads what write_scanned() of the same program wrote; the bytes are trusted. Local.
ScannedLog read_scanned(std::istream& in);

}  // namespace lockstep
