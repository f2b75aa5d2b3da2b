# SPDX-License-Identifier: Apache-2.0
"""What a page, a picture of it, or metrics must be.

    page.py html FILE        balanced, nothing is fetched or run, each text is text
    page.py form FILE        the same, with forms and links that lead to the page itself
    page.py png FILE         prints WIDTH HEIGHT COLOURS, how many colours a picture has
    page.py prometheus FILE  the text format, as the textfile collector reads it; prints a line of JSON: names to samples

Exit status 1, and why, if it is not.
"""

import html.parser
import json
import re
import struct
import sys
import zlib

VOID = {"meta", "br", "input"}


class Page(html.parser.HTMLParser):
    def __init__(self, forms=False):
        super().__init__()
        self.open, self.ids = [], []
        self.forms = forms

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "base", "image", "use"), tag
        assert self.forms or tag not in ("form", "input", "button"), tag
        for name, value in attributes:
            if self.forms and (tag, name) in (("form", "action"), ("a", "href")) and value in ("?", "?progress"):
                continue
            assert not name.startswith("on") and name not in ("src", "href", "srcset", "style", "xlink:href", "action"), name
            assert value is None or "url(" not in value, value
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open, self.getpos())
        self.open.pop()


def check_html(text, forms=False):
    page = Page(forms)
    page.feed(text)
    page.close()
    assert not page.open, page.open
    assert text.startswith("<!DOCTYPE html>")
    assert not re.search(r"https?:|@import|url\(|javascript:", text), "something from elsewhere"
    # That of a page that a program answers with is in its headers.
    assert forms or "default-src 'none'" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), "control characters"


def png(data):
    """The pixels of a picture without interlace, 8 bits a channel."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
            assert depth == 8 and interlace == 0
            step = {0: 1, 2: 3, 4: 2, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += body
        at += size + 12
    raw, colours, before = zlib.decompress(packed), set(), bytearray(width * step)
    for y in range(height):
        kind = raw[y * (width * step + 1)]
        line = bytearray(raw[y * (width * step + 1) + 1:(y + 1) * (width * step + 1)])
        for x in range(len(line)) if kind else ():
            a = line[x - step] if x >= step else 0
            b = before[x]
            c = before[x - step] if x >= step else 0
            if kind == 1:
                line[x] = (line[x] + a) & 255
            elif kind == 2:
                line[x] = (line[x] + b) & 255
            elif kind == 3:
                line[x] = (line[x] + (a + b) // 2) & 255
            else:
                p = a + b - c
                pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                line[x] = (line[x] + (a if pa <= pb and pa <= pc else b if pb <= pc else c)) & 255
        if y % 7 == 0:
            colours.update(bytes(line[x:x + step]) for x in range(0, len(line), step))
        before = line
    return width, height, len(colours)


LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'


def prometheus(text):
    assert text.endswith("\n")
    typed, helped, samples, current = {}, set(), {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            assert current not in helped, f"{current} twice"
            helped.add(current)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and kind == "gauge" and name not in typed, line
            typed[name] = kind
            continue
        match = re.fullmatch(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.]+(?:[eE][+-]?[0-9]+)?)", line)
        assert match, line
        name, labels, value = match[1], match[2] or "", float(match[3])
        assert re.fullmatch(f"(?:{LABEL}(?:,{LABEL})*)?", labels), line
        assert name == current and name in typed, f"{name} outside of its block"
        pairs = [(key, re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)) for key, text in re.findall(LABEL, labels)]
        assert len(dict(pairs)) == len(pairs), line
        assert "instance" not in dict(pairs), "a label of Prometheus itself"
        key = json.dumps(sorted(pairs))
        assert key not in samples.setdefault(name, {}), f"twice: {line}"
        samples[name][key] = value
        assert name.startswith("rs_"), name
    return {name: [{"labels": dict(json.loads(k)), "value": v} for k, v in each.items()] for name, each in samples.items()}


def main():
    what, path = sys.argv[1:3]
    with open(path, "rb") as file:
        data = file.read()
    if what == "html":
        check_html(data.decode())
    elif what == "form":
        check_html(data.decode(), forms=True)
    elif what == "png":
        print(*png(data))
    else:
        print(json.dumps(prometheus(data.decode())))


try:
    main()
except AssertionError as e:
    sys.exit(f"{sys.argv[2]}: {e}")
