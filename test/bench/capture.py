"""Writes a line for each ARP, UDP and TCP packet at an interface until it is ended: seconds since 1970 with the kernel's
microseconds, `>` for what this machine sends and `<` for what it receives, the protocol, the other side's address, its
port, our port, the TCP flags and the bytes of payload. An ICMP message that refuses a segment of TCP counts as an answer
to it, with the flag U. Arguments: the interface, the file."""

import socket
import struct
import sys

ETH_P_ALL = 3
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4


def main(interface, file):
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    tap.bind((interface, 0))
    with open(file, "w", buffering=1) as lines:
        lines.write("ready\n")
        while True:
            frame, ancillary, _, address = tap.recvmsg(256, 256)
            line = line_of(frame, address[2] == PACKET_OUTGOING)
            if line is not None:
                lines.write(f"{time_in(ancillary):.6f} {line}\n")


def time_in(ancillary):
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return seconds + nanoseconds / 1e9
    raise RuntimeError("a packet without a time")


def line_of(frame, outgoing):
    way = ">" if outgoing else "<"
    protocol = struct.unpack("!H", frame[12:14])[0]
    if protocol == 0x0806:
        other = frame[38:42] if outgoing else frame[28:32]
        return f"{way} arp {socket.inet_ntoa(other)} 0 0 - 0"
    if protocol != 0x0800:
        return None
    header = 14 + 4 * (frame[14] & 15)
    length = struct.unpack("!H", frame[16:18])[0] - (header - 14)
    other = socket.inet_ntoa(frame[30:34] if outgoing else frame[26:30])
    if frame[23] == 1:
        return refusal_in(frame[header:], way, other)
    kind = {6: "tcp", 17: "udp"}.get(frame[23])
    if kind is None:
        return None
    source, target = struct.unpack("!HH", frame[header : header + 4])
    theirs, ours = (target, source) if outgoing else (source, target)
    if kind == "udp":
        return f"{way} udp {other} {theirs} {ours} - {length - 8}"
    flags = "".join(name for bit, name in enumerate("FSRPA") if frame[header + 13] >> bit & 1)
    payload = length - 4 * (frame[header + 12] >> 4)
    return f"{way} tcp {other} {theirs} {ours} {flags} {payload}"


def refusal_in(message, way, other):
    unreachable, refused = 3, message[8:]
    if message[0] != unreachable or len(refused) < 20 or refused[9] != 6:
        return None
    header = 4 * (refused[0] & 15)
    ours, theirs = struct.unpack("!HH", refused[header : header + 4])
    return f"{way} tcp {other} {theirs} {ours} U 0"


main(*sys.argv[1:])
