import { endpointMapper } from './endpoint-mapper.ts';
import { nodeStatus } from './nbstat.ts';
import { netbiosSession } from './netbios-session.ts';
import { smbAnonymous } from './smb-anonymous.ts';
import { smbCiphers } from './smb-ciphers.ts';
import { smbDialectRange } from './smb-dialect-range.ts';
import { smbDialects } from './smb-dialects.ts';
import { smbIdentity } from './smb-identity.ts';
import { smb1 } from './smb1.ts';

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
} as const;

export type Probes = typeof PROBES;
