/**
 * Every key with its meaning, unit, range and default, as docs/config.reference.yaml holds it. A test proves that it
 * reads to the same configuration as an empty file.
 */
export const REFERENCE = `# smbwarden: every configuration key, with its default.
# The file is /etc/smbwarden/config.yaml, or what --config or SMBWARDEN_CONFIG names. Every key is optional; a key
# without a value has its default. Unknown keys are errors. "smbwarden config check" reports all mistakes at once.

# What to sweep: a list of subnets (192.168.1.0/24), ranges (192.168.1.10-192.168.1.40, 192.168.1.10-40) or addresses.
# Private ranges only; no option widens that. Without a value: the private subnets of interfaces that have a MAC,
# bridges of container software left out, at most 4,096 addresses each.
targets:

# Addresses, ranges or subnets that never get a packet, whatever the targets say.
exclude: []

# true allows targets of more than 4,096 addresses together.
force: false

# When to sweep, as a cron pattern in local time: minute hour day month weekday, such as "30 3 * * *".
# Without a value sweepInterval counts.
schedule:

# Minutes from the start of one sweep to the start of the next, 5 to 1440. An interval that Home Assistant has set is
# kept in the database and wins; "smbwarden status" shows the one in force.
sweepInterval: 15

# How deep hosts are asked (docs/probing.md).
levels:
  # L1: presence, ports, NetBIOS names. L2: and one SMB negotiate. L3: and single questions such as SMB 1, dialects and
  # ciphers. L4: and, once a day at most, a session without name and password that asks for the list of shares and opens
  # the root of each for reading; L3 switches that off. Nothing is ever written.
  deepest: L4
  # Whether SMB 1 is asked about. Some intrusion sensors raise an alarm on that question.
  smb1Check: true
  # How often at most, for a host that has not changed: 1h to 30d (a number and m, h, d or w).
  smb1Every: 1d

# How fast new addresses are asked: gentle (50 a second, for Wi-Fi), normal (500) or fast (as the kernel allows).
pace: normal

# TCP ports to look at beyond the usual ones, and where the usual services are found.
ports:
  # At most 16 TCP ports, 1 to 65535. They are connected to and closed without a byte. Raw-print ports (515, 9100 to
  # 9116, 9999) are refused.
  extra: []
  # The port of each service, 1 to 65535. Other values serve tests and the demo.
  map:
    smb: 445
    netbios-session: 139
    netbios-name-service: 137
    rpc-endpoint-mapper: 135

# Findings below this are recorded and shown, but raise no event and no exposure: info, low, medium, high, critical.
# A threshold that Home Assistant has set is kept in the database and wins.
alertThreshold: medium

# How this agent is known.
agent:
  # Stable id of this agent in topics and entity ids: at most 32 of a-z, 0-9 and _. Without a value one is made at the
  # first start and kept in the database. Changing it makes new devices in Home Assistant.
  id:

# Language of messages. So far there is en.
language: en

# The broker. Without url nothing is published, and alerts go to the log only.
mqtt:
  # mqtt://, mqtts://, ws:// or wss:// with a host and a port, such as mqtt://192.168.1.5:1883.
  url:
  # User name, where the broker asks for one.
  username:
  # In this order counts: the systemd credential mqtt-password, passwordFile, password, the environment variable
  # SMBWARDEN_MQTT_PASSWORD. Files are read again at every connection.
  # Absolute path of a file that holds the password in its first line. Refused when everybody may read it.
  passwordFile:
  # The password itself. Better use passwordFile; not both.
  password:
  # At most 64 letters, digits, _ and -. Without a value: smbwarden- and the agent id.
  clientId:
  # First part of every topic of ours: letters, digits, _ and - in segments joined by /.
  baseTopic: smbwarden
  # Where Home Assistant looks for discovery messages.
  discoveryPrefix: homeassistant
  # Where Home Assistant says that it is online.
  statusTopic: homeassistant/status
  # 5 (falls back to 4 where the broker knows nothing newer) or 4, which is MQTT 3.1.1.
  protocolVersion: 5
  # Seconds between signs of life, 5 to 3600.
  keepalive: 60
  # Absolute paths of PEM files, read again at every connection: the authority that signed the broker's certificate,
  # and our own certificate with its key (both or neither).
  ca:
  cert:
  key:
  # Name to ask the broker's certificate for, where it differs from the one in url.
  servername:
  # false accepts any certificate: whoever is on the LAN can then pose as the broker.
  rejectUnauthorized: true
  homeAssistant:
    # Which hosts become devices: exposed (those that ever showed an exposure), all or none.
    hosts: exposed
    # At most so many host devices, 0 to 1000.
    maxDevices: 64
    # Tell Home Assistant the MAC addresses of hosts, so that it links the device with the router's.
    connections: true

# The daemon's log, on standard output. Commands write warnings to standard error.
log:
  # debug, info, warn or error.
  level: info
  # json, text, journal (JSON with the level as <N> prefix), or auto: journal under systemd, text on a terminal, else json.
  format: auto
`;

/** The reference with every key commented out: a configuration file to start from. */
export function starterText(): string {
  return REFERENCE.split('\n')
    .map((line) => (line === '' || /^\s*#/.test(line) ? line : `#${line}`))
    .join('\n');
}
