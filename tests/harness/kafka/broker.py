#!/usr/bin/env python3
"""A real Apache Kafka broker for the tests: KRaft, one node, loopback, free ports.

    broker.py fetch                 the broker's jars, once, into build/kafka-jars (Maven, tests/kafka/pom.xml)
    broker.py start DIR --tool T    starts a broker with its log directory in DIR; a second start of the same DIR
                                    keeps ports and data. Returns when a topic takes messages.
    broker.py stop DIR              an orderly end; the data stay
    broker.py kill DIR              kill -9; the data stay
    broker.py address DIR           prints HOST:PORT

T is the program kafka_tool (tests/harness/kafka/kafka_tool.cc): it makes a topic and produces to it until that
works, since an open port alone proves nothing ("Coordinator load in progress").

Topics are not made by themselves, and every topic is open to everyone until a test makes an access rule for it.
Only processes that this module started, found again by process id and command line, are ever ended.
"""

import argparse
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
POM = ROOT / "tests" / "kafka" / "pom.xml"
JARS = ROOT / "build" / "kafka-jars"
READY_SECONDS = 120
STOP_SECONDS = 60
# A broker that nobody stops (an interrupted test run) ends by itself.
LIFETIME_SECONDS = 3600

CONFIG = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
num.network.threads=2
num.io.threads=2
"""


class BrokerError(RuntimeError):
    pass


def jars():
    """The class path of the broker; brings the jars first when they are not there or the pom has changed."""
    JARS.mkdir(parents=True, exist_ok=True)
    stamp = JARS / ".pom.sha256"
    want = hashlib.sha256(POM.read_bytes()).hexdigest()
    with open(JARS / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != want:
            maven = shutil.which("mvn")
            if maven is None:
                raise BrokerError("Maven is missing: deploy/install-deps.sh test")
            for old in JARS.glob("*.jar"):
                old.unlink()
            command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies",
                       f"-DoutputDirectory={JARS}"]
            # The local repository first: a machine without a network that has fetched once needs nothing else.
            done = subprocess.run(command[:1] + ["-o"] + command[1:], capture_output=True, text=True)
            if done.returncode != 0:
                done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                raise BrokerError(f"Maven could not bring the broker:\n{done.stdout}{done.stderr}")
            stamp.write_text(want)
    return f"{JARS}/*"


def free_ports(count):
    """Ports that nobody listens on now, outside the range that the kernel gives to outgoing connections, so that
    a broker which is down for a while finds its port free again."""
    low = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    first = 20000 + os.getpid() * 7 % 5000
    found = []
    for port in list(range(first, min(low, 32000))) + list(range(10000, first)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise BrokerError("no free port on 127.0.0.1")


class Broker:
    """One broker and its folder. start() … stop() or kill(), as often as wanted; ports and data stay."""

    def __init__(self, folder, tool=None):
        self.folder = pathlib.Path(folder).resolve()
        self.tool = tool
        self.state_file = self.folder / "broker.json"

    def state(self):
        return json.loads(self.state_file.read_text()) if self.state_file.exists() else {}

    @property
    def address(self):
        if "port" not in self.state():
            raise BrokerError(f"no broker was started in {self.folder}")
        return f"127.0.0.1:{self.state()['port']}"

    def _save(self, **changes):
        state = self.state() | changes
        temporary = self.state_file.with_suffix(".new")
        temporary.write_text(json.dumps(state))
        temporary.replace(self.state_file)

    def pid(self):
        """The broker's process id while it runs, else None."""
        pid = self.state().get("pid")
        if not pid:
            return None
        try:
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            status = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        if status.rpartition(")")[2].split()[0] == "Z":
            return None
        return pid if str(self.folder).encode() in command else None

    def start(self):
        if self.pid():
            self.stop()
        self.folder.mkdir(parents=True, exist_ok=True)
        class_path = jars()
        if "port" not in self.state():
            port, controller_port = free_ports(2)
            self._save(port=port, controller_port=controller_port)
        state = self.state()
        config = self.folder / "server.properties"
        config.write_text(CONFIG.format(folder=self.folder, **state))
        java = shutil.which("java")
        if java is None:
            raise BrokerError("Java is missing: deploy/install-deps.sh test")
        options = [java, "-Xmx320m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto",
                   "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", class_path]
        if not (self.folder / "data" / "meta.properties").exists():
            cluster = subprocess.run(options + ["kafka.tools.StorageTool", "random-uuid"], capture_output=True,
                                     text=True, timeout=READY_SECONDS)
            done = subprocess.run(options + ["kafka.tools.StorageTool", "format", "-t",
                                             cluster.stdout.split()[-1] if cluster.stdout.split() else "none",
                                             "-c", str(config)],
                                  capture_output=True, text=True, timeout=READY_SECONDS)
            if done.returncode != 0:
                raise BrokerError(f"the log directory could not be made:\n{cluster.stderr}{done.stdout}{done.stderr}")
        with open(self.folder / "broker.log", "ab") as log:
            process = subprocess.Popen(["timeout", "--kill-after=10", str(LIFETIME_SECONDS)] + options +
                                       ["kafka.Kafka", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
        self._save(pid=process.pid)
        self._wait_ready(process)
        return self.address

    def _wait_ready(self, process):
        if self.tool is None:
            raise BrokerError("kafka_tool is needed to see that the broker takes messages")
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if process.poll() is not None:
                raise BrokerError(f"the broker ended ({process.returncode}):\n{self.log_tail()}")
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self.state()["port"])) == 0:
                    break
            time.sleep(0.1)
        left = max(5, int(until - time.monotonic()))
        done = subprocess.run([self.tool, "ready", self.address, str(left)], capture_output=True, text=True)
        if done.returncode != 0:
            self.kill()
            raise BrokerError(f"the broker takes no messages: {done.stderr}\n{self.log_tail()}")

    def log_tail(self):
        log = self.folder / "broker.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-30:]) if log.exists() else ""

    def _end(self, what):
        pid = self.pid()
        if pid is None:
            return
        os.killpg(pid, what)  # the process group that start() made: `timeout` and the broker
        until = time.monotonic() + STOP_SECONDS
        while self._group_lives(pid):
            if time.monotonic() > until:
                os.killpg(pid, signal.SIGKILL)
                until += STOP_SECONDS
            time.sleep(0.05)
        self._save(pid=0)

    @staticmethod
    def _group_lives(group):
        try:
            os.waitpid(group, os.WNOHANG)  # where it is our own child
        except ChildProcessError:
            pass
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        return True

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["fetch", "start", "stop", "kill", "address"])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--tool", help="the program kafka_tool")
    parser.add_argument("--fresh", action="store_true", help="start: forget the folder's data first")
    arguments = parser.parse_intermixed_args()
    try:
        if arguments.action == "fetch":
            jars()
            return 0
        if arguments.folder is None:
            parser.error("a folder is needed")
        broker = Broker(arguments.folder, arguments.tool)
        if arguments.action == "start":
            if arguments.fresh:
                broker.stop()
                shutil.rmtree(broker.folder, ignore_errors=True)
            print(broker.start())
        elif arguments.action == "stop":
            broker.stop()
        elif arguments.action == "kill":
            broker.kill()
        else:
            print(broker.address)
    except BrokerError as error:
        print(f"broker.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
