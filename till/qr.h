// QrMatrix: a QR code (ISO/IEC 18004) of alphanumeric text, by libqrencode.
// Must not know what the text means, nor how a module is drawn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace till {

// Light modules that a reader needs on each side.
inline constexpr std::size_t kQrQuietZone = 4;

class QrMatrix {
 public:
  // At level M, which stands 15 % of damage, in the smallest version that holds it.
  // Errors: kMalformed (a character that the alphanumeric mode does not have, or no text),
  // kTooLarge.
  static core::Result<QrMatrix> of(std::string_view text);

  std::size_t side() const { return side_; }  // modules, without the quiet zone
  // Within the quiet zone, whose first module is (0, 0), and beyond it: light.
  bool dark(std::size_t x, std::size_t y) const;
  std::size_t side_with_quiet_zone() const { return side_ + 2 * kQrQuietZone; }

 private:
  std::size_t side_ = 0;
  std::vector<bool> dark_;  // row by row
};

// For a terminal with light letters on dark: two rows of modules a line, in half blocks, the light
// ones drawn.
std::string qr_text(const QrMatrix& matrix);

}  // namespace till
