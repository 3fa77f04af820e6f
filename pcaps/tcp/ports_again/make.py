#!/usr/bin/python3
"""Uploads that fall silent in their middle, and hours later other connections on the same ports, captured without their
SYN: some when only the packets of connections that go on have told of the hours, some as the first packets after them."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, People, csv_of
from lab.holes import write_frames
from lab.script import Conversation

draw = People("ports_again")
case = Case(__file__)
numbers = random.Random("ports_again")
EVENING, MORNING = 1_790_000_000, 1_790_000_000 + 9 * 3600
DETECTORS = ("cn.resident_id", "cn.mobile", "net.email")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
frames, seen = [], 0


def post(people, missing=0):
    body = csv_of(people).encode()
    return b"POST /api HTTP/1.1\r\nHost: app.example.com\r\nContent-Length: %d\r\n\r\n" % (len(body) + missing) + body


def say(talk, source, data):
    global seen
    talk.say(source, data)
    seen += len(data)


def truth(people):
    case.persons(people)
    case.item("initiator", "body", {name: len(people) for name in DETECTORS})


evening = []
for i in range(12):
    people = draw.persons(3)
    talk = Conversation(43000 + i, 80, EVENING + i)
    say(talk, CLIENT4, post(people, missing=40))
    evening.append(talk)
    truth(people)
# Six go on in the morning: the capture's clock might as well have been set.
for i, talk in enumerate(evening[:6]):
    talk.time = MORNING + 10 + i
    say(talk, CLIENT4, b"." * 40)
    say(talk, SERVER4, OK)
    talk.end()
# The others' ports are other connections': the first of them before anything else is heard, the last minutes later.
for i, after in zip(range(6, 12), (0, 12, 13, 17, 400, 900)):
    people = draw.persons(4)
    talk = Conversation(43000 + i, 80, MORNING + after, handshake=False)
    for side in talk.next:
        talk.next[side] = numbers.randrange(1 << 30, 1 << 32)
    say(talk, CLIENT4, post(people))
    say(talk, SERVER4, OK)
    talk.end()
    evening.append(talk)
    truth(people)
for talk in evening:
    frames += talk.frames
frames.sort(key=lambda frame: frame.time)
write_frames(os.path.join(case.folder, "input.pcap"), frames)
case.write("Ports that are used again", "Another connection on the ports of a silent one is read as itself though its SYN was not "
           "captured; no hole is told.",
           "written by a script with scapy",
           payload={"seen": seen, "read": seen, "duplicate": 0, "unread": {}, "gap": 0},
           tshark_faults=dict.fromkeys(("initiator", "responder"), "tshark takes both connections of a port for one"))
