import { setTimeout as delay } from 'node:timers/promises';

/** One event of Home Assistant's bus. `time_fired` is ISO 8601. */
export interface BusEvent<Data = Readonly<Record<string, unknown>>> {
  readonly event_type: string;
  readonly data: Data;
  readonly time_fired: string;
}

interface Answer {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface FromServer {
  readonly id?: number;
  readonly type: string;
  readonly success?: boolean;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
  readonly event?: BusEvent;
}

const ANSWER_WITHIN_MS = 30_000;

/** A connection to Home Assistant's WebSocket API, logged in. */
export class HomeAssistantSocket {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, Answer>();
  readonly #listeners = new Map<number, (event: BusEvent) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** `url` is that of the web server, `http://…`. @throws Error when the token is refused. */
  static async open(url: string, token: string): Promise<HomeAssistantSocket> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/websocket`);
    const greeting = new Promise<void>((resolve, reject) => {
      socket.addEventListener('error', () => reject(new Error('no WebSocket to Home Assistant')));
      socket.addEventListener('close', () => reject(new Error('Home Assistant closed the WebSocket')));
      socket.addEventListener('message', ({ data }) => {
        const { type } = JSON.parse(String(data)) as FromServer;
        if (type === 'auth_required') socket.send(JSON.stringify({ type: 'auth', access_token: token }));
        if (type === 'auth_ok') resolve();
        if (type === 'auth_invalid') reject(new Error('Home Assistant refused the token'));
      });
    });
    await greeting;
    const opened = new HomeAssistantSocket(socket);
    socket.addEventListener('message', ({ data }) => opened.#receive(JSON.parse(String(data)) as FromServer));
    socket.addEventListener('close', () => opened.#closed());
    return opened;
  }

  /** Puts one command. @throws Error with the code that Home Assistant gives. */
  async ask<Result>(type: string, parameters: object = {}): Promise<Result> {
    this.#lastId += 1;
    return (await this.#send(this.#lastId, type, parameters)) as Result;
  }

  /** Calls `heard` for each event of the type (none: of all types) from now on. */
  async subscribe(type: string | null, heard: (event: BusEvent) => void): Promise<void> {
    this.#lastId += 1;
    this.#listeners.set(this.#lastId, heard);
    await this.#send(this.#lastId, 'subscribe_events', type === null ? {} : { event_type: type });
  }

  /** Calls `heard` each time the trigger, as in an automation, fires. */
  async subscribeTrigger(trigger: object, heard: (event: BusEvent) => void): Promise<void> {
    this.#lastId += 1;
    this.#listeners.set(this.#lastId, heard);
    await this.#send(this.#lastId, 'subscribe_trigger', { trigger });
  }

  /** Opens a channel by a command, and calls `heard` for everything that comes through it. */
  async open<Message>(type: string, parameters: object, heard: (message: Message) => void): Promise<void> {
    this.#lastId += 1;
    this.#listeners.set(this.#lastId, (message) => heard(message as unknown as Message));
    await this.#send(this.#lastId, type, parameters);
  }

  close(): void {
    this.#socket.close();
  }

  #send(id: number, type: string, parameters: object): Promise<unknown> {
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
    });
    this.#socket.send(JSON.stringify({ id, type, ...parameters }));
    const late = delay(ANSWER_WITHIN_MS, null, { ref: false }).then(() => {
      throw new Error(`Home Assistant did not answer ${type} within ${ANSWER_WITHIN_MS} ms`);
    });
    return Promise.race([answered, late]);
  }

  #receive(message: FromServer): void {
    const { id = 0, type, event } = message;
    if (type === 'event' && event !== undefined) this.#listeners.get(id)?.(event);
    if (type !== 'result') return;
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    const { success = false, result, error } = message;
    if (success) answer?.resolve(result);
    else answer?.reject(new Error(`Home Assistant: ${error?.code}: ${error?.message}`));
  }

  #closed(): void {
    for (const { reject } of this.#answers.values()) reject(new Error('Home Assistant closed the WebSocket'));
    this.#answers.clear();
  }
}
