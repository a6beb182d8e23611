"""Invents machines: arp-crowd.py TARGET_IP TARGET_MAC PREFIX FIRST LAST COUNT SECONDS, in a network namespace only.

Sends COUNT ARP frames from eth0 within SECONDS, each of a machine that does not exist: a random MAC at one of the addresses
PREFIX.FIRST to PREFIX.LAST, by turns as a question to TARGET (which makes its kernel remember the asker), as an answer to it,
and as an announcement to all. Whoever asks for one of those addresses meanwhile is answered with yet another MAC.
"""

import random
import select
import socket
import struct
import sys
import time

ETH_P_ARP = 0x0806
REQUEST, REPLY = 1, 2
BROADCAST = b"\xff" * 6
NOBODY = b"\x00" * 6


def frame(to_mac, sender_mac, sender_ip, target_mac, target_ip, operation):
    """An Ethernet frame with an ARP packet for IPv4 (RFC 826)."""
    head = to_mac + sender_mac + struct.pack("!H", ETH_P_ARP)
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return head + body + sender_mac + sender_ip + target_mac + target_ip


def invented_mac():
    """Of a single machine, its own or randomised."""
    return bytes([random.randrange(0, 256) & 0xFE]) + random.randbytes(5)


def answer(raw, own):
    """Answers a question for one of our addresses."""
    packet = raw.recv(2048)
    if len(packet) < 42 or struct.unpack("!H", packet[20:22])[0] != REQUEST:
        return
    asker_mac, asker_ip, wanted = packet[22:28], packet[28:32], packet[38:42]
    if wanted in own and asker_ip not in own:
        raw.send(frame(asker_mac, invented_mac(), wanted, asker_mac, asker_ip, REPLY))


def main():
    target_ip, target_mac, prefix, first, last, count, seconds = sys.argv[1:8]
    target = socket.inet_aton(target_ip)
    mac = bytes.fromhex(target_mac.replace(":", ""))
    addresses = [socket.inet_aton(f"{prefix}.{n}") for n in range(int(first), int(last) + 1)]
    own = set(addresses)
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP))
    raw.bind(("eth0", ETH_P_ARP))
    count, begun = int(count), time.monotonic()
    gap = float(seconds) / count
    sent = 0
    while sent < count and time.monotonic() - begun < 2 * float(seconds):
        due = begun + sent * gap - time.monotonic()
        if select.select([raw], [], [], max(0.0, due))[0]:
            answer(raw, own)
            if due > 0:
                continue
        address, sender = random.choice(addresses), invented_mac()
        kind = sent % 3
        if kind == 0:
            raw.send(frame(mac, sender, address, NOBODY, target, REQUEST))
        elif kind == 1:
            raw.send(frame(mac, sender, address, mac, target, REPLY))
        else:
            raw.send(frame(BROADCAST, sender, address, BROADCAST, address, REPLY))
        sent += 1
    print(sent, flush=True)


main()
