// PaperReader: an interpreter of ESC/POS, iconv for its code pages, zbarimg for its pictures.
#include "tests/support/paper_reader.h"

#include <doctest/doctest.h>
#include <iconv.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace test {
namespace {

constexpr std::size_t kDotsPerModule = 4;  // of a picture of modules, for zbarimg

std::string decode(std::uint8_t byte, int page) {
  static const std::map<int, const char*> kNames = {
      {16, "CP1252"}, {17, "CP866"}, {18, "CP852"}, {19, "CP858"}};
  REQUIRE(kNames.contains(page));
  const iconv_t converter = ::iconv_open("UTF-8", kNames.at(page));
  REQUIRE(converter != reinterpret_cast<iconv_t>(-1));
  char in = static_cast<char>(byte);
  char* from = &in;
  std::size_t from_left = 1;
  std::string out(8, '\0');
  char* to = out.data();
  std::size_t to_left = out.size();
  const bool converted = ::iconv(converter, &from, &from_left, &to, &to_left) == 0;
  ::iconv_close(converter);
  REQUIRE(converted);
  out.resize(out.size() - to_left);
  return out;
}

class Printer {
 public:
  explicit Printer(core::ByteView bytes) : bytes_(bytes) {}

  std::vector<PrintedJob> run() {
    while (at_ < bytes_.size()) step();
    return std::move(jobs_);
  }

 private:
  std::uint8_t take() {
    REQUIRE(at_ < bytes_.size());
    return bytes_[at_++];
  }

  PrintedJob& job() {
    REQUIRE_FALSE(jobs_.empty());  // nothing comes before the first initialisation
    return jobs_.back();
  }

  void step() {
    const std::uint8_t byte = take();
    if (byte == 0x1B) {
      after_escape();
    } else if (byte == 0x1D) {
      after_group_separator();
    } else if (byte == '\n') {
      job().lines.push_back({line_, emphasised_});
      line_.clear();
      touching_ = false;
    } else {
      REQUIRE_MESSAGE(byte >= 0x20, "a control byte ", static_cast<int>(byte));
      REQUIRE(byte != 0x7F);
      line_ += decode(byte, page_);
    }
  }

  void after_escape() {
    switch (take()) {
      case '@':
        jobs_.emplace_back();
        line_.clear();
        page_ = -1;
        emphasised_ = touching_ = false;
        break;
      case 't':
        page_ = take();
        break;
      case 'E':
        emphasised_ = take() == 1;
        break;
      case 'a':
        CHECK(take() <= 2);
        touching_ = false;
        break;
      case 'p':
        CHECK(take() <= 1);
        take();
        take();
        ++job().kicks;
        break;
      default:
        FAIL("an unknown command after ESC");
    }
  }

  void after_group_separator() {
    switch (take()) {
      case 'V':
        CHECK(take() == 66);
        take();
        ++job().cuts;
        break;
      case 'v':
        REQUIRE(take() == '0');
        REQUIRE(take() == 0);
        raster();
        break;
      default:
        FAIL("an unknown command after GS");
    }
  }

  void raster() {
    std::size_t row_bytes = take();
    row_bytes += take() * std::size_t{256};
    std::size_t rows = take();
    rows += take() * std::size_t{256};
    auto& pictures = job().pictures;
    if (!touching_) pictures.push_back({row_bytes * 8, 0, {}});
    touching_ = true;
    Bitmap& picture = pictures.back();
    REQUIRE(picture.width == row_bytes * 8);
    picture.height += rows;
    for (std::size_t i = 0; i < rows * row_bytes; ++i) {
      const std::uint8_t bits = take();
      for (int bit = 7; bit >= 0; --bit) picture.dark.push_back((bits >> bit & 1) != 0);
    }
  }

  core::ByteView bytes_;
  std::size_t at_ = 0;
  std::vector<PrintedJob> jobs_;
  std::string line_;
  int page_ = -1;
  bool emphasised_ = false;
  bool touching_ = false;  // the next raster goes on with the picture
};

void replace_all(std::string& text, const std::string& from, char to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), 1, to);
  }
}

}  // namespace

bool PrintedJob::has(const std::string& text) const {
  return std::any_of(lines.begin(), lines.end(), [&](const PrintedLine& line) {
    return line.text.find(text) != std::string::npos;
  });
}

std::vector<PrintedJob> read_escpos(core::ByteView bytes) {
  return Printer(bytes).run();
}

Bitmap read_half_blocks(const std::string& text) {
  std::vector<std::string> rows;
  std::size_t width = 0;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string line = text.substr(start, end - start);
    start = end + 1;
    replace_all(line, "▀", 'u');
    replace_all(line, "▄", 'l');
    replace_all(line, "█", 'b');
    if (line.find_first_not_of(" ulb") != std::string::npos) continue;
    width = std::max(width, line.size());
    rows.push_back(line);
  }
  width += 4;  // a quiet zone of spaces at the right is not there
  Bitmap out{width, rows.size() * 2, std::vector<bool>(width * rows.size() * 2)};
  for (std::size_t y = 0; y < rows.size(); ++y) {
    for (std::size_t x = 0; x < rows[y].size(); ++x) {
      const char block = rows[y][x];
      out.dark[2 * y * width + x] = block == 'u' || block == 'b';
      out.dark[(2 * y + 1) * width + x] = block == 'l' || block == 'b';
    }
  }
  return out;
}

bool have_zbarimg() {
  if (run({"zbarimg", "--version"}).status == 0) return true;
  MESSAGE("skipped: zbarimg (Debian: zbar-tools) is missing");
  return false;
}

std::string read_qr(const Bitmap& picture) {
  const std::size_t scale = picture.width < 200 ? kDotsPerModule : 1;
  const TempDir dir;
  const auto path = dir / "picture.pbm";
  std::ofstream file(path);
  file << "P1\n" << picture.width * scale << " " << picture.height * scale << "\n";
  for (std::size_t y = 0; y < picture.height * scale; ++y) {
    for (std::size_t x = 0; x < picture.width * scale; ++x) {
      file << (picture.dark[y / scale * picture.width + x / scale] ? "1" : "0");
      if (x % 64 == 63) file << "\n";
    }
    file << "\n";
  }
  file.close();
  REQUIRE(file);
  const Outcome outcome = run({"zbarimg", "--quiet", "--raw", path.string()});
  CHECK_MESSAGE(outcome.status == 0, outcome.err);
  std::string text = outcome.out;
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace test
