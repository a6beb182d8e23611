import type { ServiceState } from './facts.ts';

/** How an attempt to reach a TCP port ended, in the terms of the network. Times are milliseconds. */
export type Reach =
  | { readonly kind: 'accepted' | 'refused'; readonly tookMs: number }
  | { readonly kind: 'unreachable'; readonly code: string; readonly tookMs: number }
  | { readonly kind: 'silent' }
  | { readonly kind: 'local-fault'; readonly code: string };

/** An ICMP refusal comes at once; EHOSTUNREACH after about 3 s means that no neighbour answered ARP. */
const PROMPT_MS = 2_500;
const REJECTED_BY_ICMP: readonly string[] = ['EHOSTUNREACH', 'ENOPROTOOPT'];

/**
 * State of a TCP port by the outcome of a connect(2) on Linux, its repeat included. `hostIsThere`: its neighbour entry
 * is complete, or it has answered otherwise. Trouble on our own side is `unknown`, never a state of the host.
 * Measured on Linux 6: docs/probing.md.
 */
export function tcpServiceState(reach: Reach, hostIsThere: boolean): ServiceState {
  switch (reach.kind) {
    case 'accepted':
      return 'open';
    case 'refused':
      return 'closed';
    case 'silent':
      return hostIsThere ? 'filtered' : 'unknown';
    case 'unreachable': {
      const rejected = hostIsThere && reach.tookMs < PROMPT_MS && REJECTED_BY_ICMP.includes(reach.code);
      return rejected ? 'rejected' : 'unknown';
    }
    case 'local-fault':
      return 'unknown';
    default:
      return reach satisfies never;
  }
}
