#!/usr/bin/python3
"""Notes in which values touch marks, letters and other values, and wrong check digits stand beside right ones."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
from lab import CLIENT4, SERVER4, Case, People
from lab.holes import write_frames
from lab.script import Conversation

people = People("touching").persons(32)
bold, listed, glued, address = people[:8], people[8:16], people[16:24], people[24:]


def wrong(person):
    """The same number with another check character."""
    number = person["resident_id"]
    return number[:-1] + ("7" if number[-1] != "7" else "4")


text = "".join(f"- **{p['resident_id']}**\n" for p in bold)
text += "".join(f"{n}.{p['resident_id']}\n" for n, p in enumerate(listed, 1))
text += "".join(f"ID{p['resident_id']} ok\n" for p in glued)
text += "".join(f"{p['resident_id']}@example.com\n" for p in address)
text += "".join(f"{wrong(p)}\n" for p in people + people[:8])
body = text.encode()
case = Case(__file__)
case.persons(people, ("resident_id",))
case.item("initiator", "body", {"cn.resident_id": 32, "net.email": 8}, body)
talk = Conversation(43001, 80, 1_790_000_000)
talk.say(CLIENT4, b"POST /notes HTTP/1.1\r\nHost: app.example.com\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
talk.say(SERVER4, b"HTTP/1.1 204 No Content\r\n\r\n")
talk.end()
write_frames(os.path.join(case.folder, "input.pcap"), talk.frames)
case.write("Values that touch something", "Bold, list numbers, letters in front, an address around a value, and wrong check digits beside "
           "it hide nothing.", "frames by script, HTTP/1.1 over IPv4")
