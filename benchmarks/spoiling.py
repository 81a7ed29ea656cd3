"""Bad requests, as bytes, made by spoiling good ones in one way each: what no generator of a schema thinks of."""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import urlencode
from uuid import UUID

Headers = tuple[tuple[str, str], ...]
NOBODY = UUID(int=0)
_MORE_THAN_IS_TAKEN = 5_100_000


@dataclass(frozen=True, slots=True)
class Good:
    """A request that would be answered well, but for the one thing that is spoiled. Headers in Latin-1."""

    method: str
    path: str
    headers: Headers = ()
    body: bytes = b""

    def wire(self, *, length: bool = True) -> bytes:
        """As it goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if length and (self.body or self.method not in {"GET", "DELETE"}):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body

    def having(self, name: str, value: str | None) -> "Good":
        """With another value of a header, or without it."""
        rest = tuple(one for one in self.headers if one[0].lower() != name.lower())
        return replace(self, headers=rest if value is None else (*rest, (name, value)))


@dataclass(frozen=True, slots=True)
class Bad:
    """A request that must be refused: how it was made, where it goes, and its bytes."""

    way: str
    path: str
    wire: bytes


Spoil = Callable[[Random, Good], bytes]


def _with_body(change: Callable[[Random, bytes], bytes]) -> Spoil:
    return lambda random, good: replace(good, body=change(random, good.body)).wire()


def _with_header(name: str, *values: str) -> Spoil:
    return lambda random, good: good.having(name, random.choice(values)).wire()


def _inserted(text: bytes) -> Spoil:
    """The members in ``text`` put first into the outermost object."""
    return _with_body(lambda _, body: body.replace(b"{", b"{" + text + b", ", 1))


def _in_chunks(*chunks: bytes) -> Spoil:
    def spoil(random: Random, good: Good) -> bytes:
        head = replace(good.having("Transfer-Encoding", "chunked"), body=b"").wire(length=False)
        return head + random.choice(chunks)

    return spoil


_DEEP = b"[" * 50_000
BODIES: Mapping[str, Spoil] = {
    "cut off": _with_body(lambda random, body: body[: random.randrange(1, len(body))]),
    "something behind it": _with_body(lambda random, body: body + random.choice([b"}", b"{}", b"x", b",", b"\0"])),
    "UTF-16": _with_body(lambda _, body: body.decode().encode("utf-16")),
    "byte order mark": _with_body(lambda _, body: b"\xef\xbb\xbf" + body),
    "no UTF-8": _with_body(lambda _, body: body.replace(b'": "', b'": "\xe4\xff', 1)),
    "half a character": _inserted(b'"zz": "\\ud83d"'),
    "a raw NUL": _with_body(lambda _, body: body.replace(b'": "', b'": "\0', 1)),
    "no number": _inserted(b'"zz": NaN'),
    "no number, endless": _inserted(b'"zz": -Infinity'),
    "a number of thousands of digits": _inserted(b'"zz": ' + b"9" * 6_000),
    "a number too large": _inserted(b'"zz": 1e999'),
    "a name twice": _inserted(b'"zz": 1, "zz": 2'),
    "an unknown field": _inserted(b'"ZZ_unknown": 1'),
    "deep": _with_body(lambda _, __: _DEEP),
    "deep, and closed": _inserted(b'"zz": ' + b"[" * 400 + b"]" * 400),
    "deep objects": _with_body(lambda _, __: b'{"a":' * 50_000),
    "many names": _inserted(b", ".join(b'"K%d": 1' % number for number in range(3_000))),
    "many flaws": _inserted(b'"zz": [' + b", ".join([b"NaN"] * 5_000) + b"]"),
    "no object": _with_body(lambda random, _: random.choice([b"null", b"1", b'"x"', b"[1, 2]", b"true", b"[[]]"])),
    "not JSON": _with_body(lambda random, _: random.choice([b"{'a': 1}", b"<a/>", b"a=b", b"// no\n{}", b"\x80\x04K"])),
    "noise": _with_body(lambda random, _: b"\xff" + random.randbytes(random.randrange(1, 3_000))),
    "compressed": _with_body(lambda _, body: gzip.compress(body)),
    "compressed, and says so": lambda _, good: (
        replace(good, body=gzip.compress(good.body)).having("Content-Encoding", "gzip").wire()
    ),
    "deflated": lambda _, good: (
        replace(good, body=zlib.compress(good.body)).having("Content-Encoding", "deflate").wire()
    ),
    "says that it is compressed": _with_header("Content-Encoding", "gzip", "br", "deflate", "identity, gzip", "x"),
    "another media type": _with_header(
        "Content-Type", "text/plain", "application/xml", "application/octet-stream", "", "x", "image/png", "*/*"
    ),
    "another charset": lambda _, good: good.having(
        "Content-Type", f"{dict(good.headers)['Content-Type']}; charset=utf-16"
    ).wire(),
    "chunks that are none": _in_chunks(
        b"zz\r\n{}\r\n0\r\n\r\n", b"5\r\n{}", b"-1\r\n", b"\r\n", b"2;a=\r\r\n{}\r\n0\r\n"
    ),
    "a transfer coding that nobody knows": _with_header("Transfer-Encoding", "gzip", "x", "chunked, x", "identity, x"),
    "a length that is none": lambda random, good: good.having(
        "Content-Length", random.choice(["-1", "x", "1e3", "0x10", "", "9" * 30])
    ).wire(length=False),
    "two lengths": lambda _, good: good.having("Content-Length", "3").wire(),
    "a length too long": lambda _, good: good.having("Content-Length", str(len(good.body) + 100)).wire(length=False),
}
"""Ways to spoil a request with a JSON document."""

ANY: Mapping[str, Spoil] = {
    "no token": lambda _, good: good.having("Authorization", None).wire(),
    "no good token": _with_header(
        "Authorization",
        "Bearer",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer \xe9\xff",
        "Basic \xe9",
        "Basic Og==",
        "x" * 7_000,
        "Bearer " + "A" * 7_000,
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Digest username=x",
        "Negotiate",
        "",
    ),
    "another method": lambda random, good: replace(
        good, method=random.choice(["PUT", "PATCH", "TRACE", "FOO", "PROPFIND", "LINK"])
    ).wire(),
    "a method that is none": lambda random, good: replace(
        good, method=random.choice(["post", "PO ST", "P\x01", "A" * 300, ""])
    ).wire(),
    "another path": lambda random, good: replace(
        good, path=good.path.partition("?")[0] + random.choice(["/%00", "/%ff%fe", "/x/../y", "/" + "x" * 3_000])
    ).wire(),
    "a path that is too long": lambda _, good: replace(good, path=good.path + "/" + "x" * 9_000).wire(),
    "a path of noise": lambda random, good: replace(
        good, path=f"/v1/{random.choice(['%', '%zz', '%c3%28', '', '%2e%2e/', ';', '|'])}{random.random()}"
    ).wire(),
    "NUL in the query": lambda _, good: replace(good, path=good.path.partition("?")[0] + "?start=%00").wire(),
    "a header that is too long": _with_header("X-More", "x" * 9_000),
    "too many headers": lambda _, good: replace(
        good, headers=good.headers + tuple((f"X-{number}", "x") for number in range(120))
    ).wire(),
    "a header that is none": lambda random, good: good.wire().replace(
        b"\r\nConnection",
        random.choice([b"\r\nno colon", b"\r\n: x", b"\r\nA b: c", b"\r\nX: a\0b", b"\r\n x"]) + b"\r\nConnection",
        1,
    ),
    "another protocol": lambda random, good: good.wire().replace(
        b"HTTP/1.1", random.choice([b"HTTP/9.9", b"HTTP/x", b"RTSP/1.0", b"", b"HTTP/1.1 x"]), 1
    ),
    "bytes that are no request": lambda random, _: (
        random.choice([b"\x16\x03\x01\x02\0", b"\0" * 40, b"\r\n", b"SSH-2.0-x\r\n"])
        + random.randbytes(60)
        + b"\r\n\r\n"
    ),
}
"""Ways to spoil any request to the API."""

BINARY: Mapping[str, Spoil] = {
    "no version": _with_header("ce-specversion", "0.3", "1.0, 1.0", "", "\xe9", "1"),
    "no type": lambda _, good: good.having("ce-type", None).wire(),
    "no UTF-8 in an attribute": _with_header("ce-id", "%ff", "%c3%28", "%80"),
    "no time": _with_header("ce-time", "yesterday", "2025-13-01T00:00:00Z", "0000-01-01T00:00:00Z", "1"),
    "an attribute that is too long": _with_header("ce-subject", "x" * 129, "x" * 7_000),
    "a name of no attribute": _with_header("ce-No_Name", "x"),
    "data as an attribute": _with_header("ce-data", "{}"),
    "no known type": _with_header("ce-type", "x", "org.dvcw.no.such.v1", "%00"),
}
"""Ways to spoil an event in binary mode."""

PAGES: Mapping[str, Spoil] = {
    "no proof of the form": _with_body(lambda _, __: urlencode({"reason": "x", "username": "x"}).encode()),
    "from another site": _with_header("Sec-Fetch-Site", "cross-site", "same-site", "none", "\xe9"),
    "a broken multipart form": lambda random, good: (
        replace(good, body=b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + random.randbytes(200))
        .having("Content-Type", random.choice(["multipart/form-data", "multipart/form-data; boundary=x"]))
        .wire()
    ),
    "a form that is too large": _with_body(lambda _, body: body + b"&reason=" + b"x" * 600_000),
    "a form of too many fields": _with_body(lambda _, body: body + b"&a=b" * 5_000),
    "noise": _with_body(lambda random, _: random.randbytes(random.randrange(1, 2_000))),
    "another method": lambda random, good: replace(good, method=random.choice(["PUT", "DELETE", "FOO"])).wire(),
    "no place": lambda random, good: replace(
        good,
        method="GET",
        path=f"/{random.choice(['inbox?start=x', 'tasks?start=%ff', 'cases/x', 'inbox/%00'])}",
        body=b"",
    ).wire(),
}
"""Ways to spoil a form or a page."""


def too_large(good: Good) -> Bad:
    """A body larger than any that is taken."""
    return Bad("too large", good.path, replace(good, body=b'{"zz": "' + b"x" * _MORE_THAN_IS_TAKEN + b'"}').wire())


def spoiled(random: Random, good: Good) -> Bad:
    """A good request, spoiled in one way that fits it."""
    names = {name.lower() for name, _ in good.headers}
    if not good.path.startswith(("/v1/", "/oauth/")):
        ways = dict(PAGES)
    elif "ce-id" in names:
        ways = {**ANY, **BINARY}
    elif good.body.startswith((b"{", b"[")):
        ways = {**ANY, **BODIES}
    else:
        ways = dict(ANY)
    way = random.choice(sorted(ways))
    return Bad(way, good.path, ways[way](random, good))


def document(value: object) -> bytes:
    """A JSON document with spaces where Python puts them: the ways to spoil one look for them."""
    return json.dumps(value).encode()
