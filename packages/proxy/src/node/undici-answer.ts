/** Takes an answer from undici as it arrives: small bodies whole, the others as a web stream. */

import { type Dispatcher, errors } from 'undici';
import type { Answer } from '../http/answer.ts';
import { Fields } from '../http/fields.ts';
import { AnswerTimeout } from '../upstream/http.ts';

export interface UndiciAnswerOptions {
  /** Milliseconds in which a small body must be complete. */
  readonly timeout: number;
  /** Aborted when nobody waits any more; once a stream has begun, its reader cancels it instead. */
  readonly signal: AbortSignal;
}

type Controller = Dispatcher.DispatchController;

/** Most answers: a whole one is several times cheaper to pass on than a stream. */
const SMALL = 64 * 1024;
/** Milliseconds. */
const LEFT_FOR = 100;

/** One answer. Give it to `dispatch`; `answer` settles when its head or its small body is there. */
export class UndiciAnswer implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>;
  readonly #options: UndiciAnswerOptions;
  #resolve!: (answer: Answer) => void; // Set by the promise's executor, which runs at once.
  #reject!: (error: unknown) => void; // The same.
  #controller: Controller | undefined;
  #status = 0;
  #fields = new Fields();
  /** Chunks of a body that is read whole. */
  #chunks: Buffer[] | undefined;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isSettled = false;
  /** Bytes that came after the reader had left. */
  #left = 0;

  constructor(options: UndiciAnswerOptions) {
    this.#options = options;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    options.signal.addEventListener('abort', this.#leave, { once: true });
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#options.signal.aborted) this.#leave();
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // Only what says so is final (RFC 9110 §15.2).
    if (status < 200) return;
    this.#status = status;
    for (const name in headers) {
      const value = headers[name];
      if (typeof value === 'string') this.#fields.append(name, value);
      else for (const one of value ?? []) this.#fields.append(name, one);
    }
    if (isSmall(headers['content-length'])) {
      this.#chunks = [];
      // Nearly always the body has come with the head; a timer for it would cost more than it does.
      queueMicrotask(() => this.#awaitBody(controller));
      return;
    }
    this.#settle(this.#openStream(controller));
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    // Told of a connection that is looked at again: nothing came, and there is nothing to wait for.
    if (chunk.length === 0) return;
    if (this.#chunks !== undefined) {
      this.#chunks.push(chunk);
      return;
    }
    if (this.#stream === undefined) {
      this.#left += chunk.length;
      if (this.#left > SMALL) controller.abort(new Error('the reader left'));
      return;
    }
    this.#stream.enqueue(chunk);
    if ((this.#stream.desiredSize ?? 0) <= 0) controller.pause();
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer);
    if (this.#chunks === undefined) this.#stream?.close();
    else {
      const [first] = this.#chunks;
      this.#settle(this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks));
    }
    this.#stream = undefined;
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#fail(
      error instanceof errors.HeadersTimeoutError
        ? new AnswerTimeout('no answer in time', { cause: error })
        : error,
    );
  }

  #awaitBody(controller: Controller): void {
    if (this.#isSettled) return;
    this.#timer = setTimeout(() => {
      const error = new AnswerTimeout('the answer stopped half-way');
      controller.abort(error);
      this.#fail(error);
    }, this.#options.timeout);
  }

  readonly #leave = (): void => {
    const { reason } = this.#options.signal;
    this.#controller?.abort(reason instanceof Error ? reason : new Error('nobody waits any more'));
    this.#fail(reason);
  };

  #openStream(controller: Controller): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          this.#stream = stream;
          controller.pause();
        },
        pull: () => controller.resume(),
        cancel: () => {
          this.#stream = undefined;
          this.#leaveBody(controller);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /**
   * An abort ends the connection. Most bodies that nobody reads are empty, such as those of answers to
   * notifications, so their end is waited for: a moment, and not for one that goes on for hours.
   */
  #leaveBody(controller: Controller): void {
    const end = (): void => controller.abort(new Error('the reader left'));
    if (this.#fields.get('content-type')?.toLowerCase().startsWith('text/event-stream') === true) {
      end();
      return;
    }
    this.#timer = setTimeout(end, LEFT_FOR);
    controller.resume();
  }

  #settle(body: ReadableStream<Uint8Array> | Uint8Array): void {
    this.#forget();
    this.#resolve({ status: this.#status, headers: this.#fields, body });
  }

  #fail(error: unknown): void {
    this.#forget();
    this.#reject(error);
    this.#stream?.error(error);
    this.#stream = undefined;
  }

  #forget(): void {
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#options.signal.removeEventListener('abort', this.#leave);
  }
}

/** Node's parser holds a server to the length it declares. */
function isSmall(length: string | string[] | undefined): boolean {
  return typeof length === 'string' && length !== '' && Number(length) <= SMALL;
}
