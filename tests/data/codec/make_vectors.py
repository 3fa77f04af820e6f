#!/usr/bin/env python3
"""Makes the vectors of tests/unit/parsers/codec beside this file, with Python's standard library.

  inflate.txt   name, wrapper (gzip, zlib, raw), coded bytes, what they decode to, what is left over
  charset.txt   label, bytes, the same as UTF-8
  percent.txt   escaped text, '+' as a space (0 or 1), what it says
  unicode.txt   text with \\u escapes, what it says
All but names and labels in hex. zeros_10mb.zlib: a bomb. han.*.bin: the Han characters of a charset, in the order of han.*.utf8.
"""
import gzip
import io
import json
import pathlib
import random
import struct
import urllib.parse
import zlib

here = pathlib.Path(__file__).parent
rng = random.Random(20121228)


def write(name, rows):
    with open(here / name, "w", encoding="ascii", newline="\n") as f:
        for row in rows:
            f.write("\t".join(c if isinstance(c, str) else (c.hex() or "-") for c in row) + "\n")


def raw(data, level=6, strategy=0):
    c = zlib.compressobj(level, zlib.DEFLATED, -15, 8, strategy)
    return c.compress(data) + c.flush()


def member(data, level=6, flags=0, extra=b"", name=b"", comment=b""):
    """A gzip member by RFC 1952, with any optional fields."""
    head = b"\x1f\x8b\x08" + bytes([flags]) + struct.pack("<I", 1356652800) + b"\x00\x03"
    if flags & 4:
        head += struct.pack("<H", len(extra)) + extra
    if flags & 8:
        head += name + b"\0"
    if flags & 16:
        head += comment + b"\0"
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    return head + raw(data, level) + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


text = "".join(f"user{rng.randrange(1000)},{rng.randrange(10**11)},北京市海淀区\n" for _ in range(12)).encode()
noise = bytes(rng.randrange(256) for _ in range(300))
buffer = io.BytesIO()
with gzip.GzipFile("list.csv", "wb", fileobj=buffer, mtime=0) as f:
    f.write(text)
rows = [
    ("python_gzip", "gzip", gzip.compress(text, mtime=0), text, b""),
    ("file_name", "gzip", buffer.getvalue(), text, b""),
    ("all_fields", "gzip", member(text, flags=31, extra=b"AB\x04\x00data", name=b"list.csv", comment=b"all"), text, b""),
    ("empty_fields", "gzip", member(text, flags=30), text, b""),
    ("stored", "gzip", member(noise, level=0), noise, b""),
    ("empty", "gzip", member(b""), b"", b""),
    ("two_members", "gzip", member(text[:100]) + member(text[100:], flags=8, name=b"x"), text, b""),
    ("many_empty_members", "gzip", member(b"") * 5 + member(b"end"), b"end", b""),
    ("zero_padding", "gzip", member(text) + b"\0" * 40, text, b""),
    ("junk", "gzip", member(text) + b"and then 13812345678", text, b"and then 13812345678"),
    ("short_junk", "gzip", member(b"a") + b"J", b"a", b"J"),
    ("magic_like_junk", "gzip", member(b"a") + b"\x1fJunk", b"a", b"\x1fJunk"),
    ("zlib_text", "zlib", zlib.compress(text, 9), text, b""),
    ("zlib_small_window", "zlib", (lambda c: c.compress(text) + c.flush())(zlib.compressobj(9, 8, 9)), text, b""),
    ("zlib_junk", "zlib", zlib.compress(b"abc") + b"tail of it", b"abc", b"tail of it"),
    ("raw_text", "raw", raw(text), text, b""),
    ("raw_fixed", "raw", raw(text, 6, zlib.Z_FIXED), text, b""),
    ("raw_huffman", "raw", raw(noise, 6, zlib.Z_HUFFMAN_ONLY), noise, b""),
    ("raw_junk", "raw", raw(b"abcabcabc") + b"0123456789", b"abcabcabc", b"0123456789"),
]
write("inflate.txt", rows)
(here / "zeros_10mb.zlib").write_bytes(zlib.compress(bytes(10**7), 9))

chinese = "姓名：张伟，身份证号码11010519491231002X，手机138 1234 5678；住址：北京市朝阳区建国路1号。"
traditional = "姓名：陳大文，身分證字號A123456789，電話0912345678；住址：臺北市信義區市府路1號。"
rows = []
for label in ("utf-8", "UTF8", "gb18030"):
    rows.append((label, (chinese + "㐂𠮷𪚥é€😀").encode(label), (chinese + "㐂𠮷𪚥é€😀").encode()))
for label in ("gbk", "gb2312", "x-gbk", " GBK ", "cp936"):
    rows.append((label, chinese.encode("gbk"), chinese.encode()))
for label in ("big5", "Big5-HKSCS", "cn-big5"):
    rows.append((label, traditional.encode("big5hkscs"), traditional.encode()))
rows.append(("utf-16", (chinese + "𠮷").encode("utf-16-le"), (chinese + "𠮷").encode()))
rows.append(("utf-16be", (chinese + "𠮷").encode("utf-16-be"), (chinese + "𠮷").encode()))
rows.append(("utf-32le", (chinese + "𠮷").encode("utf-32-le"), (chinese + "𠮷").encode()))
rows.append(("utf-32be", (chinese + "𠮷").encode("utf-32-be"), (chinese + "𠮷").encode()))
rows.append(("shift_jis", "氏名：山田太郎、電話 03-1234-5678 ｱｲｳ".encode("cp932"), "氏名：山田太郎、電話 03-1234-5678 ｱｲｳ".encode()))
rows.append(("euc-jp", "氏名：山田太郎、電話 03-1234-5678 ｱｲｳ丂".encode("euc_jp"), "氏名：山田太郎、電話 03-1234-5678 ｱｲｳ丂".encode()))
rows.append(("euc-kr", "이름: 홍길동, 주민등록번호 똠방".encode("cp949"), "이름: 홍길동, 주민등록번호 똠방".encode()))
for label, codec, sample in (
    ("iso-8859-1", "cp1252", "Müller, 50 € – “Straße”"),
    ("latin1", "cp1252", "naïve café"),
    ("windows-1251", "cp1251", "Иванов Иван, паспорт 4509 123456"),
    ("koi8-r", "koi8_r", "Иванов Иван"),
    ("iso-8859-2", "iso8859_2", "Łukasz Żółć"),
    ("windows-874", "cp874", "ชื่อ ๑๒๓"),
):
    rows.append((label, sample.encode(codec), sample.encode()))
write("charset.txt", rows)

han = "".join(chr(c) for c in range(0x4E00, 0x9FA6))
(here / "han.gb18030.bin").write_bytes(han.encode("gb18030"))
(here / "han.gb18030.utf8").write_bytes(han.encode())
quads = "".join(chr(c) for c in [*range(0x3400, 0x3500), *range(0x1100, 0x1200), *range(0x20000, 0x20100)])
(here / "quads.gb18030.bin").write_bytes(quads.encode("gb18030"))
(here / "quads.gb18030.utf8").write_bytes(quads.encode())
big5 = [c for c in han if c.encode("big5", "ignore") and c.encode("big5").decode("big5hkscs", "ignore") == c]
(here / "han.big5.bin").write_bytes("".join(big5).encode("big5"))
(here / "han.big5.utf8").write_bytes("".join(big5).encode())

rows = []
for s in (chinese, traditional, "a b&c=d+e/100%", "é€😀𠮷", "~-._", "%41 stays", ""):
    rows.append((urllib.parse.quote(s, safe="").encode(), "0", s.encode()))
    rows.append((urllib.parse.quote_plus(s, safe="").encode(), "1", s.encode()))
rows.append((urllib.parse.quote(chinese, safe="", encoding="gbk").encode(), "0", chinese.encode()))
# As browsers write GBK forms: a trail that is an ASCII letter stands for itself.
trails = "镕丄丅倀亐岯"
loose = "".join(chr(b) if chr(b).isalnum() and b < 0x80 else f"%{b:02X}" for b in trails.encode("gbk"))
rows.append((loose.encode(), "0", trails.encode()))
rows.append(("".join(f"%{b:02x}" for b in "㐂é1".encode("gb18030")).encode(), "0", "㐂é1".encode()))
write("percent.txt", rows)

rows = []
for s in (chinese, traditional, "é€😀𠮷", "tab\tand \"quote\"", "plain"):
    escaped = json.dumps(s)[1:-1]
    said = "".join(c if ord(c) >= 0x7F else json.dumps(c)[1:-1] for c in s)
    rows.append((escaped.encode(), said.encode()))
    everything = "".join(f"\\u{u:04X}" for u in struct.unpack(f"<{len(s.encode('utf-16-le')) // 2}H", s.encode("utf-16-le")))
    rows.append((everything.encode(), s.encode()))
write("unicode.txt", rows)
