import { describe, expect, test } from 'vitest';
import {
  decodeNodeStatusRequest,
  decodeNodeStatusResponse,
  encodeNodeStatusRequest,
  encodeNodeStatusResponse,
  type NodeStatusResponse,
} from '../../../probes/wire/nbns.ts';
import { codecContract, verdict } from '../../support/codec-contract.ts';
import { patched, readFixture } from '../../support/hex-file.ts';

const QDCOUNT = { field: 'QDCOUNT', offset: 4, size: 2 } as const;
const ANCOUNT = { field: 'ANCOUNT', offset: 6, size: 2 } as const;
const LABEL = { field: 'label length', offset: 12, size: 1 } as const;
const RDLENGTH_OFFSET = 54;
const NUM_NAMES_OFFSET = 56;
const SAMBA = readFixture('nbns-node-status-response-samba4').bytes;

codecContract('nbns-node-status-request-nmap', {
  decode: decodeNodeStatusRequest,
  encode: encodeNodeStatusRequest,
  exact: true,
  limits: [QDCOUNT, ANCOUNT, LABEL],
});
codecContract('nbns-node-status-request-nbtscan', {
  decode: decodeNodeStatusRequest,
  limits: [QDCOUNT, ANCOUNT, LABEL],
});
for (const name of ['samba4', 'samba4-browser', 'samba4-many-names']) {
  codecContract(`nbns-node-status-response-${name}`, {
    decode: decodeNodeStatusResponse,
    encode: encodeNodeStatusResponse,
    exact: true,
    limits: [QDCOUNT, ANCOUNT, LABEL],
    mayEndAt: (length) => length > NUM_NAMES_OFFSET,
  });
}
codecContract('nbns-node-status-response-rfc1002-question-repeated', {
  decode: decodeNodeStatusResponse,
  limits: [QDCOUNT, ANCOUNT, LABEL, { field: 'label pointer', offset: 50, size: 2 }],
  mayEndAt: (length) => length > 62,
});
codecContract('nbns-node-status-response-rfc1002-not-implemented', {
  decode: decodeNodeStatusResponse,
  encode: encodeNodeStatusResponse,
  limits: [QDCOUNT, ANCOUNT],
});

describe('node status response', () => {
  test('counts only the names that are there when NUM_NAMES announces more', () => {
    const response = decodeNodeStatusResponse(patched(SAMBA, NUM_NAMES_OFFSET, 0xff));
    expect(response.names.map((entry) => entry.name).slice(0, 5)).toEqual(
      names(decodeNodeStatusResponse(SAMBA)),
    );
    expect(response.unitId).toBeNull();
  });

  test('reads no name beyond RDLENGTH', () => {
    const response = decodeNodeStatusResponse(patched(SAMBA, RDLENGTH_OFFSET, 0x00, 1 + 2 * 18 + 17));
    expect(names(response)).toEqual(['LABNAS', 'LABNAS']);
  });

  test('reads as far as the datagram reaches when RDLENGTH announces more', () => {
    const response = decodeNodeStatusResponse(patched(SAMBA, RDLENGTH_OFFSET, 0xff, 0xff));
    expect(response).toEqual(decodeNodeStatusResponse(SAMBA));
  });

  test('has the unit ID as soon as its six bytes are there, and none before', () => {
    const end = NUM_NAMES_OFFSET + 1 + 5 * 18;
    expect(decodeNodeStatusResponse(SAMBA.subarray(0, end + 6)).unitId).toEqual(new Uint8Array(6));
    expect(decodeNodeStatusResponse(SAMBA.subarray(0, end + 5)).unitId).toBeNull();
  });

  test('takes no bytes of a name that was cut off for a unit ID', () => {
    const response = decodeNodeStatusResponse(SAMBA.subarray(0, NUM_NAMES_OFFSET + 1 + 4 * 18 + 10));
    expect(response.names).toHaveLength(4);
    expect(response.unitId).toBeNull();
  });

  test('keeps bytes above 0x7F and control bytes as one character each', () => {
    const name = '\u0001\u00c4\u00ff\u001b[31m';
    const bytes = encodeNodeStatusResponse({
      transactionId: 1,
      flags: 0x8400,
      name: { name: '*', suffix: 0 },
      names: [{ name, suffix: 0x20, group: false, flags: 0x0400 }],
      unitId: null,
    });
    expect(names(decodeNodeStatusResponse(bytes))).toEqual([name]);
  });

  test('removes NUL padding as well as spaces', () => {
    const bytes = SAMBA.slice().fill(0, NUM_NAMES_OFFSET + 1 + 3, NUM_NAMES_OFFSET + 1 + 15);
    expect(names(decodeNodeStatusResponse(bytes))[0]).toBe('LAB');
  });

  test('repeats one question at most', () => {
    expect(() => decodeNodeStatusResponse(patched(SAMBA, 4, 0, 2))).toThrow('QDCOUNT at offset 4');
  });

  test('is not read from a request, from another opcode or from another record type', () => {
    const request = encodeNodeStatusRequest({ transactionId: 7 });
    expect(verdict(decodeNodeStatusResponse, request)).toBe('a DecodeError');
    expect(verdict(decodeNodeStatusResponse, patched(SAMBA, 2, 0xac))).toBe('a DecodeError');
    expect(verdict(decodeNodeStatusResponse, patched(SAMBA, 47, 0x20))).toBe('a DecodeError');
  });
});

function names(response: NodeStatusResponse): string[] {
  return response.names.map((entry) => entry.name);
}
