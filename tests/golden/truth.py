"""What a run said it saw, read and did not read, and what must hold among those numbers whatever the capture.

    summary, alerts, items = observe(weir, capture, workers, key, ...)
    check(summary, alerts, items)               raises Untrue
"""
import json
import os
import subprocess
import tempfile


class Untrue(Exception):
    """A sum that does not hold; its text is for the reader."""


def expect(condition, text):
    if not condition:
        raise Untrue(text)


def replay(weir, capture, *options):
    command = [weir, "replay", *options, capture]
    done = subprocess.run(command, capture_output=True, timeout=300, check=False)
    expect(done.returncode == 0, f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr.decode()[-2000:]}")
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def observe(weir, capture, key, *options):
    """The summaries with one and with two workers, the alerts and the items of one."""
    summaries = []
    with tempfile.TemporaryDirectory() as folder:
        for workers in ("1", "2"):
            path = os.path.join(folder, "summary.json")
            alerts = replay(weir, capture, "--all", "--format", "json", "--token-key", key, "--workers", workers,
                            "--summary-json", path, *options)
            with open(path, encoding="utf-8") as source:
                summaries.append(json.load(source))
    items = replay(weir, capture, "--items", "--token-key", key, *options)
    one, two = summaries
    one.pop("seconds"), two.pop("seconds")
    expect(one == two, f"one worker says {one}\ntwo workers say {two}")
    return one, alerts, items


def unread(inspection):
    return sum(inspection["unread"].values())


def check(summary, alerts, items):
    packets, payload = summary["packets"], summary["payload"]
    expect(sum(packets["kinds"].values()) == packets["total"], f"packets by kind do not add up: {packets}")
    rows = [payload, *summary["protocols"].values()]
    for row in rows:
        expect(row["seen"] == row["read"] + row["duplicate"] + unread(row), f"seen is not its parts' sum: {row}")
    for field in ("seen", "read", "duplicate", "gap"):
        total = sum(row[field] for row in summary["protocols"].values())
        expect(total == payload[field], f"the protocols' {field} is {total}, the sum's {payload[field]}")
    for reason in {r for row in rows for r in row["unread"]}:
        total = sum(row["unread"].get(reason, 0) for row in summary["protocols"].values())
        expect(total == payload["unread"].get(reason, 0), f"the protocols' {reason} is {total}: {payload}")
    check_items(summary, items)
    check_alerts(alerts, items)


# Protocols whose every byte is an item's or is unread: what they read can be counted from the items, one by one.
WITHOUT_FRAMING = ("raw", "fragments", "ssh", "tls", "dtls", "quic", "wireguard")


def check_items(summary, items):
    read_by_items = {}
    for item in items:
        lost = sum(item.get("unread", {}).values())
        expect(lost <= item["wire_bytes"], f"more unread than there was: {item}")
        if item["kind"] != "part":  # its bytes are its body's
            read_by_items[item["protocol"]] = read_by_items.get(item["protocol"], 0) + item["wire_bytes"] - lost
    if any("part" in item["kind"] and "unread" in item for item in items):
        return
    # The other version of a fragmented datagram is read whole; only what differs is counted again.
    if summary["packets"]["kinds"].get("fragment") and any(item["kind"] == "conflict" for item in items):
        return
    total, read = sum(read_by_items.values()), summary["payload"]["read"]
    expect(total <= read, f"{read} bytes read, and {total} are in items")
    if set(summary["protocols"]) <= {*WITHOUT_FRAMING, "no payload"}:
        expect(total == read, f"{read} bytes read, and {total} are in items")
    # What came late or in two versions is a raw item in whatever protocol's flow.
    if any(item["kind"] in ("late", "conflict") for item in items):
        return
    protocols = {name: row["read"] for name, row in summary["protocols"].items()}
    # Pieces of datagrams whose beginning never came, raw items of flows without ports; and flows that ended, or had
    # a hole last, before anybody claimed them.
    for name in ("fragments", "undecided"):
        pieces = protocols.pop(name, 0)
        if pieces:
            protocols["raw"] = protocols.get("raw", 0) + pieces
    for name, said in protocols.items():
        got = read_by_items.get(name, 0)
        if name in WITHOUT_FRAMING:
            expect(got == said, f"{name}: {said} bytes read, and {got} are in items")
        else:
            expect(got <= said, f"{name}: {said} bytes read, and {got} are in items")


def check_alerts(alerts, items):
    known = {}
    for item in items:
        place = (item["flow"], item["direction"], item["kind"], item["ordinal"], item.get("part", 0))
        known.setdefault(place, []).append(item)
    for alert in alerts:
        more = alert["unmapped"]
        if "inspection" not in more:
            continue
        said = more["inspection"]
        reasons = said.get("reasons", {})
        expect(said["seen"] == said["read"] + sum(reasons.values()), f"the alert's sum does not hold: {said}")
        direction = "initiator" if more["initiator"] == "src" else "responder"
        place = (more["community_id"], direction, more["item_kind"], more["item_ordinal"], more.get("item_part", 0))
        expect(place in known, f"an alert on an item that is not listed: {place}")
        same = [i for i in known[place] if i["wire_bytes"] == said["seen"] and i.get("unread", {}) == reasons
                and i.get("gap_bytes", 0) == said.get("gap", 0)]
        expect(same, f"the alert says {said}, the items {known[place]}")
