import { describe, expect, it } from 'vitest';
import { tcpServiceState } from '../../domain/service.ts';

it('calls a port open or closed by the answer, whatever the neighbour table says', () => {
  for (const hostIsThere of [true, false]) {
    expect(tcpServiceState({ kind: 'accepted', tookMs: 1 }, hostIsThere)).toBe('open');
    expect(tcpServiceState({ kind: 'refused', tookMs: 1 }, hostIsThere)).toBe('closed');
  }
});

it('calls silence filtered only where the host is there', () => {
  expect(tcpServiceState({ kind: 'silent' }, true)).toBe('filtered');
  expect(tcpServiceState({ kind: 'silent' }, false)).toBe('unknown');
});

describe('an ICMP refusal', () => {
  const unreachable = (code: string, tookMs: number) => ({ kind: 'unreachable', code, tookMs }) as const;

  it.each(['EHOSTUNREACH', 'ENOPROTOOPT'])(
    'means rejected when %s comes at once from a host that is there',
    (code) => {
      expect(tcpServiceState(unreachable(code, 3), true)).toBe('rejected');
    },
  );

  it('says nothing when the host is not known to be there', () => {
    expect(tcpServiceState(unreachable('EHOSTUNREACH', 3), false)).toBe('unknown');
  });

  it('says nothing when it comes after seconds: then it was ARP that failed', () => {
    expect(tcpServiceState(unreachable('EHOSTUNREACH', 2_499), true)).toBe('rejected');
    expect(tcpServiceState(unreachable('EHOSTUNREACH', 2_500), true)).toBe('unknown');
  });

  it('says nothing when it is of another kind', () => {
    expect(tcpServiceState(unreachable('EPROTO', 3), true)).toBe('unknown');
  });
});

it('never makes a state of the host out of trouble on our own side', () => {
  expect(tcpServiceState({ kind: 'local-fault', code: 'EMFILE' }, true)).toBe('unknown');
});
