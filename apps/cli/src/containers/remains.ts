/** Containers that outlive the thv that started them: prevented by a reaper, found by their label. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Engine, runEngine } from './engine.ts';
import { hasEnded } from './owner.ts';
import { REAPER_SCRIPT, SHELL } from './shell-scripts.ts';

export const OWNER_LABEL = 'thv.owner';
export const TOKEN_LABEL = 'thv.token';

const ENGINE_MS = 30_000;

/** Removes what a dead thv has left. A container whose owner may be alive stays. */
export async function removeRemains(engine: Engine): Promise<readonly string[]> {
  const listed = await runEngine(
    engine,
    ['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=${OWNER_LABEL}`],
    ENGINE_MS,
  );
  const removed: string[] = [];
  for (const id of listed.out.split('\n').filter((line) => /^[0-9a-f]{12,64}$/.test(line))) {
    const format = `{{index .Config.Labels "${OWNER_LABEL}"}}`;
    const { out } = await runEngine(engine, ['inspect', '--format', format, id], ENGINE_MS);
    if (await hasEnded(out)) {
      await runEngine(engine, [...engine.removeArgs, id], ENGINE_MS);
      removed.push(id);
    }
  }
  return removed;
}

export interface Reaper {
  /** Removes every container with the token; resolves when none is left. */
  reap(): Promise<void>;
}

/**
 * Starts a process that outlives this one by a moment: however thv ends, it removes the containers
 * that carry `token`.
 */
export function startReaper(engine: Engine, token: string): Reaper {
  const child = spawn(
    SHELL,
    [
      '-c',
      REAPER_SCRIPT,
      'thv-reaper',
      engine.program,
      `${TOKEN_LABEL}=${token}`,
      ...engine.removeArgs,
    ],
    // Its own group: what ends thv by a signal to its group must not end it.
    { detached: true, stdio: ['pipe', 'ignore', 'ignore'], cwd: '/', env: { ...engine.env } },
  );
  const ended = once(child, 'close').catch(() => undefined);
  child.stdin.on('error', () => undefined);
  // It waits for thv, so thv does not wait for it.
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') {
    child.stdin.unref();
  }
  return {
    async reap() {
      child.ref();
      child.stdin.end('done\n');
      await ended;
    },
  };
}
