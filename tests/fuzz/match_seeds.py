#!/usr/bin/env python3
"""Makes the seeds of fuzz_match and fuzz_pack: texts and packs that reach into every branch, cut in many places.

Run from the project's root; writes tests/fuzz/corpus/match and tests/fuzz/corpus/pack.
"""
import pathlib
import yaml

root = pathlib.Path("tests/fuzz/corpus")
texts = {
    "labelled": "身份证号：11010519491231002X，手机13812345678，邮箱zhang.san@qq.com，卡号4111 1111 1111 1111。" * 3,
    "json": '{"idCard":"110101199003078670","orderId":"4111111111111111","phone":"+86-186-1234-5678"}' * 4,
    "form": "a=1&mobile=13812345678&email=a%40b.com&card=6222021234567890128&x=%31%33%38%31%32%33%34%35%36%37%38",
    "xml": "<p><iban>GB82 WEST 1234 5698 7654 32</iban><tel type='x'>(010)62345678</tel><ssn>536-90-4399</ssn></p>",
    "groups": "4111 1111 1111 1111 123 1234 1234 1234 1234 5678-5678-5678-5678 0.4111111111111111 1 1 1",
    "digits": "1234567890" * 40 + " 8888 8888 8888 8888 " + "7" * 300,
    "at": "a@b@c.com x@@y a.b.c@d.e.f.cn " + "x" * 70 + "@long.com z***@q.com",
    "han": "电话号码护照E12345678身份證G123456(A)統一編號A123456789统一社会信用代码91110000600037341L" * 2,
    "wide": "手机１３８１２３４５６７８ \\u0031\\u0033 \u200b1\u200b3 %2531",
    "names": "=?UTF-8?B?MTEwMTAxMTk5MDAzMDc4NjcwLnR4dA==?= /f/MTEwMTAxMTk5MDAzMDc4Njcw &#49;&#x33;8&nbsp;1 \\x31\\061\\u{31}%u0031 〡〢〣 ①②③ 一二三"
             " <b>1</b> 110101%1990%0307%8670 1\0" "3\0" "8\0 VwBYADIANQA4ADAAMwA2AAj/MwAJ/w==",
    "uuid": "13812345-1381-4381-8381-138123456789 d4f1a13812345678c0ffee00 1748503543012 20250529072543",
    "edge": "",
}
(root / "match").mkdir(parents=True, exist_ok=True)
for name, text in texts.items():
    for cuts in ([], [8], [1] * 15, [3, 9, 14, 2, 7]):
        head = bytes([len(cuts)] + cuts)
        (root / "match" / f"{name}-{len(cuts)}").write_bytes(head + text.encode())

detector = {
    "id": "my.badge", "title": {"en": "Badge", "zh": "工牌"}, "description": {"en": "A badge.", "zh": "工牌。"},
    "category": "custom", "keyword": "raises", "base": 35, "anchor": "digits", "shape": "B[0-9]{6}",
    "mask": {"tail": 1}, "keywords": {"zh": ["工牌"], "en": ["badge no"]},
    "samples": {"valid": [{"text": "badge B123457", "value": "B123457"}], "invalid": [{"text": "B12345"}]},
}
pack = {"pack": "my", "version": "1.0.0", "title": {"en": "Mine", "zh": "我的"}, "detectors": [detector]}


def variant(name, **changes):
    changed = {**detector, **changes}
    changed = {key: value for key, value in changed.items() if value is not None}
    text = yaml.safe_dump({**pack, "detectors": [changed]}, allow_unicode=True, sort_keys=False)
    (root / "pack" / f"{name}.yaml").write_text(text)


(root / "pack").mkdir(parents=True, exist_ok=True)
variant("good")
variant("expression", anchor="expression", expressions=["B[0-9]{6}", "C[0-9]{2}x"], shape=None)
variant("expression-and-shape", anchor="expression", expressions=["[0-9]{6}"])
variant("back-reference", shape="B([ -]?)[0-9]{3}\\1[0-9]{3}")
variant("look-around", shape="B(?!0)[0-9]{6}(?<=7)")
variant("unbounded", shape="B[0-9]+")
variant("nested", shape="(((((a{1,9}){1,9}){1,9}){1,9}){1,9}){1,9}")
variant("states", shape="[ab]{0,40}a[ab]{15}c1234")
variant("classes", shape="[^\\d\\-\\]]{2}[一-龥]\\x{4e2d}\\x411234")
variant("at", anchor="at_sign", shape="[a-z]{1,64}@[a-z.]{1,200}", separators=" -")
variant("wins", wins_over=["my.badge", "no.such"])
variant("unknown", categroy="x")
variant("case", case_insensitive=True, boundary="digits", validators=["luhn"], contrary={"en": ["order no"]})
(root / "pack" / "alias.yaml").write_text("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n")
(root / "pack" / "broken.yaml").write_text("pack: [my\n")
(root / "pack" / "deep.yaml").write_text("[" * 3000)
