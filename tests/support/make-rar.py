#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
#
# make-rar.py rar4|rar5 plain|unicode|encrypted|encrypted-names PAYLOAD > archive
#
# RAR archives with one stored member, since no free program writes any. The encrypted ones only
# say that they are encrypted: enough for a reader without the key.
import os
import struct
import sys
import zlib


def vint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def block4(kind, flags, fields):
    head = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head


def rar4(data, name, how):
    flags = 0x8000 | (0x04 if how == "encrypted" else 0)
    if how == "unicode":  # `ab_`, then U+0061, U+0062 in one byte each and U+65E5 in two
        flags |= 0x200
        name = b"ab_\0\0\x08ab\xe5\x65"
    main_flags = 0x80 if how == "encrypted-names" else 0
    fields = struct.pack(
        "<IIBIIBBHI",
        len(data), len(data), 3, zlib.crc32(data), 0x58210000, 29, 0x30, len(name), 0o100644,
    ) + name
    return (
        b"Rar!\x1a\x07\x00"
        + block4(0x73, main_flags, b"\0" * 6)
        + block4(0x74, flags, fields)
        + data
        + block4(0x7B, 0x4000, b"")
    )


def block5(body):
    body = vint(len(body)) + body
    return struct.pack("<I", zlib.crc32(body)) + body


def rar5(data, name, how):
    extra = b""
    if how == "encrypted":
        record = vint(1) + vint(0) + vint(0) + b"\x0f" + b"S" * 16 + b"I" * 16
        extra = vint(len(record)) + record
    head = vint(2) + vint(0x03 if extra else 0x02)
    if extra:
        head += vint(len(extra))
    head += vint(len(data)) + vint(4) + vint(len(data)) + vint(0o100644)
    head += struct.pack("<I", zlib.crc32(data)) + vint(0) + vint(1) + vint(len(name)) + name
    key = block5(vint(4) + vint(0) + vint(0) + vint(0) + b"\x0f" + b"S" * 16)
    return (
        b"Rar!\x1a\x07\x01\x00"
        + (key if how == "encrypted-names" else b"")
        + block5(vint(1) + vint(0) + vint(0))
        + block5(head + extra)
        + data
        + block5(vint(5) + vint(0) + vint(0))
    )


def main():
    kind, how, path = sys.argv[1:]
    with open(path, "rb") as file:
        data = file.read()
    name = os.fsencode(os.path.basename(path))
    if how == "unicode":
        name = "ab\u65e5".encode()
    sys.stdout.buffer.write({"rar4": rar4, "rar5": rar5}[kind](data, name, how))


main()
