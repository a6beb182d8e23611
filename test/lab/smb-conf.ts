/** The truth about a Samba: what its effective configuration, as testparm prints it, makes of every fact. */
import type { Answer, Dialect, SigningPolicy } from '../../domain/facts.ts';

/** Options in lower case by section, Samba's defaults included in `global`. */
export type EffectiveConfig = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Reads what `testparm -s -v` prints. */
export function parseTestparm(text: string): EffectiveConfig {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  for (const line of text.split('\n')) {
    const name = /^\[(.+)\]$/.exec(line)?.[1];
    if (name !== undefined) {
      section = new Map();
      sections.set(name, section);
    }
    const [, option, value] = /^\t([^=]+?) = (.*)$/.exec(line) ?? [];
    if (option !== undefined && value !== undefined) section.set(option.toLowerCase(), value);
  }
  return sections;
}

/** What follows from a configuration, in the words of the facts. */
export interface ConfiguredPosture {
  readonly computer: string;
  readonly dialects: readonly Dialect[];
  /** null: that generation is not spoken. */
  readonly signing: { readonly smb1: SigningPolicy | null; readonly smb2: SigningPolicy | null };
  readonly encryption: { readonly supported: Answer; readonly required: Answer };
  /** null: nothing is encrypted. */
  readonly ciphers: readonly string[] | null;
  /** In order of name, IPC$ among them; null: nobody without a password is told. */
  readonly shares: readonly string[] | null;
  /** What somebody without a password may do with each disk share. */
  readonly access: Readonly<Record<string, { readonly read: Answer; readonly write: Answer }>>;
}

const PROTOCOLS: Readonly<Record<string, Dialect>> = {
  NT1: 'NT LM 0.12',
  SMB2_02: '2.0.2',
  SMB2_10: '2.1',
  SMB2: '2.1',
  SMB3_00: '3.0',
  SMB3_02: '3.0.2',
  SMB3_11: '3.1.1',
  SMB3: '3.1.1',
};
const DIALECTS: readonly Dialect[] = ['NT LM 0.12', '2.0.2', '2.1', '3.0', '3.0.2', '3.1.1'];

/** @throws Error for an option whose value this reader does not know. */
export function postureBy(config: EffectiveConfig): ConfiguredPosture {
  const global = (option: string): string => optionOf(config.get('global'), option);
  const protocol = (option: string): number => DIALECTS.indexOf(known(PROTOCOLS, global(option)));
  const dialects = DIALECTS.slice(protocol('server min protocol'), protocol('server max protocol') + 1);
  const speaksSmb2 = dialects.some((dialect) => dialect !== 'NT LM 0.12');
  const required = global('server signing') === 'required';
  const encrypt = global('server smb encrypt');
  const encrypts = encrypt !== 'off' && dialects.some((dialect) => dialect.startsWith('3.'));
  const ciphers = global('server smb3 encryption algorithms').split(', ');
  const isOpen = global('restrict anonymous') === '0' && encrypt !== 'required';
  const shares = [...config].filter(([name]) => name !== 'global');
  return {
    computer: global('netbios name'),
    dialects,
    signing: {
      smb1: dialects.includes('NT LM 0.12') ? (required ? 'required' : 'disabled') : null,
      smb2: speaksSmb2 ? (required ? 'required' : 'enabled') : null,
    },
    encryption: { supported: encrypts ? 'yes' : 'no', required: encrypt === 'required' ? 'yes' : 'no' },
    ciphers: encrypts && dialects.includes('3.1.1') ? ciphers : null,
    shares: isOpen ? [...shares.map(([name]) => name), 'IPC$'].sort() : null,
    access: Object.fromEntries(
      shares.map(([name, options]) => {
        const forGuests = isOpen && options.get('guest ok') === 'Yes';
        const write = forGuests && options.get('read only') === 'No';
        return [name, { read: forGuests ? 'yes' : 'no', write: write ? 'yes' : 'no' }];
      }),
    ),
  };
}

function optionOf(section: ReadonlyMap<string, string> | undefined, option: string): string {
  const value = section?.get(option);
  if (value === undefined) throw new Error(`testparm does not print "${option}"`);
  return value;
}

function known<Value>(table: Readonly<Record<string, Value>>, key: string): Value {
  const value = table[key];
  if (value === undefined) throw new Error(`what does ${key} mean?`);
  return value;
}
