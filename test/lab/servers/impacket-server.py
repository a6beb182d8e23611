"""impacket's SMB server: `python3 impacket-server.py NAME smb1|smb2 FOLDER PORT...` in the foreground, on all addresses.

It shares FOLDER as DATA, and tells an anonymous session so. `smb2` adds SMB 2 to the SMB 1 that it always speaks. On 139
it grants every session request. It runs as nobody once its ports are bound.
"""

import os
import sys
import threading
from configparser import ConfigParser

from impacket.smbserver import SMBSERVER, SRVSServer

name, generation, folder, *ports = sys.argv[1:]

config = ConfigParser()
config.read_dict({
    "global": {
        "server_name": name,
        "server_os": "Unix",
        "server_domain": "WORKGROUP",
        "log_file": "None",
        "credentials_file": "",
        "rpc_apis": "yes",
        "SMB2Support": str(generation == "smb2"),
    },
    "IPC$": {"comment": "", "read only": "yes", "share type": "3", "path": ""},
    "DATA": {"comment": "", "read only": "no", "share type": "0", "path": folder},
})

# Lists the shares, over a pipe of the servers below.
lister = SRVSServer()
lister.daemon = True
lister.setServerConfig(config)
lister.processConfigFile()

servers = [SMBSERVER(("0.0.0.0", int(port)), config_parser=config) for port in ports]
os.setgroups([])
os.setgid(65534)
os.setuid(65534)

lister.start()
for server in servers:
    server.daemon_threads = True
    server.processConfigFile()
    server.registerNamedPipe("srvsvc", ("127.0.0.1", lister.getListenPort()))
    threading.Thread(target=server.serve_forever).start()
