import type { Address } from '../../domain/address.ts';
import type { Conversation, Facts, ServiceState } from '../../domain/facts.ts';
import type { Held } from '../../domain/held.ts';
import type { Quarantined } from '../../domain/history.ts';
import { type HostRecord, hostName, isIgnored, type Mac } from '../../domain/host.ts';
import { type Check, fault, type Mend, ok, shellWord, unknown, warning } from './check.ts';

/** What is known of one host, and what a look at it just now has shown. Times are milliseconds UTC. */
export interface HostCase {
  /** null: the host has never been met at an address. */
  readonly address: Address | null;
  /** As recorded, the look included; null: not known to the history. */
  readonly host: HostRecord | null;
  /** Is the address among those that are swept? */
  readonly isTarget: boolean;
  /** The attached subnet that it lies in, where the neighbour table tells who is there; null: behind a router. */
  readonly attached: { readonly interface: string; readonly address: Address } | null;
  /** The part of `exclude` that it lies in; null: none. */
  readonly excluded: string | null;
  /** Why it is not asked like any other; null: it is. */
  readonly held: Held | null;
  /** Probes that are held back from it. */
  readonly quarantine: readonly Quarantined[];
  /** Everybody who is recorded at this address, with since when. */
  readonly claims: readonly Claim[];
  readonly look: Look;
  readonly now: number;
}

export interface Claim {
  readonly host: HostRecord;
  readonly since: number;
}

/** `macs`: who had the address before and after the look by the neighbour table; null: nobody answered there. */
export type Look =
  | { readonly kind: 'answered'; readonly facts: Facts; readonly macs: readonly (Mac | null)[] }
  | { readonly kind: 'silent'; readonly macs: readonly (Mac | null)[] }
  /** Nothing was sent; `why` is null where another check says why. */
  | { readonly kind: 'not taken'; readonly why: string | null; readonly macs: readonly (Mac | null)[] };

/** Why the host cannot be reached or read, the likeliest reason first; nothing but `ok` where it can. */
export function diagnose(shown: HostCase): Check[] {
  const { look, host } = shown;
  // Of itself, smbwarden knows from the inside which ports are open.
  const isRead = look.kind === 'answered' && host?.isAgent !== true;
  return [
    ...knownCheck(shown),
    ...choiceChecks(shown),
    ...conflictChecks(shown),
    ...presenceCheck(shown),
    ...(isRead ? [portsCheck(look.facts, shown), ...smbCheck(look.facts)] : []),
  ];
}

function knownCheck({ host, address, now }: HostCase): Check[] {
  if (host === null) return [unknown('known', `${address}: the history knows nobody there`)];
  const seen = `last seen ${agoText(now - host.lastSeenAt)}`;
  const place = [host.facts.addresses?.join(', '), host.mac].filter((part) => part != null).join(', ');
  const what = `${hostName(host)} (${place}): ${seen}`;
  if (host.present) return [ok('known', what)];
  return [warning('known', `${what}, and absent from ${host.missedSweeps} sweeps in a row`, {})];
}

/** What the owner, or caution, has decided. */
function choiceChecks({ host, address, isTarget, excluded, held, quarantine, now }: HostCase): Check[] {
  const word = shellWord(host === null ? (address ?? '') : host.id);
  const checks: Check[] = [];
  if (excluded !== null) {
    checks.push(
      warning('excluded', `exclude holds ${excluded}: nothing is ever sent there`, {
        advice: 'Where that is not wanted, take it out of exclude in the configuration, then:',
        commands: ['systemctl reload smbwarden'],
      }),
    );
  } else if (!isTarget && host?.isAgent !== true) {
    checks.push(
      warning(
        'targets',
        `${address ?? 'it'} is not among the targets: it is only looked at when you ask for it`,
        {
          advice: 'Add its subnet to targets in the configuration; what is swept now shows:',
          commands: ['smbwarden sweep --dry-run'],
        },
      ),
    );
  }
  if (held !== null) checks.push(heldCheck(held));
  if (host !== null && isIgnored(host, now)) {
    checks.push(
      warning('ignored', 'it is asked like any other, but raises no alert: you ignore it', {
        commands: [`smbwarden unignore ${word}`],
      }),
    );
  }
  for (const { probe, reason } of quarantine) {
    checks.push(
      warning('quarantine', `"${probe}" is held back: ${reason}`, {
        advice: 'When the cause is known, or was another one:',
        commands: [`smbwarden quarantine lift ${word} ${shellWord(probe)}`],
      }),
    );
  }
  return checks;
}

function heldCheck({ level, why }: Held): Check {
  if (level === 'L0') {
    return warning('asleep', `nothing is sent to it: ${why}`, {
      advice: 'That is hosts: letSleep (or levels: L0) in the configuration. After a change there:',
      commands: ['systemctl reload smbwarden'],
    });
  }
  return ok('held', `asked at ${level} at most: ${why}`);
}

function conflictChecks({ claims, look, host, address, attached }: HostCase): Check[] {
  const seen = [...new Set(look.macs.filter((mac) => mac !== null))];
  const rivals = rivalsAmong(claims);
  const mend = {
    advice:
      'Unless it was just given to another machine, two have the same one, and neither works. Give one of them another:',
    commands: [
      `arping -D -c 3 -I ${attached?.interface ?? 'any'} ${address ?? ''}`,
      `ip neigh show ${address ?? ''}`,
    ],
  };
  if (seen.length > 1) {
    return [
      fault('address-conflict', `${address} belonged to ${seen.join(', then to ')} while we looked`, mend),
    ];
  }
  if (rivals.length > 1) {
    const who = rivals.map(({ host: each }) => `${hostName(each)} (${each.mac ?? each.id})`).join(' and ');
    return [fault('address-conflict', `${address} is claimed by ${who} in turn`, mend)];
  }
  const [mac] = seen;
  if (mac === undefined || host?.mac == null || host.mac === mac || host.isAgent) return [];
  return [
    warning('address-conflict', `at ${address} there is ${mac} now, not ${host.mac} (${hostName(host)})`, {
      advice: 'Either it has moved, or two machines have one address. A sweep tells:',
      commands: ['smbwarden sweep', `smbwarden hosts`],
    }),
  ];
}

/** Those who were seen at the address while another had it already: one after the other would be a move. */
function rivalsAmong(claims: readonly Claim[]): readonly Claim[] {
  return claims.filter((one) =>
    claims.some(
      (other) => other !== one && one.host.lastSeenAt >= other.since && other.host.lastSeenAt >= one.since,
    ),
  );
}

function presenceCheck({ look, attached, address, host }: HostCase): Check[] {
  const at = address ?? 'no address';
  if (look.kind === 'answered') return [ok('presence', `${at} answers`)];
  if (look.kind === 'not taken') {
    return look.why === null ? [] : [unknown('presence', `it was not looked at: ${look.why}`)];
  }
  if (attached === null) {
    return [
      fault('presence', `${at}: no answer, and it lies behind a router, so that no more can be said`, {
        advice: 'Is the way there open, and the machine on? A firewall between us may drop everything:',
        commands: [`ip route get ${at}`, `ping -c 3 ${at}`],
      }),
    ];
  }
  const mac = look.macs.at(-1) ?? null;
  if (mac !== null) {
    return [
      unknown('presence', `${at}: the neighbour table still lists ${mac}, but nobody answered`, {
        commands: [`smbwarden check ${at}`],
      }),
    ];
  }
  return [
    fault('presence', `${at}: no machine has this address now: nobody answers ARP`, {
      advice: `${host === null ? 'Is the address right? If so, it' : 'It'} is off, asleep or unplugged, in another VLAN, or the Wi-Fi keeps its clients apart:`,
      commands: [`ping -c 3 ${at}; ip neigh show ${at}`],
    }),
  ];
}

const SMB_PORTS = [445, 139] as const;

/** The doors of the file service. What is shut may be meant to be, so nothing here is a fault. */
function portsCheck(facts: Facts, { attached }: HostCase): Check {
  const states = SMB_PORTS.map((port) => ({ port, state: facts[`tcp/${port}`] ?? 'unknown' }));
  const what = states.map(({ port, state }) => `port ${port} ${STATES[state]}`).join(', ');
  if (states.some(({ state }) => state === 'open')) return ok('ports', what);
  const firewall = openFirewallTo(attached?.address ?? 'ADDRESS-OF-THIS-MACHINE');
  const is = (wanted: ServiceState) => states.some(({ state }) => state === wanted);
  if (is('filtered')) return warning('ports', `${what}: a firewall drops what we send`, firewall);
  if (is('rejected')) return warning('ports', `${what}: a firewall refuses us, by ICMP`, firewall);
  if (is('closed'))
    return warning('ports', `${what}: the machine is there, but no file service runs on it`, SERVICE);
  return unknown('ports', `${what}: it could not be asked, or is not to be`, {
    commands: ['smbwarden doctor'],
  });
}

const STATES: Readonly<Record<ServiceState, string>> = {
  open: 'accepts connections',
  closed: 'refuses connections',
  filtered: 'does not answer',
  rejected: 'is rejected by a firewall',
  unknown: 'was not asked',
};

function openFirewallTo(address: string): Mend {
  return {
    advice:
      'That is good, unless this machine should read it. To let it in, on the host (Windows, in PowerShell; Linux):',
    commands: [
      "Enable-NetFirewallRule -DisplayGroup 'File and Printer Sharing'",
      `ufw allow from ${address} to any port 139,445 proto tcp`,
    ],
  };
}

const SERVICE = {
  advice:
    'That is good, unless it should offer files; a firewall can refuse in its name, too. On the host (Windows, in PowerShell; Linux):',
  commands: ['Start-Service LanmanServer', 'systemctl enable --now smbd'],
};

/** What came of speaking SMB on the doors that are open. */
function smbCheck(facts: Facts): Check[] {
  const open = SMB_PORTS.filter((port) => facts[`tcp/${port}`] === 'open');
  if (open.length === 0) return [];
  if (open.some((port) => facts[`smb.conversation.${port}`] === 'smb')) {
    return [ok('smb', `SMB ${facts['smb.dialect'] ?? '2 or 3'} is spoken`)];
  }
  if (facts['smb.smb1'] === 'yes') return [ok('smb', 'SMB 1 is spoken, and nothing newer')];
  const conversation = open
    .map((port) => facts[`smb.conversation.${port}`])
    .find((each) => each !== undefined);
  if (conversation === undefined || conversation === 'smb')
    return [unknown('smb', 'a port is open, but was not asked what it speaks')];
  const { what, ...mend } = UNREADABLE[conversation];
  return [fault('smb', what, mend)];
}

const UNREADABLE: Readonly<Record<Exclude<Conversation, 'smb'>, Mend & { readonly what: string }>> = {
  silent: {
    what: 'a connection is accepted, and then nothing is said: the SMB service hangs',
    advice: 'Restart it there (Windows, in PowerShell; Linux):',
    commands: ['Restart-Service LanmanServer -Force', 'systemctl restart smbd'],
  },
  'hung-up': {
    what: 'a connection is accepted and closed at once: the service lets in only some hosts, or not so many',
    advice: 'On Samba, look for "hosts allow", "hosts deny" and "max smbd processes":',
    commands: ["testparm -s 2>/dev/null | grep -E 'hosts|max smbd'"],
  },
  malformed: {
    // Samba 4.17 with "hosts deny" answers a negotiate on 445 with a negative NetBIOS session response.
    what: 'what answers is not SMB: another service, or a Samba server that does not let this machine in',
    advice: 'On the host, who listens there, and on Samba "hosts allow" and "hosts deny":',
    commands: ["ss -tlnp '( sport = :445 or sport = :139 )'", 'testparm -s 2>/dev/null | grep hosts'],
  },
  declined: {
    what: 'SMB is spoken, but every dialect that we know is refused',
    advice: 'On Samba, look for "server min protocol" and "server max protocol":',
    commands: ['testparm -s 2>/dev/null | grep protocol'],
  },
};

function agoText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 2) return 'just now';
  if (minutes < 120) return `${minutes} minutes ago`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} hours ago` : `${Math.round(hours / 24)} days ago`;
}
