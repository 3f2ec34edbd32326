// QrMatrix: libqrencode behind a value.
#include "till/qr.h"

#include <qrencode.h>

#include <cerrno>
#include <memory>
#include <string>

namespace till {

using core::Errc;
using core::fail;
using core::Result;

Result<QrMatrix> QrMatrix::of(std::string_view text) {
  const std::unique_ptr<QRinput, void (*)(QRinput*)> input(QRinput_new2(0, QR_ECLEVEL_M),
                                                           &QRinput_free);
  CORE_CHECK(input != nullptr);  // out of memory, or levels that it does not know
  if (text.size() > 4296) {      // of version 40 at level L: what no QR code holds
    return fail(Errc::kTooLarge, "no QR code holds " + std::to_string(text.size()) + " characters");
  }
  if (QRinput_append(input.get(), QR_MODE_AN, static_cast<int>(text.size()),
                     reinterpret_cast<const unsigned char*>(text.data())) != 0) {
    return fail(Errc::kMalformed,
                "a QR code of capitals, digits and $%*+-./: only cannot hold this text");
  }
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(QRcode_encodeInput(input.get()),
                                                        &QRcode_free);
  if (code == nullptr) {
    CORE_CHECK(errno == ERANGE);
    return fail(Errc::kTooLarge,
                "no QR code of level M holds " + std::to_string(text.size()) + " characters");
  }
  QrMatrix out;
  out.side_ = static_cast<std::size_t>(code->width);
  out.dark_.resize(out.side_ * out.side_);
  for (std::size_t i = 0; i < out.dark_.size(); ++i) out.dark_[i] = (code->data[i] & 1) != 0;
  return out;
}

bool QrMatrix::dark(std::size_t x, std::size_t y) const {
  const bool inside = x >= kQrQuietZone && y >= kQrQuietZone && x < kQrQuietZone + side_ &&
                      y < kQrQuietZone + side_;
  return inside && dark_[(y - kQrQuietZone) * side_ + (x - kQrQuietZone)];
}

std::string qr_text(const QrMatrix& matrix) {
  constexpr std::string_view kBoth = "\u2588";
  constexpr std::string_view kUpper = "\u2580";
  constexpr std::string_view kLower = "\u2584";
  const std::size_t side = matrix.side_with_quiet_zone();
  std::string out;
  for (std::size_t y = 0; y < side; y += 2) {
    for (std::size_t x = 0; x < side; ++x) {
      const bool upper = !matrix.dark(x, y);
      const bool lower = y + 1 < side && !matrix.dark(x, y + 1);
      out += upper && lower ? kBoth : upper ? kUpper : lower ? kLower : " ";
    }
    out += '\n';
  }
  return out;
}

}  // namespace till
