// Compiles the definitions of io/.
#include <minibert/io/impl/decompress.ipp>
#include <minibert/io/impl/file.ipp>
#include <minibert/io/impl/file_descriptor.ipp>
#include <minibert/io/impl/fingerprint.ipp>
#include <minibert/io/impl/json.ipp>
#include <minibert/io/impl/lines.ipp>
#include <minibert/io/impl/model_folder.ipp>
#include <minibert/io/impl/safetensors.ipp>
#include <minibert/io/impl/text_column.ipp>
#include <minibert/io/impl/text_options.ipp>
#include <minibert/io/impl/text_signature.ipp>
#include <minibert/io/impl/text_stream.ipp>
#include <minibert/io/impl/utf8_lines.ipp>
