#!/usr/bin/env bash
# Replays the shipped captures, one after the other, and shows the alerts as a person would see them.
#   deploy/demo.sh WEIR_PROGRAM
set -euo pipefail
weir=$1
cd "$(dirname "$0")/.."

for case in http1/upload_put http1/form_urlencoded http1/charset_gbk http1/multipart raw/udp_syslog tls/https; do
  capture=$(ls "pcaps/$case"/input.pcap*)
  printf '\n$ weir replay %s\n' "$capture"
  "$weir" replay --format text "$capture"
done

cat <<'TXT'

As JSON Lines, with everything that was found:   weir replay --all --format json pcaps/http1/*/input.pcap*
Your own capture:                                weir replay FILE
A live interface (root or CAP_NET_RAW):          weir run -i eth0
TXT
