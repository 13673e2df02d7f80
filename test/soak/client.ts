/** One user's client: calls with marks of its own, and a stream that must say nothing of others. */

import type { Agent, Dispatcher } from 'undici';
import type { Tally } from './tally.ts';

export interface ClientOptions {
  readonly url: string;
  readonly token: string;
  /** Stands in every mark of this client. */
  readonly name: string;
  readonly tally: Tally;
  readonly calls: Agent;
  readonly streams: Agent;
  /** True once nothing new is to be begun. */
  readonly isOver: () => boolean;
}

/** Milliseconds until an answer counts as lost. */
const PATIENCE = 60_000;
const PAUSE = 250;

export class SoakClient {
  readonly #options: ClientOptions;
  readonly #origin: string;
  readonly #path: string;
  #session: string | undefined;
  #calls = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    const url = new URL(options.url);
    this.#origin = url.origin;
    this.#path = url.pathname;
  }

  /** Calls until it is over. */
  async call(): Promise<void> {
    while (!this.#options.isOver()) {
      if (!(await this.#open())) await pause(PAUSE);
      else if (Math.random() < 0.05) await this.#list();
      else if (Math.random() < 0.03) await this.#leave();
      else await this.#echo();
    }
  }

  /** Keeps a stream open until it is over. */
  async listen(signal: AbortSignal): Promise<void> {
    const { tally, streams } = this.#options;
    while (!this.#options.isOver()) {
      if (!(await this.#open())) {
        await pause(PAUSE);
        continue;
      }
      const session = this.#session;
      try {
        const answer = await streams.request({
          origin: this.#origin,
          ...this.#head('GET', { accept: 'text/event-stream' }),
          signal,
        });
        if (answer.statusCode === 404) this.#session = undefined;
        if (answer.statusCode !== 200) {
          await answer.body.dump();
          await pause(PAUSE);
          continue;
        }
        tally.count('opened');
        for await (const chunk of answer.body) this.#check(String(chunk), session);
        tally.count('reopened');
      } catch {
        // The proxy ends a stream whose server is gone, or the soak is over: either way it is opened anew.
        if (!signal.aborted) tally.count('reopened');
      }
      await pause(PAUSE);
    }
  }

  /** What the HTTP server says on a stream holds its own id of the session, always the same. */
  #check(text: string, session: string | undefined): void {
    for (const [, told] of text.matchAll(/"data":"([^"]+)"/g)) {
      this.#options.tally.count('events');
      const known = owners.get(told!); // The pattern has one group.
      if (known === undefined) owners.set(told!, session ?? '');
      else if (known !== session)
        this.#options.tally.count('misdelivered', 'an event of another session');
    }
  }

  async #open(): Promise<boolean> {
    if (this.#session !== undefined) return true;
    const answer = await this.#send('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: this.#options.name, version: '1' },
    });
    const session = answer?.headers['mcp-session-id'];
    if (answer?.status !== 200 || typeof session !== 'string') return false;
    this.#session = session;
    await this.#send('notifications/initialized');
    return this.#session !== undefined;
  }

  async #echo(): Promise<void> {
    const mark = `${this.#options.name}/${++this.#calls}/${Math.random().toString(36).slice(2)}`;
    const answer = await this.#send('tools/call', { name: 'echo', arguments: { mark } });
    if (answer?.status !== 200 || answer.error) return;
    const text = textOf(answer.result);
    if (text === mark) this.#options.tally.count('ok');
    else this.#options.tally.count('misdelivered', `${mark} was answered with ${text}`);
  }

  async #list(): Promise<void> {
    const answer = await this.#send('tools/list');
    if (answer?.status !== 200 || answer.error) return;
    const names = JSON.stringify(answer.result);
    if (names.includes('echo') && !names.includes('secret')) this.#options.tally.count('ok');
    else this.#options.tally.count('wrong', `the list is ${names}`);
  }

  /** A client that goes away in the middle of a call. */
  async #leave(): Promise<void> {
    const params = { name: 'echo', arguments: { mark: `${this.#options.name}/left` } };
    await this.#send('tools/call', params, AbortSignal.timeout(Math.ceil(Math.random() * 20)));
    this.#options.tally.count('left');
  }

  async #send(method: string, params?: unknown, leave?: AbortSignal): Promise<Answer | undefined> {
    const { tally, calls } = this.#options;
    const isNote = method.startsWith('notifications/');
    const id = `${this.#options.name}-${Math.random().toString(36).slice(2)}`;
    try {
      const { statusCode, headers, body } = await calls.request({
        origin: this.#origin,
        ...this.#head('POST', {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        }),
        body: JSON.stringify({ jsonrpc: '2.0', ...(isNote ? {} : { id }), method, params }),
        headersTimeout: PATIENCE,
        bodyTimeout: PATIENCE,
        ...(leave !== undefined && { signal: leave }),
      });
      const text = await body.text();
      if (statusCode === 404) {
        this.#session = undefined;
        tally.count('session-gone');
        return undefined;
      }
      if (statusCode >= 502 && statusCode <= 504) {
        tally.count('outage');
        return undefined;
      }
      if (isNote && statusCode === 202)
        return { status: 202, headers, error: false, result: undefined };
      if (statusCode !== 200) {
        tally.count('wrong', `${method}: ${statusCode} ${text.slice(0, 200)}`);
        return undefined;
      }
      return this.#read(text, { id, method, headers });
    } catch (error) {
      if (leave?.aborted !== true) tally.count('lost', `${method}: ${String(error)}`);
      return undefined;
    }
  }

  #read(
    text: string,
    asked: { readonly id: string; readonly method: string; readonly headers: Answer['headers'] },
  ): Answer | undefined {
    const { tally } = this.#options;
    const json = /^data: (.*"id".*)$/m.exec(text)?.[1] ?? text;
    try {
      const message = JSON.parse(json) as { id?: unknown; result?: unknown; error?: unknown }; // Checked below.
      if (message.id !== asked.id)
        tally.count('misdelivered', `${asked.id} got ${text.slice(0, 200)}`);
      else {
        const error = message.error !== undefined;
        if (error) tally.count('outage');
        return { status: 200, headers: asked.headers, error, result: message.result };
      }
    } catch {
      // A stream that broke off without an answer: nobody knows what became of the call.
      tally.count('lost', `${asked.method}: ${text.slice(0, 200)}`);
    }
    return undefined;
  }

  #head(
    method: 'GET' | 'POST',
    more: Readonly<Record<string, string>>,
  ): Pick<Dispatcher.RequestOptions, 'method' | 'path' | 'headers'> {
    return {
      method,
      path: this.#path,
      headers: {
        ...more,
        authorization: `Bearer ${this.#options.token}`,
        'mcp-protocol-version': '2025-06-18',
        ...(this.#session !== undefined && { 'mcp-session-id': this.#session }),
      },
    };
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly error: boolean;
  readonly result: unknown;
}

/** The client's session for every id that the HTTP server has told on a stream. */
const owners = new Map<string, string>();

function textOf(result: unknown): unknown {
  return (result as { content?: readonly { text?: unknown }[] } | undefined)?.content?.[0]?.text; // Compared only.
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
