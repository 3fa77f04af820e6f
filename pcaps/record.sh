#!/usr/bin/env bash
# Records the captures again. As root on Debian 12, after `deploy/install-deps.sh lab`.
#
#   pcaps/record.sh                      all cases
#   pcaps/record.sh http1/upload_put …   some of them
#
# A new recording has new ports and times: look at the difference, then `tests/golden/run.py --bless CASE…`.
set -euo pipefail
cd "$(dirname "$0")"
if [ $# -gt 0 ]; then
  cases=("$@")
else
  # These come before the cases that are made from their recordings.
  first=(http1/upload_put http1/download_ipv6 raw/udp_syslog)
  mapfile -t cases < <(printf '%s\n' "${first[@]}"; find . -mindepth 3 -name make.py -printf '%P\n' | sort |
    sed 's,/make.py$,,' | grep -v -x -F -f <(printf '%s\n' "${first[@]}"))
fi
for case in "${cases[@]}"; do
  echo "recording $case"
  # Debian's own interpreter: scapy and yaml come from its packages.
  /usr/bin/python3 -B "$case/make.py"
  find "$case" -name 'input.pcap*' -printf '  %P: %s bytes\n'
done
