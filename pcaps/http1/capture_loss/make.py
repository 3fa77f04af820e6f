#!/usr/bin/python3
"""A good download of which the capture lost some data frames: the receiver got all, the file did not."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import SERVER4, Case, Lab, People, csv_of
from lab.holes import body_ranges, frames_of, write_frames

FIELDS = ("name", "resident_id", "email")
people = People("capture_loss").persons(600)
body = csv_of(people, FIELDS, "客户资料，内部使用，请勿外传，用后归还档案室").encode()
with Lab(__file__, mtu=1280) as lab:
    lab.www("list.csv", body)
    lab.nginx()
    lab.capture()
    assert lab.curl(f"http://{SERVER4}/list.csv") == body
    frames = frames_of(lab.stop_capture(keep=False))
    ranges = body_ranges(frames, SERVER4)
    spans = [(body.index(p["resident_id"].encode()), body.index(b"," + p["email"].encode()) + 1) for p in people]


def cut(position):
    """Where a hole's edge may lie: between values, or inside an identity number so that what is left of it has the
    shape of nothing (12 digits at most before the hole, 10 behind it)."""
    for person, (id_begin, mail_begin) in zip(people, spans):
        if mail_begin - 1 <= position <= mail_begin + len(person["email"]) + 1:
            return None  # half an e-mail address is an address too
        if id_begin - 1 <= position <= id_begin + 19:
            return "cut" if 8 <= position - id_begin <= 12 else None
    return "between"


inner = [i for i, r in enumerate(ranges) if r and r[0] > 2000 and r[1] < len(body) - 2000]
# One to six frames in a row: holes with clean edges, and some that begin or end inside an identity number.
runs = [inner[n:n + length] for n in range(len(inner) - 6) for length in range(1, 7)]
clean = [run for run in runs if cut(ranges[run[0]][0]) == cut(ranges[run[-1]][1]) == "between"]
ragged = [run for run in runs
          if {cut(ranges[run[0]][0]), cut(ranges[run[-1]][1])} in ({"cut"}, {"cut", "between"})]
assert clean and ragged, "record again with another seed: no frame can be lost without ambiguity"
lost = sorted(set(clean[0] + clean[-1] + min(ragged, key=len)))
holes = []
for begin, end in (ranges[i] for i in lost):
    if holes and holes[-1][1] == begin:
        begin = holes.pop()[0]
    holes.append((begin, end))
assert "cut" in {cut(edge) for hole in holes for edge in hole} and len(holes) == 3
kept = [i for i in range(len(frames)) if i not in lost]


def there(begin, end):
    return all(end <= h[0] or begin >= h[1] for h in holes)


ids = [p for p, (at, _) in zip(people, spans) if there(at, at + 18)]
mails = [p for p, (_, at) in zip(people, spans) if there(at, at + len(p["email"]))]
write_frames(os.path.join(os.path.dirname(os.path.abspath(__file__)), "input.pcap"), [frames[i] for i in kept])
case = Case(__file__)
case.persons(people, FIELDS)
case.item("responder", "body", {"cn.resident_id": len(ids), "net.email": len(mails)}, body)
case.write("The capture lost frames that the receiver got",
           "Holes are counted, nothing is invented across them, and reading goes on behind them.",
           f"curl -> nginx, IPv4; frames taken out of the file: body bytes {holes} never seen",
           stderr_has=[f"never came {sum(h[1] - h[0] for h in holes):,} bytes"],
           tshark_faults={"responder": "tshark shows no message whose body has a hole"})
