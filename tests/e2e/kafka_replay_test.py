#!/usr/bin/env python3
"""Replays captures into a real Kafka broker and holds what arrived against the JSON Lines of the same captures.

The topic is read twice, by kcat and by librdkafka's consumer (kafka_tool). Each record must be one alert of the
JSON Lines run, whole: only the clock (metadata.logged_time) may differ. Keys, headers and the order of revisions
are checked against the alert inside.
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "harness" / "kafka"))
import broker as kafka  # noqa: E402

KEY = None  # a copy of pcaps/test-token.key
LIMIT = 120
ARGUMENTS = None
REFUSED_FOR = 3  # seconds that a replay is watched while its broker is away


def captures():
    # Those of many_hosts with other times would tell the same alerts again.
    again = {"clock_set", "stray_times", "two_clocks"}
    files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("pcaps/http1/*/input.pcap*")
                   if path.parent.name not in again)
    if not files:
        raise RuntimeError("no captures under pcaps/http1")
    return files


def command(*more):
    return [str(ARGUMENTS.weir), "replay", "--all", "--format", "json", "--token-key", str(KEY), *more]


def replay(*more):
    done = subprocess.run(command(*more), cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        raise AssertionError(f"weir replay ended with {done.returncode}:\n{done.stderr}")
    return done


def without_clock(alert):
    alert = json.loads(json.dumps(alert))
    del alert["metadata"]["logged_time"]
    return alert


def alerts_of(text):
    """{metadata.uid: alert without the clock}; a uid that comes twice is a defect."""
    alerts = [json.loads(line) for line in text.splitlines()]
    by_uid = {alert["metadata"]["uid"]: without_clock(alert) for alert in alerts}
    if len(by_uid) != len(alerts):
        raise AssertionError("two alerts with one metadata.uid")
    return by_uid


def setUpModule():
    """The program refuses a key that others may read; a checkout cannot keep the mode."""
    global KEY
    folder = tempfile.TemporaryDirectory(prefix="weir_kafka_")
    unittest.addModuleCleanup(folder.cleanup)
    KEY = pathlib.Path(folder.name) / "token.key"
    with open(os.open(KEY, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as target:
        target.write((ROOT / "pcaps" / "test-token.key").read_bytes())


class KafkaReplay(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.broker = kafka.Broker(ARGUMENTS.broker, ARGUMENTS.tool)
        self.assertIsNotNone(self.broker.pid(), "no broker; run this through ctest, which starts one")
        self.topic = f"weir.test.replay.{uuid.uuid4().hex[:12]}"

    def start_broker(self):
        # A process of its own: the broker outlives this test.
        subprocess.run([sys.executable, "-B", kafka.__file__, "start", "--tool", ARGUMENTS.tool, ARGUMENTS.broker],
                       check=True, stdout=subprocess.DEVNULL, timeout=LIMIT)

    def create(self, partitions=3):
        subprocess.run([ARGUMENTS.tool, "create", self.broker.address, self.topic, str(partitions)], check=True,
                       timeout=LIMIT)

    def read_with_librdkafka(self):
        done = subprocess.run([ARGUMENTS.tool, "read", self.broker.address, self.topic], check=True,
                              capture_output=True, text=True, timeout=LIMIT)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def read_with_kcat(self):
        done = subprocess.run(["kcat", "-C", "-q", "-e", "-J", "-b", self.broker.address, "-t", self.topic], check=True,
                              capture_output=True, text=True, timeout=LIMIT)
        records = [json.loads(line) for line in done.stdout.splitlines()]
        return sorted(records, key=lambda record: (record["partition"], record["offset"]))

    def check(self, expected):
        """The topic holds each expected alert once, by both readers, with key and headers that fit it."""
        records = self.read_with_librdkafka()
        self.assertEqual(alerts_of("\n".join(record["value"] for record in records)), expected)

        by_kcat = self.read_with_kcat()
        self.assertEqual([record["payload"] for record in by_kcat], [record["value"] for record in records])
        self.assertEqual([record["key"] for record in by_kcat], [record["key"] for record in records])
        for one, other in zip(by_kcat, records):
            pairs = list(zip(one["headers"][::2], one["headers"][1::2]))
            self.assertEqual(pairs, [tuple(pair) for pair in other["headers"]])

        revisions = collections.defaultdict(list)
        for record in records:
            alert = json.loads(record["value"])
            self.assertEqual(record["key"], alert["finding_info"]["uid"])
            headers = dict(record["headers"])
            self.assertEqual(len(headers), len(record["headers"]))
            sensor = headers.pop("weir-sensor")
            moment = datetime.datetime.fromtimestamp(alert["time"] // 1000, datetime.timezone.utc)
            self.assertEqual(headers, {
                "content-type": "application/json",
                "weir-schema": "alert/1",
                "ce_specversion": "1.0",
                "ce_id": alert["metadata"]["uid"],
                "ce_type": {1: "weir.alert.create", 2: "weir.alert.update"}[alert["activity_id"]],
                "ce_source": f"weir/{sensor}",
                "ce_time": moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{alert['time'] % 1000:03d}Z",
            })
            revisions[record["key"]].append(alert["unmapped"]["revision"])
        for uid, seen in revisions.items():
            self.assertEqual(seen, list(range(1, len(seen) + 1)), f"revisions of {uid}")

    def test_every_alert_of_the_replay_arrives_once(self):
        self.create()
        expected = alerts_of(replay(*captures()).stdout)
        self.assertGreater(len(expected), 20)
        done = replay("--kafka", self.broker.address, "--kafka-topic", self.topic, *captures())
        self.assertEqual(alerts_of(done.stdout), expected)
        self.check(expected)

    def test_a_replay_waits_for_a_broker_that_is_away(self):
        self.create(1)
        files = captures()[:8]
        expected = alerts_of(replay(*files).stdout)
        self.assertGreater(len(expected), 0)
        address = self.broker.address
        self.broker.stop()
        process = subprocess.Popen(command("--kafka", address, "--kafka-topic", self.topic, *files), cwd=ROOT,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            told = threading.Event()
            errors = []

            def listen():
                for line in process.stderr:
                    errors.append(line)
                    if "connection refused" in line:
                        told.set()

            got = []
            readers = [threading.Thread(target=listen), threading.Thread(target=lambda: got.append(process.stdout.read()))]
            for reader in readers:
                reader.start()
            self.assertTrue(told.wait(30), f"the unreachable broker is not told: {errors}")
            self.assertIn(f"kafka {address}: connection refused", "".join(errors))
            time.sleep(REFUSED_FOR)
            self.assertIsNone(process.poll(), "the replay ended with alerts that were not delivered")
            self.start_broker()
            self.assertEqual(process.wait(LIMIT), 0, "".join(errors))
            for reader in readers:
                reader.join()
            self.assertEqual(alerts_of(got[0]), expected)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()
            process.stderr.close()
            if not self.broker.pid():
                self.start_broker()
        self.check(expected)

    def test_a_replay_that_is_told_to_end_says_what_was_not_delivered(self):
        # Bound and not listened on: every connection is refused.
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{holder.getsockname()[1]}"
            process = subprocess.Popen(command("--kafka", address, *captures()[:8]), cwd=ROOT, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            try:
                time.sleep(REFUSED_FOR)
                self.assertIsNone(process.poll(), "the replay ended with alerts that were not delivered")
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=30)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
                process.stderr.close()
            self.assertEqual(process.returncode, 1, errors)
            self.assertIn(f"kafka {address}: connection refused", errors)
            self.assertRegex(errors, rf"kafka {address}: \d+ alerts were not delivered\n$")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weir", required=True, type=pathlib.Path)
    parser.add_argument("--tool", required=True, help="the program kafka_tool")
    parser.add_argument("--broker", required=True, help="the folder of the running broker")
    ARGUMENTS, rest = parser.parse_known_args()
    ARGUMENTS.weir = ARGUMENTS.weir.resolve()
    unittest.main(argv=sys.argv[:1] + rest, verbosity=2)
