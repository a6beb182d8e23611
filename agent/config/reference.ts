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
# What was missed (the machine slept, the daemon was stopped, the hour is skipped in spring) is made up for by one sweep.
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
  # true lets scheduled sweeps log on, every other day in place of the session of L4, under a made-up name with an empty
  # password: does the server take whoever it does not know for a guest? Where it does not, that is a failed logon in its
  # log, which counts where addresses are blocked after several. "check" and "sweep --level L4" never do it.
  guestTest: false
  # true asks hosts that accept SMB 1 for one refusal more, by which servers without the update of MS17-010 (WannaCry) give
  # themselves away. Nothing is exploited, but intrusion sensors take it for an attack. Where SMB 1 is all that is spoken it
  # is part of the session of L4, elsewhere it takes its place every other day.
  ms17010: false

# What you say of single hosts, each under its id, MAC, address or the name that it tells, such as
#   NASLEGACY: { name: Attic NAS, letSleep: { timesADay: 2, between: "19:00-23:00" } }
# Case does not count. Where several entries mean one host, the one by id or MAC counts, then the one by name. Keys:
#   name      shown instead of the name that the host tells, also over MQTT
#   note      shown with the host
#   letSleep  true: nothing is sent to it in a sweep, and what is known of it is kept and marked as old; "check" asks it
#             all the same. A budget: it is left alone but for so many looks a day (1 to 24), spread over a part of the
#             day in local time
#   levels    L0 to L4, the deepest level for this host: in place of levels.deepest, and of L2 for what looks like a
#             printer, camera, controller, UPS or small Wi-Fi device. L0 is letSleep: true. Print ports stay untouched
#   expect, severity    as below, for this host
hosts: {}

# How fast new addresses are asked: gentle (50 a second, for Wi-Fi), normal (500) or fast (as the kernel allows).
pace: normal

# What every host should be. Whatever differs is the finding expectation-violated, which names each difference. Nothing
# is declared unless you do; what is declared of a single host (above) comes first.
expect:
  # The oldest dialect that may be spoken: ">=2.0.2", ">=2.1", ">=3.0", ">=3.0.2" or ">=3.1.1"; or no: no SMB at all.
  smb:
  # required.
  signing:
  # required, or supported.
  encryption:
  # no: SMB 1 is not accepted.
  smb1:
  # no: no share can be read or written without a password.
  guest:
  # no: neither the session service (TCP 139) nor the name service (UDP 137) answers.
  netbios:
  # The watched TCP ports that may be open, such as [445, 2049]; no others.
  ports:

# Severities in place of those of docs/findings.md, by rule, such as "netbios-session-exposed: low"; off: the rule is not
# judged. What is said of a single host comes first.
severity: {}

# true asks hosts that answered over IPv4 over IPv6, too: the usual TCP ports and one SMB negotiate, at most four link-local
# or unique local addresses of each, as the neighbour table tells them. Two questions by multicast bring them into it once a
# sweep ("who offers SMB?" by mDNS, "which devices are there?" by WS-Discovery), unless a part of the subnet is excluded or
# not swept, or a host is left asleep above: then nothing is said to everybody. Where this machine has no IPv6, nothing is
# done. false: never.
ipv6: true

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

# Times of the day or week, local, in which no alert is sent: sweeps go on, and what happened is told when they are over.
# Such as ["22:00-07:00", "sat 02:00-04:00", "mon-fri 09:00-17:00"]; an end before the beginning lies on the next day.
quietHours: []

# Times, written likewise, in which nothing is sent to any host, not even when somebody asks for it.
maintenance: []

# How long what is kept (a number and d or w; docs/data.md). What holds now is kept in any case.
retention:
  # Changes, and what held of a host and holds no longer: 30d to 3650d.
  changes: 730d
  # Every sweep; of each day before that, one sweep is kept. 1d to 3650d.
  sweeps: 90d
  # What was sent to whom, summed up by day: 1d to 3650d.
  ledger: 90d
  # Commands that changed something: 30d to 3650d.
  commands: 365d

# The database never grows beyond this, in megabytes: 10 to 10000. Keep it well below the free space of the disk: at the
# quota smbwarden can still make room, on a full disk nobody can.
quota: 200

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
