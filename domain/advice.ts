import { ENCRYPTION_FIXES } from './advice-encryption.ts';
import { IPV6_FIXES } from './advice-ipv6.ts';
import { NETBIOS_NAME_SERVICE_FIXES, NETBIOS_SESSION_FIXES } from './advice-netbios.ts';
import { ANONYMOUS_FIXES } from './advice-shares.ts';
import { AGENT_HOST_FIXES, ENDPOINT_MAPPER_FIXES, SIGNING_FIXES, SMB1_FIXES } from './advice-smb.ts';
import { END_OF_LIFE_FIXES, MS17010_FIXES, SMBGHOST_FIXES } from './advice-windows.ts';
import { ruleOf } from './assess.ts';
import { CHECKED_ON } from './end-of-life.ts';
import { RULE_IDS, type RuleId, type Severity } from './finding.ts';

/** What a rule's finding means to the owner and what to do about it. The one source of `explain` and docs/findings.md. */
export interface Advice {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly title: string;
  /** Each a paragraph. */
  readonly means: readonly string[];
  /** What was sent, and which answer proves what. */
  readonly tested: string;
  /** What the evidence of a finding says. */
  readonly evidence: string;
  readonly fixes: readonly Fix[];
  /** How the owner sees that it worked. */
  readonly verify: readonly string[];
}

/** Steps for one kind of machine. Text in backticks is typed or looked for literally. */
export interface Fix {
  readonly platform: Platform;
  readonly steps: readonly string[];
}

export const PLATFORMS = [
  'Windows: settings',
  'Windows: PowerShell',
  'Windows: Group Policy',
  'Samba',
  'Synology',
  'QNAP',
  'TrueNAS',
  'FRITZ!Box',
  'Printers and scanners',
  'This machine',
] as const;
export type Platform = (typeof PLATFORMS)[number];

/** The advice on a rule. */
export function adviceOn(rule: RuleId): Advice {
  const { severity, title } = ruleOf(rule);
  return { rule, severity, title, ...ADVICE[rule] };
}

/** The advice on every rule, in the order of RULE_IDS. */
export function allAdvice(): Advice[] {
  return RULE_IDS.map(adviceOn);
}

const SWEEP_AGAIN =
  'Run `smbwarden check HOST`: the finding turns to resolved once the host has answered differently. A firewall that ' +
  'drops packets without an answer leaves it open, because silence proves nothing; one that rejects them closes it.';

const SWEEP_TOMORROW =
  'Run `smbwarden check HOST` five hours after the last attempt, or wait for the sweep of the next day: a session without a ' +
  'password is asked for at most once a day, and at most five times when you ask. Sooner, `check` leaves the finding as it is.';

const ANONYMOUS_TEST =
  'At most once a day (by `check` and `sweep --level L4`, five times): a session with an empty name and no password, which ' +
  'asks the server for its list of shares (MS-SRVS, NetrShareEnum). Print shares and administrative shares are left alone.';

const GUEST_TEST =
  'With `levels: {guestTest: true}`, in turn with that: a logon under a made-up name with an empty password, and the same ' +
  'questions in the session of a guest, where the server lets one in.';

const GUEST_TURN =
  'What the evidence says of a guest is looked at again by the guest test alone: every other day, in scheduled sweeps, while ' +
  '`levels.guestTest` is true.';

const ADVICE: Readonly<Record<RuleId, Omit<Advice, 'rule' | 'severity' | 'title'>>> = {
  'smb-guest-writable-share': {
    means: [
      'Everybody who reaches the machine may change, add and delete files in the named shares, without a name or ' +
        'password. That is what ransomware and copiers of unwanted files look for first.',
      'It is judged by the settings of the share as the server computes them. Permissions of the file system below may ' +
        'still forbid it; nothing was written to find out.',
    ],
    tested: `${ANONYMOUS_TEST} ${GUEST_TEST} Writing is judged by the MaximalAccess that the server reports with the share; nothing is ever written.`,
    evidence:
      'The names of the shares, and whether a session without a name or that of a guest is given them.',
    fixes: ANONYMOUS_FIXES,
    verify: [SWEEP_TOMORROW, GUEST_TURN],
  },
  'smb-guest-readable-share': {
    means: [
      'Everybody who reaches the machine can read the named shares, without a name or password: guests on the Wi-Fi, a ' +
        'television that was broken into, a visitor with a laptop.',
      'For a collection of music that may be what you want; for backups and documents it is not.',
    ],
    tested: `${ANONYMOUS_TEST} ${GUEST_TEST} The root of each disk share was opened once for reading and closed again; no file name was read.`,
    evidence:
      'The names of the shares, and whether a session without a name or that of a guest is given them.',
    fixes: ANONYMOUS_FIXES,
    verify: [
      SWEEP_TOMORROW,
      GUEST_TURN,
      'From another machine, `smbclient //HOST/SHARE -N -c ls` is refused.',
    ],
  },
  'smb-null-session': {
    means: [
      'The machine tells the list of its shares to a session without name and password. By itself that opens no file, but ' +
        'it shows a stranger what is there and what to try next.',
    ],
    tested: ANONYMOUS_TEST,
    evidence: 'How many shares were told, and their names.',
    fixes: ANONYMOUS_FIXES,
    verify: [SWEEP_TOMORROW, 'From another machine, `smbclient -N -L //HOST` is refused or lists nothing.'],
  },
  'reachable-over-ipv6-only': {
    means: [
      'The machine turns connections away over IPv4 and accepts them over IPv6. As a rule somebody closed the port in a ' +
        'firewall that knows IPv4 only: with iptables but not ip6tables, in a firewall of a NAS whose rules name IPv4 ' +
        'addresses, or by a line such as `hosts allow` that lists them.',
      'Everybody on the same network reaches the service through the link-local address that every machine with IPv6 has, ' +
        'whether or not the router or the provider offers any IPv6.',
    ],
    tested:
      'One connection to TCP 445, 139 and 135 at the IPv6 addresses (link-local, RFC 4291, and unique local, RFC 4193) that ' +
      'the neighbour table shows for the MAC of this host, after the same over IPv4 in the same sweep. No address is guessed.',
    evidence: 'For each such port, the state over IPv4 and that it is open over IPv6.',
    fixes: IPV6_FIXES,
    verify: [
      SWEEP_AGAIN,
      'From a Linux machine, `nc -6 -vz fe80::ADDRESS%eth0 445` is refused or times out; `smbwarden host HOST` shows the address.',
    ],
  },
  'smb-weaker-over-ipv6': {
    means: [
      'The machine answers SMB over IPv6 with an older dialect, or without requiring signing, where it is stricter over ' +
        'IPv4. Two servers answer, then: a container or a second Samba beside the first, or a proxy that listens on one ' +
        'family only.',
      'Clients prefer IPv6 where both are offered, and an attacker takes whichever is weaker.',
    ],
    tested:
      'One negotiate that offers all dialects of SMB 2 and 3 over each family, in the same sweep. Of several IPv6 addresses ' +
      'the weakest answer counts. No session is opened, and SMB 1 is not asked for over IPv6.',
    evidence:
      'The best dialect over each family where they differ, and where signing is required over IPv4 only.',
    fixes: IPV6_FIXES,
    verify: [
      SWEEP_AGAIN,
      'On a Linux machine, `ss -ltnp "sport = 445"` shows which program listens on `[::]` and which on `0.0.0.0`.',
    ],
  },
  'netbios-session-exposed': {
    means: [
      'TCP port 139 carries SMB inside NetBIOS sessions, the way of the 1990s. Everything since Windows 2000 uses port ' +
        '445 instead. The port adds a second door to the same files, and old tools prefer it because it is where SMB 1 lives.',
      'A machine that is used by nothing older than Windows XP, an old scanner or an old media player does not need it.',
    ],
    tested:
      'One TCP connection to port 139 and one session request (RFC 1002, section 4.3.2) for the name that the host gave ' +
      'itself, else `*SMBSERVER`. An acceptance (0x82) or a refusal (0x83) proves the service alike. No name or password ' +
      'is sent.',
    evidence: 'Which name was called, and whether the session was accepted, refused or sent elsewhere.',
    fixes: NETBIOS_SESSION_FIXES,
    verify: [
      SWEEP_AGAIN,
      'From another machine, `nc -vz HOST 139` is refused or times out, while `nc -vz HOST 445` still connects.',
    ],
  },
  'netbios-name-service-exposed': {
    means: [
      'The host answers NetBIOS node status queries on UDP port 137: to anybody who asks it tells its name, its workgroup ' +
        'or domain, the services it offers and often its MAC address.',
      'More important is the other direction: a machine that uses NetBIOS names also asks for them by broadcast, and ' +
        'anybody on the LAN can answer falsely and collect logon attempts. Name resolution by DNS and mDNS needs none of it.',
    ],
    tested:
      'One node status request (RFC 1002, section 4.2.17) to UDP port 137, repeated where a host is known to be there. Only ' +
      'a matching reply counts; silence is unknown, because firewalls drop these datagrams.',
    evidence: 'How many names the host gave; `smbwarden host HOST` lists them.',
    fixes: NETBIOS_NAME_SERVICE_FIXES,
    verify: [SWEEP_AGAIN, 'From a Linux machine, `nmblookup -A ADDRESS` says "No reply".'],
  },
  'smb1-enabled': {
    means: [
      'SMB 1 dates from the 1980s: no encryption, signing that rests on MD5 and is usually off. WannaCry and NotPetya spread through it, ' +
        'Microsoft removed it from new Windows installations in 2017, Samba switched it off in 2019.',
      'As long as the server accepts it, anybody between it and a client can push both down to SMB 1 where the client still speaks it.',
    ],
    tested:
      'A negotiate that offers only the dialect `NT LM 0.12` ([MS-CIFS] 2.2.4.52). A server that selects it speaks SMB 1: ' +
      'that is proof. "No" is believed only beside an SMB 2 or 3 answer in the same minute. Asked at first sight, on ' +
      'change, and otherwise at most as often as `levels.smb1Every` says. No logon is tried and nothing is exploited.',
    evidence: 'That `NT LM 0.12` was selected.',
    fixes: SMB1_FIXES,
    verify: [
      SWEEP_AGAIN,
      'From a Linux machine, `smbclient -L HOST -N --option="client max protocol=NT1" --option="client min protocol=NT1"` ends with a protocol negotiation error.',
    ],
  },
  'smb1-only': {
    means: [
      'The server speaks SMB 1 and nothing newer: there is no encryption, no dependable signing, and no current Windows ' +
        'connects to it without weakening itself. Such devices are usually out of support.',
      'Switching SMB 1 off alone would make the shares unreachable: move to newer firmware first, or replace the device.',
    ],
    tested:
      'As for `smb1-enabled`; in the same minute all dialects of SMB 2 and 3 together were offered and refused. A host ' +
      'that merely stayed silent to them is not reported.',
    evidence: 'That `NT LM 0.12` was selected while every dialect of SMB 2 and 3 was refused.',
    fixes: SMB1_FIXES,
    verify: [
      '`smbwarden host HOST` shows a dialect of 2.0.2 or higher.',
      'If the device cannot be updated: put it on a network of its own, or switch its file sharing off.',
    ],
  },
  'smb-signing-not-required': {
    means: [
      'The server signs SMB messages only if the client asks for it. Whoever sits between the two (ARP spoofing, a ' +
        'poisoned name) can then take over a logon and use it on this server: a relay attack.',
      '"Enabled" is the usual default and not alarming in a home where no stranger is on the LAN; "disabled" over SMB 1 is. ' +
        'Requiring it costs a few per cent of throughput on slow devices, and clients that cannot sign stop working: guest ' +
        'access without a password is the usual case.',
    ],
    tested:
      'The `SecurityMode` bits of the negotiate answer, for SMB 2/3 and for SMB 1 where it is spoken. The weakest answer ' +
      'counts. No session is opened.',
    evidence: 'For each generation of the protocol: disabled, enabled or required.',
    fixes: SIGNING_FIXES,
    verify: [
      SWEEP_AGAIN,
      '`smbwarden host HOST` says "signing required".',
      'On Windows, `Get-SmbConnection | Select-Object ServerName, Dialect, Signed` shows it for open connections (Windows 11, Server 2022 and newer).',
    ],
  },
  'smb-encryption-unsupported': {
    means: [
      'Files travel over the network in the clear: whoever can listen in, on a Wi-Fi, at a switch or by ARP spoofing, reads ' +
        'them. SMB 3.0 (Windows 8, Samba 4) brought encryption; this server cannot do it or has it switched off.',
      'In a home where no stranger is on the LAN this is a weakness, not an emergency. It tells above all how old the ' +
        'server is: nothing below SMB 3 is being improved any more.',
    ],
    tested:
      'The negotiate that offers all dialects of SMB 2 and 3 and all four ciphers ([MS-SMB2] 2.2.3.1.2). A best dialect ' +
      'below 3.0, 3.0 or 3.0.2 without the capability, or 3.1.1 without a cipher: no encryption. So has a server that ' +
      'speaks SMB 1 only. No session is opened, and whether single shares require encryption is not seen.',
    evidence: 'The best dialect, and that encryption was not selected with it.',
    fixes: ENCRYPTION_FIXES,
    verify: [
      SWEEP_AGAIN,
      '`smbwarden host HOST` says "encryption supported" or "encryption required".',
      'From a Linux machine, `smbclient -L HOST -U USER --client-protection=encrypt` lists the shares.',
    ],
  },
  'ms17-010-unpatched': {
    means: [
      'Microsoft closed several holes in SMB 1 in March 2017 (MS17-010, "EternalBlue"). Through them anybody who reaches the ' +
        'port runs code on the machine, without a password. WannaCry and NotPetya spread that way, and machines that are open ' +
        'to it are still found and taken over by themselves.',
      'The server answers as Windows without the update does. That is a strong sign and no proof: what is installed can be ' +
        'seen only on the machine itself. The opposite answer clears it of this hole, not of others.',
    ],
    tested:
      'Opt-in (`levels.ms17010`), at most once a day: in an anonymous session of SMB 1, one look into a pipe that nobody has ' +
      'opened (TRANS_PEEK_NMPIPE, [MS-CIFS] 2.2.5.5), the question that nmap and Metasploit put. Every server refuses it; ' +
      'STATUS_INSUFF_SERVER_RESOURCES is the refusal of one without the update. Nothing is exploited. A host that lets no ' +
      'anonymous session in, or hangs up, stays unknown.',
    evidence: 'The status with which the look was refused.',
    fixes: MS17010_FIXES,
    verify: [
      'Run `smbwarden check HOST` a day after the last attempt, or wait for the next sweep that asks: the finding turns to ' +
        'resolved once the refusal is another one, or SMB 1 is no longer accepted.',
      'From a Linux machine, `nmap -p445 --script smb-vuln-ms17-010 HOST` no longer says "VULNERABLE".',
    ],
  },
  'smbghost-indicator': {
    means: [
      'CVE-2020-0796, "SMBGhost": a fault in the decompression of SMB 3.1.1 lets anybody who reaches the port run code on ' +
        'the machine, without a password. It concerns Windows 10 1903 and 1909 and Windows Server 1903 and 1909.',
      'This is an indicator, not proof: build family affected, patch state unknown. A host with the fix (KB4551762 of 12 ' +
        'March 2020) answers the same. Both releases are out of support, so that there is something to do either way.',
    ],
    tested:
      'Two answers together: the negotiate selects SMB 3.1.1 with compression by LZNT1, LZ77 or LZ77+Huffman, and the NTLM ' +
      'challenge tells build 18362 or 18363. Later builds offer compression too and are not reported. No compressed ' +
      'message is ever sent.',
    evidence: 'The compression algorithms offered and the version in the NTLM challenge.',
    fixes: SMBGHOST_FIXES,
    verify: [
      'A host that has the fix and still runs the build goes on being reported: the fix cannot be seen from outside.',
      'With compression switched off, or on a newer release, `smbwarden check HOST` resolves the finding.',
    ],
  },
  'os-end-of-life': {
    means: [
      'Every release of Windows that this machine can be gets no more security updates. Holes that are found from now on ' +
        'stay open, and those in file sharing need no more than a place on the same network.',
      'The version is a family, not a release: Windows 10 22H2 tells the same as LTSC 2021, which is in support, and is ' +
        'therefore not reported. Extended Security Updates cannot be seen from outside: if you have them, let this finding ' +
        'stand until they end.',
    ],
    tested:
      'The version in the NTLM challenge that a server sends before any name or password ([MS-NLMP] 2.2.2.10), looked up in ' +
      `a table of Microsoft's dates, last checked on ${CHECKED_ON}. Samba says 6.1.0 whichever release it is and is never ` +
      'reported. Some devices that are not Windows copy a version of Windows: look at what the host is.',
    evidence: 'The version, and each release that it can mean with the last day of its updates.',
    fixes: END_OF_LIFE_FIXES,
    verify: [
      '`smbwarden check HOST`: the finding turns to resolved once the host tells a version that is in support.',
      'On the machine, `winver` names the release; compare it with https://learn.microsoft.com/lifecycle/products/.',
    ],
  },
  'expectation-violated': {
    means: [
      'The machine differs from what you declared in the configuration, for it (`hosts:`) or for all (`expect:`). Either ' +
        'something has changed on it, by an update, a reset or a hand, or the declaration is out of date.',
      'What differs may be harmless in itself: that you wanted to be told is what makes it a finding.',
    ],
    tested:
      'Everything that is known of the machine, whenever it was last asked, is compared with each declared item. An item of ' +
      'which nothing is known neither opens nor closes the finding.',
    evidence: 'Each difference: what was seen, and what is declared.',
    fixes: [
      {
        platform: 'This machine',
        steps: [
          '`smbwarden history --host HOST` shows what changed, and when.',
          'Put the machine back, by the fix of the rule that fits (`smbwarden explain smb1-enabled`, for one); or, where the ' +
            'change is meant to stay, correct `hosts:` or `expect:` in /etc/smbwarden/config.yaml and `systemctl reload smbwarden`.',
        ],
      },
    ],
    verify: ['`smbwarden config check`, then `smbwarden check HOST`: the finding turns to resolved.'],
  },
  'rpc-endpoint-mapper-exposed': {
    means: [
      'TCP port 135 is the directory of Windows remote procedure calls: it tells which services listen on which port. Worms ' +
        'have used it (Blaster, 2003), and remote management tools still start here.',
      'Every Windows has it, and it cannot be switched off, only hidden by the firewall. In a home without remote ' +
        'management nobody else on the LAN needs it; a domain controller cannot do without.',
    ],
    tested:
      'One TCP connection to port 135 and one bind to the endpoint mapper ([C706], [MS-RPCE]). No call is made, nothing is listed.',
    evidence: 'Whether the bind was acknowledged (that is proof) or the port is merely open.',
    fixes: ENDPOINT_MAPPER_FIXES,
    verify: [SWEEP_AGAIN, 'From another machine, `nc -vz HOST 135` times out.'],
  },
  'agent-host-exposed': {
    means: [
      'The machine that smbwarden runs on offers NetBIOS or SMB to the network itself. A watchman with an open door: often ' +
        'a Samba that was installed once and forgotten, or one that should listen only on some interfaces.',
      'smbwarden never probes its own machine; it reads the list of listening sockets instead.',
    ],
    tested:
      'The kernel tables of listening sockets (`/proc/self/net`), ports 135 to 139 and 445, loopback addresses left out. Nothing is sent.',
    evidence: 'Each listening socket with its address and port.',
    fixes: AGENT_HOST_FIXES,
    verify: [
      '`ss -ltnu | grep -E ":(135|137|138|139|445) "` shows loopback addresses only, or nothing.',
      SWEEP_AGAIN,
    ],
  },
};
