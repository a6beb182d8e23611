"""The SMB server quicksand-smb: `python3 quicksand-server.py WHEEL FOLDER PORT` in the foreground, on all addresses.

It shares FOLDER as DATA. The package, read from the WHEEL as it is, serves one connection at a time in a thread each. It
is imported, and runs, as nobody.
"""

import os
import socket
import sys
import threading

wheel, folder, port = sys.argv[1:]
listener = socket.create_server(("0.0.0.0", int(port)))
os.setgroups([])
os.setgid(65534)
os.setuid(65534)

sys.path.insert(0, wheel)
from quicksand_smb import ShareConfig, SMBConfig, serve_socket  # noqa: E402

config = SMBConfig(shares={"DATA": ShareConfig(host_path=folder)})


def serve(connection: socket.socket) -> None:
    with connection:
        try:
            serve_socket(connection, config)
        except OSError:
            pass  # The client has hung up.


while True:
    accepted, _ = listener.accept()
    threading.Thread(target=serve, args=(accepted,), daemon=True).start()
