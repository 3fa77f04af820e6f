// Every exception has words for an operator; those of refused resources name the limit.
#include "sensor/base/plain_failure.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <system_error>

namespace weir {
namespace {

TEST(PlainFailure, NamesTheLimitThatWasReached) {
  EXPECT_NE(plain_failure(std::bad_alloc()).find("ulimit -v"), std::string::npos);
  const std::system_error threads(EAGAIN, std::generic_category(), "thread");
  EXPECT_NE(plain_failure(threads).find("no more threads"), std::string::npos);
  EXPECT_NE(plain_failure(threads).find("ulimit -u"), std::string::npos);
  const std::system_error map(ENOMEM, std::generic_category(), "cannot reserve address space for flows");
  EXPECT_EQ(plain_failure(map).find("cannot reserve address space for flows: "), 0u);
  EXPECT_NE(plain_failure(map).find("ulimit -v"), std::string::npos);
  EXPECT_EQ(plain_failure(std::runtime_error("as it is")), "as it is");
}

}  // namespace
}  // namespace weir
