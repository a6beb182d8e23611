import { CAST, castOf } from '../lab/hosts.ts';
import { SUBNET } from '../lab/lan.ts';
import { ALTERATIONS, ALTERED_HOSTS } from './alterations.ts';
import type { Limits } from './figures.ts';
import type { PhasePlan } from './phase.ts';

/** A run of full length. */
export const FULL = { sweeps: 5_000, labSweeps: 200 } as const;

/** Four hosts that answer at once, asked by their addresses, so that no silent address is waited for. */
export function fastHosts(sweeps: number): PhasePlan {
  const hosts = castOf(...ALTERED_HOSTS);
  return {
    name: 'four fast hosts',
    cast: [...castOf('broker'), ...hosts],
    targets: hosts.map(({ address }) => address),
    sweeps,
    measureEvery: 10,
    alterEvery: 80,
    compareEvery: 150,
    alterations: ALTERATIONS,
    idleMs: 10_000,
  };
}

/** The /24 with everybody on it, hostile ones too. */
export function wholeLab(sweeps: number): PhasePlan {
  return {
    name: 'the whole lab',
    cast: CAST,
    targets: [SUBNET],
    sweeps,
    measureEvery: 2,
    alterEvery: 6,
    compareEvery: 10,
    alterations: ALTERATIONS,
    idleMs: 10_000,
  };
}

/** What must hold of a run of full length. */
export const LIMITS: Readonly<Record<'fastHosts' | 'wholeLab', Limits>> = {
  fastHosts: { idleRssMb: 65, idleAnonMb: 25, peakMb: null, growthMb: 1, spaceBytesASweep: 200 },
  // All of its 200 sweeps are warming up: what counts is how high that leads.
  wholeLab: { idleRssMb: 65, idleAnonMb: 25, peakMb: 80, growthMb: null, spaceBytesASweep: 200 },
};

/** A short run says nothing of memory or space. */
export const NO_LIMITS: Limits = {
  idleRssMb: null,
  idleAnonMb: null,
  peakMb: null,
  growthMb: null,
  spaceBytesASweep: null,
};
