/** The first minutes of a new Home Assistant: an owner, a token that lasts, and the MQTT integration. */
import { HomeAssistantSocket } from './socket.ts';

/** Where the broker is, as the owner types it in. */
export interface BrokerLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A field of a form, or a section with fields of its own. */
interface Field {
  readonly name: string;
  readonly default?: unknown;
  readonly schema?: readonly Field[];
}

interface FlowStep {
  readonly type: 'form' | 'create_entry' | 'abort';
  readonly flow_id: string;
  readonly errors?: Readonly<Record<string, string>> | null;
  readonly data_schema?: readonly Field[];
}

export const OWNER = { name: 'Owner', username: 'owner', password: 'the owner of the lab' } as const;
const TOKEN_DAYS = 30;
const MOST_STEPS = 6;

/** Creates the owner and finishes the wizard. Resolves with a long-lived token. */
export async function onboard(url: string): Promise<string> {
  const client = `${url}/`;
  const { auth_code } = await post<{ auth_code: string }>(`${url}/api/onboarding/users`, {
    client_id: client,
    language: 'en',
    ...OWNER,
  });
  const code = await fetch(`${url}/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', code: auth_code, client_id: client }),
  });
  const { access_token: token } = (await code.json()) as { access_token: string };
  await post(`${url}/api/onboarding/core_config`, {}, token);
  await post(`${url}/api/onboarding/analytics`, {}, token);
  await post(`${url}/api/onboarding/integration`, { client_id: client, redirect_uri: client }, token);
  const socket = await HomeAssistantSocket.open(url, token);
  const lasting = { client_name: 'lab', lifespan: TOKEN_DAYS };
  const longLived = await socket.ask<string>('auth/long_lived_access_token', lasting);
  socket.close();
  return longLived;
}

/** Adds the MQTT integration by its own form, with the broker and nothing else. */
export async function addMqtt(url: string, token: string, login: BrokerLogin): Promise<void> {
  const flows = `${url}/api/config/config_entries/flow`;
  const known: Readonly<Record<string, unknown>> = {
    broker: login.host,
    port: login.port,
    username: login.user,
    password: login.password,
    // Without a default in the newest releases.
    set_client_cert: false,
    set_ca_cert: 'off',
  };
  let step = await post<FlowStep>(flows, { handler: 'mqtt' }, token);
  for (let steps = 0; steps < MOST_STEPS && step.type !== 'create_entry'; steps += 1) {
    if (step.type === 'abort' || Object.keys(step.errors ?? {}).length > 0) break;
    step = await post<FlowStep>(`${flows}/${step.flow_id}`, filled(step.data_schema ?? [], known), token);
  }
  if (step.type !== 'create_entry')
    throw new Error(`the MQTT integration was not added: ${JSON.stringify(step)}`);
}

/** The answer to a form: what is known, defaults, and the same for its sections. */
function filled(fields: readonly Field[], known: Readonly<Record<string, unknown>>): object {
  const answers = fields.map(({ name, schema, default: usual }) => {
    return [name, schema === undefined ? (known[name] ?? usual) : filled(schema, known)] as const;
  });
  return Object.fromEntries(answers.filter(([, answer]) => answer !== undefined));
}

/** Posts JSON. @throws Error with the status and the body of an answer that is no success. */
export async function post<Shape>(url: string, body: object, token: string | null = null): Promise<Shape> {
  return request<Shape>('POST', url, token, body);
}

/** Puts one request. An empty answer is null. @throws Error as `post`. */
export async function request<Shape>(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  token: string | null,
  body?: object,
): Promise<Shape> {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return (text === '' ? null : JSON.parse(text)) as Shape;
}
