#include "sensor/content/file_digest.h"

#include <openssl/evp.h>

namespace weir {

void FileDigest::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

FileDigest::FileDigest() : context_(EVP_MD_CTX_new()) {
  // Looked up once: the look-up takes longer than hashing a small file.
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (context_ != nullptr && EVP_DigestInit_ex2(context_.get(), kSha256, nullptr) != 1) context_.reset();
}

void FileDigest::add(Bytes bytes) {
  if (context_ != nullptr && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
    context_.reset();
}

std::optional<Sha256> FileDigest::finish() {
  Sha256 digest;
  unsigned length = 0;
  if (context_ == nullptr || EVP_DigestFinal_ex(context_.get(), digest.data(), &length) != 1 ||
      length != digest.size()) {
    return std::nullopt;
  }
  return digest;
}

}  // namespace weir
