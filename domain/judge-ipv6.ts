import type { Standing, Verdict } from './assess.ts';
import { DIALECTS, type Facts, type ServiceState, saysNo } from './facts.ts';

/**
 * What differs between the families. Only what one sweep saw over both of them is compared: a firewall that was mended
 * between two sweeps is no difference.
 */

/** Ports that are asked over both families, the most telling first. */
const PORTS = [445, 139, 135] as const;
type Port = (typeof PORTS)[number];

const UNKNOWN: Verdict = { answer: 'unknown' };

/**
 * `yes`: a port is open over IPv6, and over IPv4 was tried and not open. `no`: whatever was ever open over IPv6 alone has
 * since said no there, or is open over IPv4 as well; a port that merely fell silent keeps the finding as it is.
 */
export function judgeReachableOverIpv6(seen: Facts, _now: number, standing?: Standing): Verdict {
  const evidence = PORTS.filter((port) => isGap(seen[`tcp6/${port}`], seen[`tcp/${port}`])).map((port) =>
    gapInWords(port, seen),
  );
  if (evidence.length > 0) return { answer: 'yes', evidence, unambiguous: false };
  const known = standing?.known ?? seen;
  const settled = PORTS.filter((port) => saysNo(seen[`tcp6/${port}`]) || isOpenOverBoth(port, seen, known));
  const inDoubt = PORTS.some((port) => known[`tcp6/${port}`] === 'open' && !settled.includes(port));
  if (settled.length === 0 || inDoubt) return UNKNOWN;
  return { answer: 'no', evidence: settled.map((port) => settledInWords(port, seen)) };
}

/** Silence over IPv4 counts: the same machine answered on the same port over IPv6 a moment later. */
function isGap(over6: ServiceState | undefined, over4: ServiceState | undefined): boolean {
  return over6 === 'open' && (saysNo(over4) || over4 === 'filtered');
}

function isOpenOverBoth(port: Port, seen: Facts, known: Facts): boolean {
  return seen[`tcp/${port}`] === 'open' && known[`tcp6/${port}`] === 'open';
}

function gapInWords(port: Port, seen: Facts): string {
  const state = seen[`tcp/${port}`] === 'filtered' ? 'filtered (no answer)' : seen[`tcp/${port}`];
  const dialect = port === 445 ? seen['ipv6.smb.dialect'] : undefined;
  const spoken = dialect === undefined ? '' : `, where SMB ${dialect} is spoken`;
  return `TCP ${port}: ${state} over IPv4, open over IPv6${spoken}`;
}

function settledInWords(port: Port, seen: Facts): string {
  const state = seen[`tcp6/${port}`];
  return saysNo(state) ? `TCP ${port}: ${state} over IPv6` : `TCP ${port}: open over IPv4, too`;
}

/** Compares what one negotiate over each family was answered with. SMB 1 is not asked for over IPv6. */
export function judgeWeakerOverIpv6(seen: Facts): Verdict {
  const [dialect6, dialect4] = [seen['ipv6.smb.dialect'], seen['smb.dialect']];
  const [signing6, signing4] = [seen['ipv6.smb.signing'], seen['smb.signing.smb2']];
  if (dialect6 !== undefined && dialect4 !== undefined) {
    const evidence = [
      ...(DIALECTS.indexOf(dialect6) < DIALECTS.indexOf(dialect4)
        ? [`The best dialect is ${dialect6} over IPv6, ${dialect4} over IPv4`]
        : []),
      ...(signing6 === 'enabled' && signing4 === 'required'
        ? ['SMB 2/3: signing required over IPv4, not required over IPv6']
        : []),
    ];
    if (evidence.length > 0) return { answer: 'yes', evidence, unambiguous: false };
    return { answer: 'no', evidence: [`SMB ${dialect6} over IPv6 is no weaker than over IPv4`] };
  }
  const gone = saysNo(seen['tcp6/445']) && saysNo(seen['tcp6/139']);
  return gone ? { answer: 'no', evidence: ['TCP 445 and 139 are closed over IPv6'] } : UNKNOWN;
}
