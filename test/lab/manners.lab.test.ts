/** A judge that never complains proves nothing: each sees the breach that it is there to see, and lets good manners pass. */
import { describe, expect, test } from 'vitest';
import {
  bytesBeside,
  connectionsAtOnce,
  connectionsReset,
  datagramsTooMany,
  hastyAttempts,
  logonsByMac,
  printPortsTouched,
  questionsBeyond,
} from './manners.ts';
import { type Packet, packetIn } from './packets.ts';

const MAC = '00:11:32:00:00:20';

/** `40 > F 445 50001`: after 40 ms we send FIN from our port 50001 to 445. What follows is payload, in hex. */
function packet(line: string): Packet {
  const [at, way, flags = '', port, ourPort, hex = ''] = line.split(' ');
  const isOurs = way === '>';
  const payload = Buffer.from(hex, 'hex');
  const protocol = flags === '-' ? 'udp' : 'tcp';
  const ports = { port: Number(port), ourPort: Number(ourPort) };
  return { at: Number(at), isOurs, protocol, mac: MAC, address: '10.77.0.20', flags, payload, ...ports };
}
const packets = (...lines: readonly string[]): Packet[] => lines.map(packet);

/** A connection of 20 ms that is ended in order, and the one after it. */
const connection = (at: number, ourPort: number): Packet[] =>
  packets(
    `${at} > S 445 ${ourPort}`,
    `${at + 1} < SA 445 ${ourPort}`,
    `${at + 1} > A 445 ${ourPort}`,
    `${at + 19} > FA 445 ${ourPort}`,
    `${at + 20} < FA 445 ${ourPort}`,
  );

describe('of connections', () => {
  test('one after the other, 100 ms apart, are as they should be', () => {
    const good = [...connection(0, 50_001), ...connection(120, 50_002)];
    expect([connectionsAtOnce(good), hastyAttempts(good), connectionsReset(good)]).toEqual([[], [], []]);
  });

  test('attempts that nobody answers may be side by side, 100 ms apart, and repeated by the kernel', () => {
    const silent = packets(
      '0 > S 445 50001',
      '100 > S 139 50002',
      '1000 > S 445 50001',
      '1010 > S 139 50002',
    );
    expect([connectionsAtOnce(silent), hastyAttempts(silent)]).toEqual([[], []]);
  });

  test('two at once are seen, whichever families they are of', () => {
    const both = [...connection(0, 50_001), ...connection(10, 50_002)];
    const overIpv6 = both.map((each) => (each.ourPort === 50_002 ? { ...each, address: 'fe80::20' } : each));
    expect(connectionsAtOnce(both)).toEqual(['10.77.0.20:445 while another connection was open']);
    expect(connectionsAtOnce(overIpv6)).toEqual(['fe80::20:445 while another connection was open']);
  });

  test('a pause that is too short is seen, after a connection and after an attempt', () => {
    expect(hastyAttempts([...connection(0, 50_001), ...connection(110, 50_002)])).toEqual([
      '10.77.0.20:445 after 90.0 ms',
    ]);
    expect(hastyAttempts(packets('0 > S 445 50001', '90 > S 139 50002'))).toEqual([
      '10.77.0.20:139 after 90.0 ms',
    ]);
  });

  test('an attempt that was called back, and refuses an acceptance that comes too late, is no connection', () => {
    const late = packets('10 > S 139 50002', '15 < SA 139 50002', '15 > R 139 50002');
    expect([connectionsAtOnce([...connection(0, 50_001), ...late]), connectionsReset(late)]).toEqual([
      [],
      [],
    ]);
  });

  test('a reset in place of FIN is seen', () => {
    const reset = packets('0 > S 445 50001', '1 < SA 445 50001', '1 > A 445 50001', '19 > RA 445 50001');
    expect(connectionsReset(reset)).toEqual(['10.77.0.20:445']);
  });

  test.each([515, 9100, 9116, 9999])('not even an attempt at print port %i is missed', (port) => {
    expect(printPortsTouched(packets(`0 > S ${port} 50001`))).toEqual([`tcp to 10.77.0.20:${port}`]);
  });
});

describe('of what is said', () => {
  test('a byte to another port is seen', () => {
    const bytes = packets('0 > PA 445 50001 00', '1 > PA 8080 50002 00');
    expect(bytesBeside([445], bytes)).toEqual(['1 bytes to 10.77.0.20:8080']);
  });

  test.each([
    ['a bind to the endpoint mapper', '05000b03', 'L1', 0],
    ['a request for a NetBIOS session', '81000044', 'L1', 0],
    ['a negotiate of five dialects', smb2(0, '24000500'), 'L2', 0],
    ['a negotiate of one dialect', smb2(0, '24000100'), 'L3', 0],
    ['a negotiate of SMB 1', smb1(0x72), 'L3', 0],
    ['a session setup for the challenge', smb2(1, ntlm(1)), 'L3', 0],
    ['a session setup that logs on', smb2(1, ntlm(3)), 'L4', 1],
    ['one over SMB 1, with NTLM', smb1(0x73, ntlm(3)), 'L4', 1],
    ['one over SMB 1, without', smb1(0x73), 'L4', 1],
    ['a tree connect', smb2(3, ''), 'L4', 0],
  ] as const)('%s is known for what it is', (_, hex, level, logons) => {
    const said = packets(`0 > PA 445 50001 ${hex}`);
    const levels = ['L1', 'L2', 'L3', 'L4'] as const;
    const allowed = levels.filter((each) => questionsBeyond(each, said).length === 0);
    expect(allowed).toEqual(levels.slice(levels.indexOf(level)));
    expect(logonsByMac(said).get(MAC) ?? 0).toBe(logons);
  });

  test('a fourth node status question to an address is seen, and a datagram to another port', () => {
    const three = packets(...Array.from({ length: 3 }, (_, i) => `${i} > - 137 40001`));
    expect(datagramsTooMany(three)).toEqual([]);
    expect(datagramsTooMany([...three, packet('3 > - 137 40002')])).toEqual(['4 to 10.77.0.20']);
    expect(datagramsTooMany(packets('0 > - 161 40001'))).toEqual(['to 10.77.0.20:161']);
  });
});

const IPV4 = '0800 4500002900000000400600000a4d00020a4d0014';
const IPV6 = `86dd 6000000000150640 ${linkLocal('02')} ${linkLocal('20')}`;
const TCP = 'c351 01bd 00000000 00000000 50180000 00000000 ab';

test.each([
  ['IPv4, filled up to what Ethernet takes', `${IPV4} ${TCP} 000000`, '10.77.0.20'],
  ['IPv6', `${IPV6} ${TCP}`, 'fe80::20'],
])('a frame of %s is read', (_, content, address) => {
  const hex = `${MAC} 020000000002 ${content}`.replaceAll(/[ :]/g, '');
  expect(packetIn(Buffer.from(hex, 'hex'), { at: 1, isOurs: true })).toEqual({
    ...packet('1 > PA 445 50001 ab'),
    address,
  });
});

function linkLocal(last: string): string {
  return `fe80000000000000 00000000000000${last}`;
}

function smb2(command: number, body: string): string {
  const header = `fe534d4240000000000000000${command}00`.padEnd(128, '0');
  return `00000000${header}${body}`;
}

function smb1(command: number, body = ''): string {
  return `00000000${`ff534d42${command.toString(16)}`.padEnd(64, '0')}${body}`;
}

/** The beginning of an NTLM message, [MS-NLMP] 2.2.1. */
function ntlm(type: number): string {
  return `${Buffer.from('NTLMSSP\0').toString('hex')}0${type}000000`;
}
