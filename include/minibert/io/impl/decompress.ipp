// Definitions of io/detail/decompress.hpp. zlib and zstd are included only here, if MINIBERT_HAS_ZLIB and
// MINIBERT_HAS_ZSTD are defined (CMake defines them if it finds the libraries).
#pragma once

#include <algorithm>
#include <cstring>
#include <utility>

#include <minibert/core/error.hpp>
#include <minibert/io/detail/decompress.hpp>
#include <minibert/io/detail/text_signature.hpp>

#ifdef MINIBERT_HAS_ZLIB
#include <zlib.h>
#endif
#ifdef MINIBERT_HAS_ZSTD
#include <zstd.h>
#endif

namespace minibert::io::detail {

/// Copies plain text.
class PlainText final : public Decompressor {
 public:
  index_t run(std::string_view& input, std::span<char> output) override {
    const std::size_t count = std::min(input.size(), output.size());
    std::memcpy(output.data(), input.data(), count);
    input.remove_prefix(count);
    return static_cast<index_t>(count);
  }
  void finish() const override {}
};

#ifdef MINIBERT_HAS_ZLIB
/// Decompresses gzip members one after the other. Skips zero bytes after a member, which are padding, as on tapes.
class GzipDecompressor final : public Decompressor {
 public:
  explicit GzipDecompressor(std::string source) : source_(std::move(source)) {
    constexpr int kGzipOnly = 16;
    core::check<Error>(inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK, source_,
                       ": cannot initialize zlib: no memory, or another version of zlib");
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }

  index_t run(std::string_view& input, std::span<char> output) override {
    if (!in_member_) {
      input.remove_prefix(std::min(input.find_first_not_of('\0'), input.size()));
      if (input.empty()) return 0;
      inflateReset(&stream_);
      in_member_ = true;
    }
    // zlib counts bytes in 32 bits, so one call gets at most kMost bytes. zlib does not write to the input, so
    // const_cast is safe.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(std::min(input.size(), kMost));
    stream_.next_out = reinterpret_cast<Bytef*>(output.data());
    stream_.avail_out = static_cast<uInt>(std::min(output.size(), kMost));
    const uInt in = stream_.avail_in, out = stream_.avail_out;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    core::check<FormatError>(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR, source_,
                             ": damaged gzip: ", stream_.msg == nullptr ? "cannot be decompressed" : stream_.msg,
                             "; copy the file again");
    in_member_ = status != Z_STREAM_END;
    input.remove_prefix(in - stream_.avail_in);
    return out - stream_.avail_out;
  }
  void finish() const override {
    core::check<FormatError>(!in_member_, source_,
                             ": damaged gzip: the file ends before the compressed text does; copy the file again");
  }

 private:
  static constexpr std::size_t kMost = 1 << 30;

  std::string source_;
  z_stream stream_ = {};
  bool in_member_ = true;
};
#endif

#ifdef MINIBERT_HAS_ZSTD
/// Decompresses zstd frames one after the other, and checks their checksums.
class ZstdDecompressor final : public Decompressor {
 public:
  explicit ZstdDecompressor(std::string source) : source_(std::move(source)), stream_(ZSTD_createDStream()) {
    constexpr int kLargestWindow = 31;  // the default refuses files made by zstd --long
    core::check<Error>(
        stream_ != nullptr && ZSTD_isError(ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kLargestWindow)) == 0,
        source_, ": cannot initialize zstd: no memory, or another version of zstd");
  }
  ~ZstdDecompressor() override { ZSTD_freeDStream(stream_); }

  index_t run(std::string_view& input, std::span<char> output) override {
    if (!in_frame_ && input.empty()) return 0;
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{output.data(), output.size(), 0};
    const std::size_t status = ZSTD_decompressStream(stream_, &out, &in);
    core::check<FormatError>(ZSTD_isError(status) == 0, source_, ": damaged zstd: ", ZSTD_getErrorName(status),
                             "; copy the file again");
    in_frame_ = status != 0;
    input.remove_prefix(in.pos);
    return static_cast<index_t>(out.pos);
  }
  void finish() const override {
    core::check<FormatError>(!in_frame_, source_,
                             ": damaged zstd: the file ends before the compressed text does; copy the file again");
  }

 private:
  std::string source_;
  ZSTD_DStream* stream_;
  bool in_frame_ = true;
};
#endif

MINIBERT_INLINE std::unique_ptr<Decompressor> make_decompressor(std::string_view first_bytes,
                                                                const std::string& source) {
  if (first_bytes.starts_with("\x1F\x8B")) {
#ifdef MINIBERT_HAS_ZLIB
    return std::make_unique<GzipDecompressor>(source);
#else
    core::raise<ValueError>(
        source,
        ": is compressed with gzip, but this program was built without zlib; decompress it, or build with zlib");
#endif
  }
  // Sixteen magic numbers mark a frame that zstd skips; pzstd writes such frames.
  const bool is_skippable = first_bytes.size() >= 4 && first_bytes.substr(1, 3) == "\x2A\x4D\x18" &&
                            (static_cast<unsigned char>(first_bytes[0]) & 0xF0) == 0x50;
  if (first_bytes.starts_with("\x28\xB5\x2F\xFD") || is_skippable) {
#ifdef MINIBERT_HAS_ZSTD
    return std::make_unique<ZstdDecompressor>(source);
#else
    core::raise<ValueError>(
        source,
        ": is compressed with zstd, but this program was built without libzstd; decompress it, or build with libzstd");
#endif
  }
  check_is_text(first_bytes, source);
  return std::make_unique<PlainText>();
}

}  // namespace minibert::io::detail
