#!/usr/bin/python3
"""The recording of decoy_checksum, read by a sensor that was told that checksums are always right on its link: what has a
wrong one was not there."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import Case
from lab.pieces import tshark_rows
from lab.wrap import source_frames

case = Case(__file__)
origin = source_frames(__file__, "tcp/decoy_checksum")[1]
path = os.path.join(case.folder, "input.pcap")
shutil.copyfile(os.path.join(os.path.dirname(case.folder), "decoy_checksum/input.pcap"), path)
length = {wrong: sum(int(n) for n, in tshark_rows(path, f"tcp.checksum.status=={0 if wrong else 1}", "tcp.len", checksums=True))
          for wrong in (True, False)}
assert length[True] > 1000
# The body alone: no second version of it was ever there.
case.truth, case.seeds = origin["truth"][:1], origin["seeds"]
case.digests = origin["item_digests"]
case.write("Checksums that are verified", "With decode.checksums: verify what has a wrong one is told as unread (checksum), and is "
           "no other version of anything.", "the recording of decoy_checksum",
           args=["-c", "pcaps/tcp/verify_checksums/weir.yaml"],
           tshark_faults={"initiator": "tshark takes the decoys for the stream"},
           payload={"seen": sum(length.values()), "read": length[False], "duplicate": 0,
                    "unread": {"checksum": length[True]}, "gap": 0})
