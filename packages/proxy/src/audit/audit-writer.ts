/** The ready-made sink: whole lines to whatever takes bytes, and none forgotten when it does not. */

import { renderAuditLine } from './audit-line.ts';
import type { AuditSink } from './auditor.ts';

/** Where lines go. */
export interface AuditOutput {
  /** Writes as much as it can and says how many bytes that was; rejects when it was none. */
  write(bytes: Uint8Array): Promise<number>;
  /** Rejects while there may be no room for the lines of requests that are let in now. */
  room?(): Promise<void> | undefined;
  close(): Promise<void>;
}

export interface AuditWriterOptions {
  readonly output: AuditOutput;
  /** Milliseconds that a write may take before the lines that wait for it count as failed. Default 5,000. */
  readonly timeout?: number;
  /** Bytes of lines that are kept for later while the output fails. Default 1 MiB. */
  readonly backlogBytes?: number;
  /** Told when the output works again. */
  readonly onRecovered?: (recovery: AuditRecovery) => void;
}

/** What became of the lines that could not be written at their time. */
export interface AuditRecovery {
  /** Lines that are now written. */
  readonly late: number;
  /** Lines for which there was no room. */
  readonly lost: number;
}

/** A sink that owns its output. */
export interface AuditWriter extends AuditSink {
  /** True while lines cannot be written. */
  failing(): boolean;
  /** Writes what is left and closes the output; resolves to the number of lines that are lost. */
  close(): Promise<number>;
}

interface Line {
  readonly bytes: Uint8Array;
  /** Undefined once whoever waited has been answered. */
  settle: { readonly done: () => void; readonly failed: (error: unknown) => void } | undefined;
}

/**
 * Creates a sink of JSON lines.
 *
 * Lines that come while a write is under way are written together by the next one; a line is never
 * mixed with another. A line whose write fails is kept and written first once the output works again,
 * so that what was done while a disk was full is in the log in the end.
 */
export function createAuditWriter(options: AuditWriterOptions): AuditWriter {
  const { output, timeout = 5_000, backlogBytes = 1024 * 1024 } = options;
  const encoder = new TextEncoder();
  /** In the order in which they are to be written; the first ones may have failed before. */
  let waiting: Line[] = [];
  /** Bytes of the first waiting line that are written already. */
  let begun = 0;
  /** Lines of which a write is under way. */
  let inFlight = 0;
  let failure: Error | undefined;
  let writing: Promise<void> | undefined;
  let lost = 0;
  let late = 0;

  /** Answers whoever waits, and keeps what there is room for: the oldest, which tell how it began. */
  const giveUp = (error: Error, from = 0): void => {
    failure = error;
    let size = 0;
    waiting = waiting.filter((line, index) => {
      if (index >= from) {
        line.settle?.failed(error);
        line.settle = undefined;
      }
      size += line.bytes.byteLength;
      // What is half written is finished whatever it takes.
      if (size <= backlogBytes || index < inFlight || (index === 0 && begun > 0)) return true;
      lost += 1;
      return false;
    });
  };

  const advance = (written: number): void => {
    if (written <= 0) throw new Error('nothing could be written');
    begun += written;
    let count = 0;
    for (const { bytes, settle } of waiting) {
      if (begun < bytes.byteLength) break;
      begun -= bytes.byteLength;
      count += 1;
      if (settle === undefined) late += 1;
      settle?.done();
    }
    waiting.splice(0, count);
  };

  const tellRecovery = (): void => {
    if (late === 0 && lost === 0) return;
    const recovery = { late, lost };
    late = 0;
    lost = 0;
    options.onRecovered?.(recovery);
  };

  const writeSome = async (): Promise<void> => {
    // While it fails, one line is enough to find out whether it still does.
    inFlight = failure === undefined ? waiting.length : 1;
    const timer = setTimeout(() => giveUp(new Error('the write takes too long')), timeout);
    try {
      const written = await output.write(joinFrom(waiting.slice(0, inFlight), begun));
      inFlight = 0;
      advance(written);
    } finally {
      inFlight = 0;
      clearTimeout(timer);
    }
  };

  const drain = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        await writeSome();
        failure = undefined;
      }
      tellRecovery();
    } catch (error) {
      giveUp(error instanceof Error ? error : new Error(String(error)));
    } finally {
      // Here and not when the promise is settled: a line that comes in between would wait for ever.
      writing = undefined;
    }
  };

  const begin = async (): Promise<void> => {
    if (waiting.length > 0) writing ??= drain();
    await writing;
  };

  return {
    write(record) {
      const bytes = encoder.encode(renderAuditLine(record));
      return new Promise<void>((done, failed) => {
        waiting.push({ bytes, settle: { done, failed } });
        // A write that hangs would let every further line wait as long.
        if (writing !== undefined && failure !== undefined) giveUp(failure, inFlight);
        // `drain` handles every failure itself.
        else void begin();
      });
    },
    ready() {
      if (failure === undefined) return output.room?.();
      if (writing !== undefined) return Promise.reject(failure);
      return begin().then(() => {
        if (failure !== undefined) throw failure;
      });
    },
    failing: () => failure !== undefined,
    async close() {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const tooLong = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeout);
      });
      await Promise.race([begin(), tooLong]);
      clearTimeout(timer);
      await output.close();
      return waiting.length + lost;
    },
  };
}

/** All lines as one, without the first `skipped` bytes. */
function joinFrom(lines: readonly Line[], skipped: number): Uint8Array {
  if (lines.length === 1) return lines[0]!.bytes.subarray(skipped); // length says so
  const size = lines.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const all = new Uint8Array(size);
  let at = 0;
  for (const { bytes } of lines) {
    all.set(bytes, at);
    at += bytes.byteLength;
  }
  return all.subarray(skipped);
}
