import { createSocket, type Socket } from 'node:dgram';
import type { Meter } from './meter.ts';

/** One datagram for a multicast group of IPv6. */
export interface Call {
  /** A link-local group, without a zone: `ff02::fb`. */
  readonly group: string;
  readonly port: number;
  readonly datagram: Uint8Array;
}

/** A socket that sends to groups and reads nothing: what comes back is left to the kernel, which learns who sent it. */
export interface Caller {
  /** Sends to the group on that interface, where it stays: such groups are not routed. Trouble is told, never thrown. */
  call(call: Call, device: string, meter: Meter): void;
  close(): Promise<void>;
}

/** As mDNS demands (RFC 6762 11), and as good as any for what no router passes on. */
const HOP_LIMIT = 255;

/** Opens a socket at a port of the kernel's choice. Without one it stays mute: calling is an extra. */
export function openCaller(onTrouble: (what: string, code: string) => void): Promise<Caller> {
  const socket = createSocket({ type: 'udp6', ipv6Only: true });
  const tell = (what: string) => (error: Error | null) => {
    if (error !== null) onTrouble(what, codeOf(error));
  };
  socket.on('error', tell('open a socket for IPv6 multicast'));
  socket.unref();
  return new Promise((resolve) => {
    const caller: Caller = {
      call: ({ group, port, datagram }, device, meter) => {
        const what = `call ${group}%${device}`;
        try {
          // The zone says where: for a link-local group it beats the interface that a socket may have been given.
          socket.send(datagram, port, `${group}%${device}`, tell(what));
          meter.countDatagram(port, datagram.length);
        } catch (error) {
          tell(what)(error as Error);
        }
      },
      close: () => closed(socket),
    };
    socket.once('error', () => resolve(caller));
    socket.bind({ port: 0, address: '::' }, () => {
      socket.setMulticastTTL(HOP_LIMIT);
      socket.setMulticastLoopback(false);
      resolve(caller);
    });
  });
}

/** Resolves also where it was closed before. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve();
    }
  });
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? error);
}
