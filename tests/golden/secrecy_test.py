#!/usr/bin/python3
"""The leak search itself: each way of leaking is found, and what an alert may show is not taken for a leak."""
import base64
import hashlib
import unittest

from secrecy import leaks

ID = "110199199003078670"
SEEDS = [ID, "13812345678", "wang.bun91@example.com", "王小明", "G123456(A)"]


class Leaks(unittest.TestCase):
    def found(self, output, digests=()):
        return list(leaks(output, SEEDS, digests))

    def test_each_way_of_leaking_is_found(self):
        ways = {"clear": f'{{"value":"{ID}"}}', "part of it": f"…{ID[4:15]}…",
                "json escapes": '{"n":"\\u738b\\u5c0f\\u660e"}', "percent": "/user/%E7%8E%8B%E5%B0%8F%E6%98%8E",
                "local part": "wang.bun91@***", "brackets left out": "G123456A", "escaped digits": '{"v":"\\u0031\\u0033812345678"}',
                "percent twice": '{"v":"%2531%2533%2538%2531%2532%2533%2534%2535678"}', "entities": '{"v":"1&#51;&#x38;12345678"}',
                "full width": '{"v":"１３８１２３４５６７８"}', "Han": '{"v":"一三八一二三四五六七八"}',
                "separated": '{"v":"1101 9919 9003 0786 70.txt"}', "slashes": "/138/123/45/678/", "circled": "①③⑧ ①②③④⑤⑥⑦⑧",
                "a word": '{"v":"=?UTF-8?B?' + base64.b64encode(ID.encode()).decode() + '?="}',
                "base64": "/f/" + base64.b64encode(ID.encode()).decode() + "/x",
                "invisible": '{"v":"138\\u200b123\\u200b45678"}', "who": '{"v":"wang%2Ebun91%40example.com"}',
                "%u": '{"v":"%u0031%u0033%u0038%u0031%u0032%u0033%u0034%u0035"}',
                "part": '{"v":"…x 9919 900 y"}'}
        for kind in ("md5", "sha1", "sha256"):
            digest = hashlib.new(kind, ID.encode())
            ways[kind] = digest.hexdigest()
            ways[kind + " upper case"] = '"' + digest.hexdigest().upper() + '"'
            ways[kind + " base64"] = '"' + base64.b64encode(digest.digest()).decode() + '"'
            ways[kind + " base64url"] = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        for what, output in ways.items():
            with self.subTest(what):
                self.assertTrue(self.found(output))

    def test_digest_of_an_item_is_found(self):
        digest = hashlib.sha256(b"a small upload").hexdigest()
        self.assertTrue(self.found(f'{{"hashes":["{digest}"]}}', [digest]))

    def test_what_an_alert_may_show(self):
        self.assertEqual(self.found('{"value":"110***********8670","mail":"w***@example.com","time":1767225600000,'
                                    '"token":"k0f1e2d3c:4b5a69788796a5b4c3d2e1f00f1e2d3c","excerpt":"999999999999999999"}'), [])


if __name__ == "__main__":
    unittest.main()
