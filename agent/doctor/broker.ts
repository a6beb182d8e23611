import type { Config } from '../config.ts';
import type { Examination, TrialStep } from '../publish/publisher.ts';
import { type Check, fault, ok, shellWord, unknown, warning } from './check.ts';
import type { Attempt, Control, DoctorWorld, Recorded } from './doctor-world.ts';

type World = Pick<DoctorWorld, 'resolve' | 'connect' | 'handshake' | 'examineBroker' | 'password'>;

interface Place {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

const USUAL_PORTS: Readonly<Record<string, number>> = {
  'mqtt:': 1883,
  'mqtts:': 8883,
  'ws:': 80,
  'wss:': 443,
};

/** The way to the broker, one step after the other up to the first that fails. */
export async function brokerChecks(world: World, config: Config): Promise<Check[]> {
  const { mqtt } = config;
  if (mqtt.url === null) return [ok('broker', 'none is configured: alerts go to the log only')];
  const place = placeOf(mqtt.url);
  const steps = [
    async () => addressCheck(place, await world.resolve(place.host)),
    async () => connectionCheck(place, await world.connect(place.host, place.port)),
    ...(place.isSecure ? [async () => tlsCheck(place, await world.handshake(config))] : []),
  ];
  const checks: Check[] = [];
  for (const step of steps) {
    const check = await step();
    checks.push(check);
    if (check.verdict === 'fault') return checks;
  }
  const { kind } = world.password(config);
  // What is to be done about it, the check of the password says.
  if (kind === 'hidden' || kind === 'failed') {
    return [...checks, unknown('broker-login', 'not tried: the password cannot be read')];
  }
  return [...checks, ...examinationChecks(await world.examineBroker(config), mqtt)];
}

function placeOf(url: string): Place {
  const { protocol, hostname, port } = new URL(url);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (USUAL_PORTS[protocol] ?? 1883) : Number(port),
    isSecure: protocol === 'mqtts:' || protocol === 'wss:',
  };
}

function addressCheck({ host }: Place, found: Attempt<readonly string[]>): Check {
  if (found.kind === 'done') {
    const [first] = found.value;
    return ok('broker-address', first === host ? host : `${host} is ${found.value.join(', ')}`);
  }
  return fault('broker-address', `looking up ${host}: ${found.code}: no such name here`, {
    advice:
      'Correct mqtt.url, or write the address of the broker there. What this machine makes of the name:',
    commands: [`getent hosts ${shellWord(host)}`],
  });
}

function connectionCheck({ host, port }: Place, attempt: Attempt<null>): Check {
  const name = 'broker-connection';
  if (attempt.kind === 'done') return ok(name, `port ${port} of ${host} accepts connections`);
  const { code } = attempt;
  const what = `connecting to ${host}, port ${port}: ${code}`;
  if (code === 'ECONNREFUSED') {
    return fault(name, `${what}: the machine is there, but no broker listens on this port`, {
      advice: `On the broker: is it running, and has mosquitto.conf a "listener ${port}"? Without one, it listens to itself only:`,
      commands: ['systemctl status mosquitto', `ss -tlnp 'sport = :${port}'`],
    });
  }
  return fault(name, `${what}: nobody answers at this address, or a firewall keeps us out`, {
    advice: 'Is the address right and the machine on? Then let this port through its firewall, such as:',
    commands: [`ping -c 3 ${shellWord(host)}`, `ufw allow ${port}/tcp`],
  });
}

/** Codes of OpenSSL and Node.js for a certificate that nobody vouches for. */
const UNVOUCHED: readonly string[] = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
];

function tlsCheck({ host, port }: Place, attempt: Attempt<null>): Check {
  if (attempt.kind === 'done') return ok('broker-tls', 'the certificate is good');
  const { code, message } = attempt;
  const show = `openssl s_client -connect ${shellWord(`${host}:${port}`)} -showcerts </dev/null`;
  return fault('broker-tls', `${code}: ${message}`, { advice: tlsAdvice(code), commands: [show] });
}

function tlsAdvice(code: string): string {
  if (UNVOUCHED.includes(code))
    return 'Name the certificate of the authority that signed it, as a PEM file, in mqtt.ca. Who that is:';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'Write the name that is in the certificate into mqtt.url or mqtt.servername. It is among these:';
  if (code === 'CERT_HAS_EXPIRED') return 'Renew the certificate of the broker. Until when it was good:';
  return 'Is that a port for TLS at all? Else write mqtt:// instead of mqtts:// in mqtt.url. What the broker says:';
}

function examinationChecks(examination: Examination, mqtt: Config['mqtt']): Check[] {
  const { steps, protocolVersion } = examination;
  const failed = steps.find(({ error }) => error !== null);
  const version = protocolVersion === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
  const as = mqtt.username === null ? 'without a user name' : `as ${mqtt.username}`;
  if (failed?.step === 'reach' || failed?.step === 'login') return [loginFault(failed, as, mqtt)];
  const login = ok('broker-login', `${as}, ${version}`);
  if (failed !== undefined) return [login, roundTripFault(failed, mqtt)];
  const took = steps.filter(({ step }) => step !== 'reach' && step !== 'login');
  const ms = took.reduce((sum, { tookMs }) => sum + tookMs, 0);
  return [
    login,
    ok('broker-round-trip', `a message came back after ${ms} ms`),
    birthCheck(examination, mqtt),
  ];
}

function loginFault({ error }: TrialStep, as: string, { username, passwordFile }: Config['mqtt']): Check {
  const user = shellWord(username ?? 'smbwarden');
  return fault('broker-login', `logging in ${as}: ${error}`, {
    advice: `On the broker give this user a password (for the Mosquitto app of Home Assistant: make a user of that name there), and write it into ${passwordFile ?? 'the file named in mqtt.passwordFile'}:`,
    commands: [`mosquitto_passwd /etc/mosquitto/passwd ${user}`, 'systemctl reload mosquitto'],
  });
}

function roundTripFault({ step, error }: TrialStep, { username, baseTopic }: Config['mqtt']): Check {
  const what =
    { subscribe: 'subscribing', publish: 'publishing' }[step as string] ?? 'waiting for our own message';
  return fault('broker-round-trip', `${what} below ${baseTopic}/: ${error}`, {
    advice: `Most likely the broker's access rules do not let ${username ?? 'anybody'} read and write there: add "topic readwrite ${baseTopic}/#" to the file that acl_file names, then:`,
    commands: ['systemctl reload mosquitto'],
  });
}

function birthCheck({ homeAssistant }: Examination, { statusTopic }: Config['mqtt']): Check {
  const name = 'home-assistant';
  if (homeAssistant === 'online') return ok(name, `online, says ${statusTopic}`);
  if (homeAssistant === 'offline') {
    return warning(name, `offline, says ${statusTopic}: it, or its MQTT integration, is stopped`, {
      advice: 'Events wait until it is back. Start it, or look into its log:',
      commands: ['ha core logs'],
    });
  }
  return unknown(
    name,
    `no birth message on ${statusTopic} within 3 s: it is not retained, or nobody sends one`,
    {
      advice:
        'If you use it: is its MQTT integration connected to this broker, and its birth message on? Listen, and restart it:',
      commands: [`mosquitto_sub -v -t ${statusTopic}`],
    },
  );
}

/** Do events leave? Only the daemon knows which of them it holds back. */
export function eventsCheck(recorded: Recorded | null, control: Control, { mqtt }: Config): Check[] {
  if (mqtt.url === null || recorded === null) return [];
  const waiting = recorded.eventsWaiting;
  const link = control.kind === 'answers' ? control.daemon.mqtt : null;
  const quarantined = link?.quarantined ?? 0;
  const inWords = `${waiting} ${waiting === 1 ? 'event waits' : 'events wait'} for the broker`;
  const held =
    quarantined === 0
      ? []
      : [
          warning(
            'events',
            `${quarantined} held back: the connection broke three times while they were sent`,
            {
              advice: 'A restart tries them once more; the log names them:',
              commands: ['journalctl -u smbwarden -g "broke each time"', 'systemctl restart smbwarden'],
            },
          ),
        ];
  if (waiting === 0) return [ok('events', 'none waits for the broker'), ...held];
  if (link === null || link.connected) return [...held, ...(held.length > 0 ? [] : [ok('events', inWords)])];
  const reason = link.lastError === null ? '' : ` (${link.lastError})`;
  const mend = { commands: ['journalctl -u smbwarden -p warning -n 20'] };
  return [warning('events', `${inWords}: the daemon is not connected${reason}`, mend), ...held];
}
