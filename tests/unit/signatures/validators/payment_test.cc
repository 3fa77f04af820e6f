#include <array>
#include <string>
#include <utility>

#include "signatures/validators/payment_card.h"
#include "tests/unit/signatures/validators/vectors.h"

namespace weir {
namespace {

TEST(PaymentCard, Vectors) {
  expect_all("payment_card", true,
             {"6222021234567890128", "6228480402564890018", "6200000000000005", "4111111111111111",
              "378282246310005", "3530111333300000"});
  expect_all("payment_card", false,
             {"6222021234567890123", "6228480402564890019", "622848040256489001", "4111111111111112",
              "1748503543012"});
  EXPECT_EQ(judge("payment_card", "4111111111111111").evidence, kEvidenceAssignedRange | kEvidenceCheckDigit);
}

// Sample numbers that the networks and their processors publish for tests.
TEST(PaymentCard, NetworksBySampleNumber) {
  constexpr std::pair<std::string_view, CardNetwork> kSamples[] = {
      {"4111111111111111", CardNetwork::kVisa},       {"4012888888881881", CardNetwork::kVisa},
      {"4222222222222", CardNetwork::kVisa},          {"5555555555554444", CardNetwork::kMastercard},
      {"5105105105105100", CardNetwork::kMastercard}, {"2223003122003222", CardNetwork::kMastercard},
      {"371449635398431", CardNetwork::kAmex},        {"378734493671000", CardNetwork::kAmex},
      {"3566002020360505", CardNetwork::kJcb},        {"30569309025904", CardNetwork::kDiners},
      {"38520000023237", CardNetwork::kDiners},       {"36227206271667", CardNetwork::kDiners},
      {"6011111111111117", CardNetwork::kDiscover},   {"6011000990139424", CardNetwork::kDiscover},
      {"6759649826438453", CardNetwork::kMaestro},    {"6200000000000005", CardNetwork::kUnionPay},
  };
  for (const auto& [number, network] : kSamples) {
    EXPECT_EQ(card_network(number), network) << number;
    EXPECT_TRUE(judge("payment_card", number).valid) << number;
  }
}

TEST(PaymentCard, PrefixEdges) {
  constexpr std::pair<std::string_view, CardNetwork> kEdges[] = {
      {"2220", CardNetwork::kNone},       {"2221", CardNetwork::kMastercard},
      {"2720", CardNetwork::kMastercard}, {"2721", CardNetwork::kNone},
      {"3527", CardNetwork::kNone},       {"3528", CardNetwork::kJcb},
      {"3589", CardNetwork::kJcb},        {"3590", CardNetwork::kNone},
      {"3059", CardNetwork::kDiners},     {"3060", CardNetwork::kNone},
      {"3090", CardNetwork::kDiners},     {"3100", CardNetwork::kNone},
      {"5099", CardNetwork::kMaestro},    {"5100", CardNetwork::kMastercard},
      {"5599", CardNetwork::kMastercard}, {"5600", CardNetwork::kMaestro},
      {"6010", CardNetwork::kMaestro},    {"6011", CardNetwork::kDiscover},
      {"6199", CardNetwork::kMaestro},    {"6200", CardNetwork::kUnionPay},
      {"6299", CardNetwork::kUnionPay},   {"6300", CardNetwork::kMaestro},
      {"6400", CardNetwork::kNone},       {"6439", CardNetwork::kNone},
      {"6440", CardNetwork::kDiscover},   {"6599", CardNetwork::kDiscover},
      {"6600", CardNetwork::kMaestro},    {"6999", CardNetwork::kMaestro},
      {"7000", CardNetwork::kNone},       {"1999", CardNetwork::kNone},
      {"3400", CardNetwork::kNone},       {"3700", CardNetwork::kNone},
      {"8100", CardNetwork::kNone},
  };
  for (const auto& [prefix, network] : kEdges) {
    EXPECT_EQ(card_network(std::string(prefix) + "000000000000"), network) << prefix;
  }
}

TEST(PaymentCard, LegalLengths) {
  struct Row {
    std::string_view prefix;
    std::string_view legal;  // place n: n + 12 digits
  };
  constexpr Row kRows[] = {
      {"62", ".---++++."},   {"4", ".+--+--+."},  {"51", ".---+---."},   {"34", ".--+----."},
      {"3528", ".---++++."}, {"36", ".-++++++."}, {"6011", ".---++++."}, {"56", ".+++++++."},
  };
  for (const Row& row : kRows) {
    for (size_t n = 12; n <= 20; ++n) {
      std::string number(row.prefix);
      number.resize(n, '0');
      EXPECT_EQ(card_network(number) != CardNetwork::kNone, row.legal[n - 12] == '+') << number;
    }
  }
}

TEST(PaymentCard, OnlyDigits) {
  expect_all("payment_card", false,
             {"", "4", "4111 1111 1111 1111", "4111-1111-1111-1111", "411111111111111A"});
  EXPECT_EQ(name_of(CardNetwork::kUnionPay), "UnionPay");
  EXPECT_EQ(name_of(CardNetwork::kMaestro), "Maestro");
}

TEST(PaymentIban, Vectors) {
  expect_all("payment_iban", true,
             {"GB82WEST12345698765432", "DE89370400440532013000", "GR1601101050000010547023795"});
  expect_all("payment_iban", false, {"GB82WEST12345698765431"});
  EXPECT_EQ(judge("payment_iban", "GB82WEST12345698765432").evidence, kEvidenceStrongCheck);
}

// The examples of SWIFT's IBAN registry.
TEST(PaymentIban, RegistryExamples) {
  expect_all("payment_iban", true,
             {"AD1200012030200359100100",
              "AE070331234567890123456",
              "AT611904300234573201",
              "BE68539007547034",
              "BR1800360305000010009795493C1",
              "CH9300762011623852957",
              "CY17002001280000001200527600",
              "CZ6508000000192000145399",
              "DK5000400440116243",
              "EE382200221020145685",
              "ES9121000418450200051332",
              "FI2112345600000785",
              "FR1420041010050500013M02606",
              "GE29NB0000000101904917",
              "GI75NWBK000000007099453",
              "HU42117730161111101800000000",
              "IE29AIBK93115212345678",
              "IL620108000000099999999",
              "IS140159260076545510730339",
              "IT60X0542811101000000123456",
              "KZ86125KZT5004100100",
              "LU280019400644750000",
              "MT84MALT011000012345MTLCAST001S",
              "NL91ABNA0417164300",
              "NO9386011117947",
              "PL61109010140000071219812874",
              "PT50000201231234567890154",
              "RO49AAAA1B31007593840000",
              "SA0380000000608010167519",
              "SE4550000000058398257466",
              "TR330006100519786457841326",
              "MU17BOMM0101101030300200000MUR"});
}

TEST(PaymentIban, Refused) {
  expect_all("payment_iban", false,
             {"", "GB", "GB82", "CN82WEST12345698765432", "ZZ82370400440532013000", "DE8937040044053201300",
              "DE893704004405320130000", "DE89 3704 0044 0532 0130 00", "de89370400440532013000",
              "GB82123412345698765432", "GBWEST8212345698765432"});
  // 98, 01: equal by the sum; only the first is given out. The account makes 98 the right check.
  for (int account = 0; account < 400; ++account) {
    std::string body = "370400440532" + std::string("000000");
    for (int i = 0, rest = account; i < 3; ++i, rest /= 10)
      body[17 - static_cast<size_t>(i)] = static_cast<char>('0' + rest % 10);
    if (!judge("payment_iban", "DE98" + body).valid) continue;
    EXPECT_FALSE(judge("payment_iban", "DE01" + body).valid);
    return;
  }
  FAIL() << "no account with check 98";
}

TEST(CnUscc, Vectors) {
  expect_all("cn_uscc", true,
             {"91110000600037341L", "911522010783762860", "91350100M000100Y43", "91230184MA1BUFLT44"});
  expect_all("cn_uscc", false, {"91110000600037341N", "A1110000600037341L", "9111000060003IOZSV"});
  EXPECT_EQ(judge("cn_uscc", "91110000600037341L").evidence, kEvidenceCheckDigit);
}

}  // namespace
}  // namespace weir
