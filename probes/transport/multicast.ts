import { createSocket, type Socket } from 'node:dgram';

export interface EarOptions {
  /** A multicast address, and the port that its senders use. */
  readonly group: string;
  readonly port: number;
  /** Called with each datagram and where it came from. The bytes are the caller's. */
  readonly onDatagram: (
    datagram: Uint8Array,
    from: { readonly address: string; readonly port: number },
  ) => void;
  /** Something that could not be done, and the error code. Nothing is thrown for it. */
  readonly onTrouble: (what: string, code: string) => void;
}

/** A socket that hears what is sent to a multicast group, and sends nothing. */
export interface MulticastEar {
  /** Listens on the interfaces with these addresses of ours, too. Call it again when interfaces may have come back. */
  listenOn(ownAddresses: readonly string[]): void;
  close(): Promise<void>;
}

/**
 * Bound to the group and not to all addresses, so that no datagram is taken from another program that serves the same
 * port on this machine (avahi-daemon, systemd-resolved); with SO_REUSEADDR beside them. The kernel itself tells switches
 * of a membership (IGMP). Without the socket it stays deaf: hearing is an extra.
 */
export function openEar({ group, port, onDatagram, onTrouble }: EarOptions): MulticastEar {
  let wanted: readonly string[] = [];
  let isBound = false;
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (bytes, from) => onDatagram(Uint8Array.from(bytes), from));
  socket.on('error', (error) => onTrouble(`listen to ${group}:${port}`, codeOf(error)));
  const join = () => {
    for (const address of isBound ? wanted : []) {
      try {
        socket.addMembership(group, address);
      } catch (error) {
        // EADDRINUSE: joined before.
        if (codeOf(error) !== 'EADDRINUSE') onTrouble(`join ${group} on ${address}`, codeOf(error));
      }
    }
  };
  socket.bind(port, group, () => {
    isBound = true;
    join();
  });
  socket.unref();
  return {
    listenOn: (ownAddresses) => {
      wanted = ownAddresses;
      join();
    },
    close: () => closed(socket),
  };
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
