/** Who created which task: only its creator may look at it, answer it or end it (D7). */

import { isSameOwner, ownerKey, type SessionOwner } from './store.ts';

export interface TaskBook {
  /** A task that the server began for this identity. A task of somebody else stays theirs. */
  remember(taskId: string, owner: SessionOwner): void;
  /** True when this identity created the task. Counts as a sign of life. */
  owns(taskId: string, owner: SessionOwner): boolean;
}

export interface TaskBookOptions {
  readonly now: () => number;
  /** Milliseconds without use after which a task is forgotten. Default one day. */
  readonly ttl?: number;
  /** Most tasks of one identity; its oldest go first. Default 1000. */
  readonly maxPerOwner?: number;
  /** Most tasks in all; the oldest go first. Default 100,000. */
  readonly maxTasks?: number;
}

interface Entry {
  readonly owner: SessionOwner;
  readonly usedAt: number;
}

/** Servers choose the ids, and longer ones are nothing that anybody remembers. */
const MAX_ID_LENGTH = 1024;

/** Creates an empty book. */
export function createTaskBook(options: TaskBookOptions): TaskBook {
  const { now, ttl = 24 * 60 * 60 * 1000, maxPerOwner = 1000, maxTasks = 100_000 } = options;
  // Both in order of last use, so that the first one is always the next to go.
  const tasks = new Map<string, Entry>();
  const byOwner = new Map<string, Set<string>>();

  const forget = (taskId: string, { owner }: Entry): void => {
    tasks.delete(taskId);
    const own = byOwner.get(ownerKey(owner));
    own?.delete(taskId);
    if (own?.size === 0) byOwner.delete(ownerKey(owner));
  };
  const forgetOldest = (taskIds: Iterable<string>): void => {
    for (const taskId of taskIds) {
      const entry = tasks.get(taskId);
      if (entry !== undefined) forget(taskId, entry);
      return;
    }
  };
  const put = (taskId: string, owner: SessionOwner): void => {
    const key = ownerKey(owner);
    const own = byOwner.get(key) ?? new Set<string>();
    byOwner.set(key, own);
    own.delete(taskId);
    own.add(taskId);
    tasks.delete(taskId);
    tasks.set(taskId, { owner, usedAt: now() });
    if (own.size > maxPerOwner) forgetOldest(own);
    if (tasks.size > maxTasks) forgetOldest(tasks.keys());
  };
  const find = (taskId: string): Entry | undefined => {
    const entry = tasks.get(taskId);
    if (entry === undefined || now() - entry.usedAt <= ttl) return entry;
    forget(taskId, entry);
    return undefined;
  };

  return {
    remember(taskId, owner) {
      if (taskId.length > MAX_ID_LENGTH) return;
      const known = find(taskId);
      if (known === undefined || isSameOwner(known.owner, owner)) put(taskId, owner);
    },
    owns(taskId, owner) {
      const known = find(taskId);
      if (known === undefined || !isSameOwner(known.owner, owner)) return false;
      put(taskId, owner);
      return true;
    },
  };
}
