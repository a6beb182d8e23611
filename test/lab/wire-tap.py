"""Writes a line for each frame at an interface until it is ended: seconds since 1970 with the kernel's microseconds, `>`
for what this machine sends and `<` for what it receives, and the first 512 bytes of it in hex. Arguments: the interface,
the file."""

import socket
import struct
import sys

ETH_P_ALL = 3
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
FRAME_BYTES = 512


def main(interface, file):
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    tap.bind((interface, 0))
    with open(file, "w", buffering=1) as lines:
        lines.write("ready\n")
        while True:
            frame, ancillary, _, address = tap.recvmsg(FRAME_BYTES, 256)
            way = ">" if address[2] == PACKET_OUTGOING else "<"
            lines.write(f"{time_in(ancillary):.6f} {way} {frame.hex()}\n")


def time_in(ancillary):
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return seconds + nanoseconds / 1e9
    raise RuntimeError("a frame without a time")


main(*sys.argv[1:])
