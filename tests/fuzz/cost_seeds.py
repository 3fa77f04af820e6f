#!/usr/bin/env python3
"""Makes the seeds of fuzz_cost: what senders made to cost time (tests/bench/traffic/hostile.cc), a piece of each.

Run from the project's root; writes tests/fuzz/corpus/cost.
"""
import pathlib

root = pathlib.Path("tests/fuzz/corpus/cost")
root.mkdir(parents=True, exist_ok=True)
NESTED = "\\u005cu0025%255cu0025%2541\uff11"
texts = {
    "benign": "the report of this quarter shows that customers were served within 24 hours.\n",
    "email_ends": "a@zz" + ".zz" * 73 + " " + NESTED + " ",
    "email_false_ends": "a@1.2" + ".cn" * 70 + " ",
    "nested_escapes": "%25%34%31\\u0025\\u0033\\u0031%5Cu0031%255Cu0031\uff11\u200b2" + NESTED,
    "values_between_escapes": "13812345678," + NESTED + "u12@a.cn," + NESTED,
    "addresses": "".join(f"u{n}@example.com " for n in range(100)),
    "numbers": "".join(f"138{n * 7919 % 10**8:08}," for n in range(1, 100)),
    "labelled_numbers": "".join(f"手机138{n * 7919 % 10**8:08}证号110101199003078670" for n in range(1, 30)),
    "digits": "31415926535897932384626433832795028841971693993751058209749445923078164062862",
    "sevens": "7",
    "at_signs": "a@",
    "dots": ".",
    "card_groups": "4111 ",
    "iban_groups": "LC62 HEMM 0001 0001 0012 0012 0002 3015 ",
    "landlines": "+86 (0755) 2678-9012 ((((0755",
    "keywords": "身份证号码电话手机 id card number phone card ",
    "half_words": "phonphontelcarcaraccoun",
    "words_around": "tel " * 10 + "13812345678 " + "id " * 5,
    "uuids": "13812345-1381-4381-8381-138123456789 d4f1a13812345678c0ffee00 ",
    "json": '{"phone":"13812345678","idCard":"110101199003078670","k":[1,2]},',
    "wide": "１３８１２３４５６７８\u200b1\u200b3",
    "parts": "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n",
    "files": "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\n1\r\n",
    "dashes": "--\r\n",
    "forms": "a=1&b=%31+",
}
for name, text in texts.items():
    kind = {"parts": 4, "files": 4, "dashes": 4, "forms": 3, "json": 2}.get(name, 0)
    (root / name).write_bytes(bytes([0, kind]) + text.encode())
(root / "gbk").write_bytes(bytes([0, 1]) + "身份证号码13812345678".encode("gbk"))
(root / "utf16").write_bytes(bytes([0, 6]) + "身份证13812345678 %31\\u0033".encode("utf-16-le"))
(root / "high_bytes").write_bytes(bytes([0, 0]) + b"\xe4\xb8A\xc3\xff\x81\x30")


def talk(name, how, *records):
    data = b""
    for op, piece in records:
        size = piece if isinstance(piece, int) else len(piece)
        data += bytes([op | (size >> 8) << 3, size & 255]) + (b"" if isinstance(piece, int) else piece)
    (root / name).write_bytes(bytes([1, how]) + data)


AGAIN, CLIENT, SERVER, LOW_TTL, TWICE, HOLE = 0x80, 0, 1, 2, 4, 6
talk("tiny_requests", 0, (AGAIN | CLIENT, b"GET / HTTP/1.1\n\n" * 60))
talk("start_lines", 0, (CLIENT, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
     (AGAIN | CLIENT, b"GET /" * 200 + b"a" * 400))
talk("tls_records", 7, (CLIENT, b"x" + b"\x17\x03\x03\0\0" * 280), (CLIENT, b"\xff" * 6), *[(AGAIN | CLIENT, b"z")] * 20)
# Ciphertext and text by turns: a bypass that begins and ends with every segment.
talk("turns", 2, (CLIENT, b"\x16\x03\x01\0\x06\x01\0\0\x02\x03\x03"),
     *[(CLIENT, b"\x17\x03\x03\0\x80" + bytes((i * i * 7 + i * 31 + n) % 251 for i in range(128))) if n % 2 == 0 else
       (CLIENT, b"13812345678 and some text") for n in range(100)])
talk("doubtful_overlaps", 6, (CLIENT, b"hello\n"), (HOLE | CLIENT, 1), (AGAIN | CLIENT, b"a"),
     (AGAIN | LOW_TTL | CLIENT, b"ab" * 300))
talk("holes", 6, *[(HOLE, 1), (CLIENT, b"13812345678")] * 60)
talk("twice", 6, (AGAIN | TWICE, b"13812345678 " * 100))
talk("both_ways", 6, *[(CLIENT, b"a"), (SERVER, b"b")] * 200)
talk("websocket", 0, (CLIENT, b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
     (SERVER, b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"), (AGAIN | SERVER, b"\x81\x01a" * 50))
talk("chunks", 0, (CLIENT, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), (AGAIN | CLIENT, b"1\r\na\r\n" * 80))
talk("headers", 0, (CLIENT, b"GET / HTTP/1.1\r\n"), (AGAIN | CLIENT, b"a:b\r\n" * 100))
