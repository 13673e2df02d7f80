/**
 * Prepared policy sets. Cedar keeps them by id and cannot drop them, only replace them under the
 * same id; so ids are slots, and the least recently used slot is given to the next set. The pool
 * belongs to the Cedar instance: all authorizers of a process share it.
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/web';
import type { Cedar } from './cedar.ts';
import { AuthzError } from './errors.ts';

/** A set of policies to be prepared when it is first needed. */
export interface PolicySource {
  /** How many policies it has. */
  readonly size: number;
  forms(): Readonly<Record<string, string | PolicyJson>>;
}

/** Gives prepared sets their ids. */
export interface SlotPool {
  /** The id under which the set is prepared, now or since earlier. */
  use(source: PolicySource): string;
}

const MAX_SLOTS = 1_024;
const MAX_POLICIES = 100_000;

const pools = new WeakMap<Cedar, SlotPool>();

/** The pool of a Cedar instance. */
export function slotPoolOf(cedar: Cedar): SlotPool {
  const pool = pools.get(cedar) ?? createSlotPool(cedar);
  pools.set(cedar, pool);
  return pool;
}

interface SlotLimits {
  readonly slots?: number;
  readonly policies?: number;
}

/** Creates a pool of at most `slots` sets with at most `policies` policies together. */
export function createSlotPool(cedar: Cedar, limits: SlotLimits = {}): SlotPool {
  const { slots = MAX_SLOTS, policies = MAX_POLICIES } = limits;
  // Two copies of this package may share one Cedar: the ids of their pools must differ.
  const prefix = `thv-authz-${crypto.randomUUID()}-`;
  const used = new Map<PolicySource, string>();
  const free: string[] = [];
  let created = 0;
  let total = 0;

  const release = (): void => {
    const [oldest] = used;
    if (oldest !== undefined) {
      const [source, id] = oldest;
      used.delete(source);
      total -= source.size;
      free.push(id);
      cedar.preparsePolicySet(id, { staticPolicies: {} });
    }
  };
  const allot = (): string => {
    created += free.length === 0 ? 1 : 0;
    return free.pop() ?? `${prefix}${created}`;
  };

  return {
    use: (source) => {
      const known = used.get(source);
      if (known !== undefined) {
        used.delete(source);
        used.set(source, known);
        return known;
      }
      while (used.size > 0 && (used.size >= slots || total + source.size > policies)) {
        release();
      }
      const id = allot();
      const answer = cedar.preparsePolicySet(id, { staticPolicies: { ...source.forms() } });
      if (answer.type === 'failure') {
        free.push(id);
        const message = answer.errors[0]?.message ?? 'no reason given';
        throw new AuthzError('ERR_AUTHZ_ENGINE', `Cedar refused a policy set: ${message}`);
      }
      used.set(source, id);
      total += source.size;
      return id;
    },
  };
}
