/**
 * A Probe of WS-Discovery: the question with which Windows fills its "Network" folder. WS-Discovery (April 2005) 5.2,
 * SOAP over UDP. It asks for devices of the Devices Profile, wsdp:Device: wsdd 0.7.0 answers to no narrower type, and
 * compares the text of it, prefix and all.
 */

const ENVELOPE = [
  '<?xml version="1.0" encoding="utf-8"?>',
  '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"',
  ' xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
  ' xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery"',
  ' xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof">',
  '<soap:Header><wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>',
  '<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</wsa:Action>',
  '<wsa:MessageID>urn:uuid:MESSAGE-ID</wsa:MessageID></soap:Header>',
  '<soap:Body><wsd:Probe><wsd:Types>wsdp:Device</wsd:Types></wsd:Probe></soap:Body></soap:Envelope>',
].join('');

/** Which devices are there? `random`: 16 bytes that make the id of the message, a UUID of version 4. */
export function encodeDeviceProbe(random: Uint8Array): Uint8Array {
  return new TextEncoder().encode(ENVELOPE.replace('MESSAGE-ID', uuidOf(random)));
}

/** RFC 9562 5.4. @throws RangeError for other than 16 bytes. */
function uuidOf(random: Uint8Array): string {
  if (random.length !== 16) throw new RangeError(`${random.length} bytes where 16 belong`);
  const bytes = [...random];
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
