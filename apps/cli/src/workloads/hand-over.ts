/** What passes between the command that starts a workload and the process that will run it. */
import { isRecord } from '../services/json-value.ts';
import { runFromJson, runToJson, type SavedRun, type TypedFlags } from './saved-run.ts';

/** From the command: what to run. Over a channel that nobody else can read. */
export interface Order {
  readonly run: SavedRun;
  /** Secrets, which are nowhere else. */
  readonly values: TypedFlags;
  readonly token: string;
  readonly mark: string;
  readonly socket: string;
  readonly serverLog: string;
  readonly proxyLog: string;
  /** Where the processes of the server are written down. */
  readonly serverProcesses: string;
  /** Where it listened last; taken when it is free and the run asks for no other. */
  readonly lastPort: number | undefined;
}

/** From the process: how it went. */
export type Outcome =
  | { readonly type: 'ready'; readonly url: string; readonly port: number }
  | {
      readonly type: 'failed';
      readonly what: string;
      readonly why: string;
      readonly wayOut?: string | undefined;
      readonly exitCode: number;
      /** The end of its log. */
      readonly lines: readonly string[];
    };

/** The command's last word: from then on the process stands alone. */
export const ADOPTED = { type: 'adopted' } as const;

export function orderToJson({ run, ...rest }: Order) {
  return { ...rest, type: 'start', run: runToJson(run) };
}

/** Undefined when it is something else. */
export function orderFromJson(json: unknown): Order | undefined {
  if (!isRecord(json) || json['type'] !== 'start' || !isRecord(json['run'])) {
    return undefined;
  }
  // Safe: the other end is the same program, started in the same moment.
  const order = json as unknown as Omit<Order, 'run'>;
  return { ...order, run: runFromJson(json['run'], { where: 'order', cwd: '/' }) };
}

export function outcomeFromJson(json: unknown): Outcome | undefined {
  const isOutcome = isRecord(json) && (json['type'] === 'ready' || json['type'] === 'failed');
  // Safe: the other end is the same program, started in the same moment.
  return isOutcome ? (json as unknown as Outcome) : undefined;
}
