import { endpointMapper } from './endpoint-mapper.ts';
import { ms17010 } from './ms17-010.ts';
import { nodeStatus } from './nbstat.ts';
import { netbiosSession } from './netbios-session.ts';
import { smbAnonymous, smbAnonymousAndIdentity } from './smb-anonymous.ts';
import { smbCiphers } from './smb-ciphers.ts';
import { smbDialectRange } from './smb-dialect-range.ts';
import { smbDialects } from './smb-dialects.ts';
import { smbGuest } from './smb-guest.ts';
import { smbIdentity } from './smb-identity.ts';
import { smb1 } from './smb1.ts';
import { smb1Anonymous, smb1AnonymousAndPatchState } from './smb1-anonymous.ts';
import { smb1Identity } from './smb1-identity.ts';

/** Every probe there is, written out by hand, in the order in which a host meets them. */
export const PROBES = {
  nodeStatus,
  smbDialects,
  netbiosSession,
  endpointMapper,
  smb1,
  smbIdentity,
  smbDialectRange,
  smbCiphers,
  smbAnonymous,
  smbAnonymousAndIdentity,
  smbGuest,
  smb1Identity,
  smb1Anonymous,
  smb1AnonymousAndPatchState,
  ms17010,
} as const;

export type Probes = typeof PROBES;
