#!/usr/bin/env bash
# Installs the Debian 12 packages that Weir needs. Asks nothing; runs as root or through sudo; does
# nothing when all of them are there.
#
#   deploy/install-deps.sh build   what building and running need (make demo)
#   deploy/install-deps.sh dpdk    … and DPDK (110 MB: drivers for every card), for `weir run --port`
#   deploy/install-deps.sh test    … and what the tests need: Java, Maven, tshark, Python modules (make test)
#   deploy/install-deps.sh ci      … and what .ci/run needs beyond that: clang, clang-format, clang-tidy
#   deploy/install-deps.sh lab     … and the programs that pcaps/record.sh records between
set -euo pipefail

build=(g++ cmake ninja-build ccache pkg-config git ca-certificates
  libpcap-dev libhyperscan-dev librdkafka-dev libboost-program-options-dev libisal-dev zlib1g-dev
  libicu-dev libsodium-dev libssl-dev libyaml-cpp-dev nlohmann-json3-dev libspdlog-dev libpcre2-dev)
dpdk=(libdpdk-dev)
tests=(libgtest-dev libgmock-dev openjdk-17-jre-headless maven kcat tshark iproute2 procps python3
  python3-yaml python3-jsonschema python3-stdnum)
ci=(clang clang-format clang-tidy libclang-rt-14-dev libbenchmark-dev)
lab=(nginx-light curl openssl python3-scapy tcpdump ethtool redis-server netcat-openbsd
  libjs-jquery libjs-jquery-ui libjs-underscore libjs-sphinxdoc
  openssh-client openssh-server tinyproxy ngtcp2-client ngtcp2-server wireguard-go wireguard-tools
  strongswan-charon strongswan-swanctl libcharon-extra-plugins)

case "${1:-build}" in
  build) wanted=("${build[@]}") ;;
  dpdk) wanted=("${build[@]}" "${dpdk[@]}") ;;
  test) wanted=("${build[@]}" "${dpdk[@]}" "${tests[@]}") ;;
  ci) wanted=("${build[@]}" "${dpdk[@]}" "${tests[@]}" "${ci[@]}") ;;
  lab) wanted=("${build[@]}" "${dpdk[@]}" "${tests[@]}" "${ci[@]}" "${lab[@]}") ;;
  *)
    echo "usage: $0 [build|dpdk|test|ci|lab]" >&2
    exit 2
    ;;
esac

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=none
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "install-deps: all ${#wanted[@]} packages are there"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install-deps: these packages are missing: ${missing[*]}" >&2
    echo "install-deps: run this script as root, or install sudo" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "install-deps: installing ${missing[*]}"
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
