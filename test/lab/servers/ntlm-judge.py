"""What a server says of itself before and while nobody logs on, as impacket's client understands it.

Usage: ntlm-judge.py ADDRESS PORT DIALECT, where DIALECT is "NT LM 0.12" or a number such as 785 (0x0311).
Prints one JSON object; exits 1 where no challenge comes.
"""

import json
import sys

from impacket.smbconnection import SMBConnection, SessionError

address, port, dialect = sys.argv[1], int(sys.argv[2]), sys.argv[3]
preferred = dialect if dialect.startswith("NT") else int(dialect)
try:
    connection = SMBConnection("*SMBSERVER", address, sess_port=port, preferredDialect=preferred, timeout=5)
except Exception as error:  # impacket throws whatever its layers throw
    sys.exit(str(error))
try:
    connection.login("", "")
except SessionError:
    pass  # Refused, after the challenge has told what there is to tell.
if not connection.getServerName():
    sys.exit("no names")
version = (connection.getServerOSMajor(), connection.getServerOSMinor(), connection.getServerOSBuild())
print(
    json.dumps(
        {
            "computer": connection.getServerName(),
            "dnsComputer": connection.getServerDNSHostName(),
            "version": ".".join(str(part) for part in version),
        }
    )
)
