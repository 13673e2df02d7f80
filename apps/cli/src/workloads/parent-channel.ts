/** The supervising process's end of the channel to the command that started it. */
import { once } from 'node:events';
import { usageError } from '../cli-error.ts';
import { memberOf } from '../services/json-value.ts';
import { ADOPTED, type Order, type Outcome, orderFromJson } from './hand-over.ts';

export interface ParentChannel {
  readonly order: Order;
  /** Says how it went; waits until that is on its way. */
  report(outcome: Outcome): Promise<void>;
  /**
   * Resolves with true once the command has written down that we serve, with false when it has gone
   * before. Then nobody knows of us.
   */
  readonly adopted: Promise<boolean>;
}

/** @throws {CliError} when this process was not started by `thv run` or `thv start`. */
export async function openParentChannel(): Promise<ParentChannel> {
  if (process.send === undefined) {
    throw usageError('supervise', 'is for thv itself', 'use thv run or thv start');
  }
  const adopted = new Promise<boolean>((resolve) => {
    process.on('message', (message) => {
      if (isAdoption(message)) {
        process.disconnect();
        resolve(true);
      }
    });
    process.once('disconnect', () => resolve(false));
  });
  const [first] = await once(process, 'message');
  const order = orderFromJson(first);
  if (order === undefined) {
    throw usageError('supervise', 'was told something that is no order');
  }
  return {
    order,
    adopted,
    report: (outcome) =>
      new Promise((resolve) => {
        // A parent that has gone cannot be told; `adopted` says so.
        if (process.send?.(outcome, () => resolve()) === undefined) {
          resolve();
        }
      }),
  };
}

function isAdoption(message: unknown): boolean {
  return memberOf(message, 'type') === ADOPTED.type;
}
