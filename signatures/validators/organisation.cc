// The unified social credit code (GB 32100-2015): registering department, kind, region, organisation code,
// check.
#include "signatures/validators/checks.h"
#include "signatures/validators/families.h"

namespace weir {

ValidatorResult validate_cn_uscc(std::string_view value, const ValidatorContext&) {
  if (!mod31(value)) return {};
  return {true, kEvidenceCheckDigit};
}

}  // namespace weir
