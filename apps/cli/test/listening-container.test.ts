/** The supervision of a server that listens, with a process in the container's place. */
import { describe, expect, it, vi } from 'vitest';
import { findFreePort, startListening } from '../src/containers/listening-container.ts';

/** Listens and says its pid, or ends at once. */
const SERVER = `
const [port, how] = process.argv.slice(1);
console.error('how', how);
if (how === 'broken') process.exit(3);
if (how === 'slow') setInterval(() => {}, 1000);
else require('node:http').createServer((_, answer) => answer.end(String(process.pid))).listen(port, '127.0.0.1');
`;

async function host(how: string) {
  const port = await findFreePort();
  const lines: string[] = [];
  const logged: string[] = [];
  const url = `http://127.0.0.1:${port}/mcp`;
  const listening = startListening({
    command: process.execPath,
    args: ['-e', SERVER, String(port), how],
    ...{ env: {}, cwd: '/', label: 'podman run x', url, firstDelay: 20 },
    explain: (reason) => new Error(`explained: ${reason}`),
  });
  return {
    ...{ lines, logged, listening },
    start: (stopping = new AbortController().signal) =>
      listening.start(
        {
          log: ({ message }) => logged.push(message),
          serverLog: (line) => lines.push(line),
        },
        stopping,
      ),
    pid: async () => Number(await (await fetch(url)).text()),
  };
}

describe('startListening', () => {
  it('starts again what has ended, and ends with what it started', async () => {
    const { listening, start, pid, lines, logged } = await host('well');
    await start();
    expect(lines).toContain('how well');
    const first = await pid();
    process.kill(first, 'SIGKILL');
    const second = await vi.waitFor(pid, { timeout: 10_000 });
    expect(second).not.toBe(first);
    expect(logged.join('\n')).toContain('was ended by SIGKILL; started again in 0.02 s');
    await listening.close();
    await expect(pid()).rejects.toThrow();
    expect(() => process.kill(second, 0)).toThrow();
  });

  it('does not wait for a server that is not needed any more', async () => {
    const { listening, start, lines, logged } = await host('slow');
    const stopping = new AbortController();
    const started = start(stopping.signal);
    await vi.waitFor(() => expect(lines).toContain('how slow'), { timeout: 10_000 });
    stopping.abort();
    await expect(started).rejects.toThrow('stopped while starting');
    await listening.close();
    expect(logged.join('\n')).not.toContain('started again');
  });

  it('says what a server said that ended before it served, and can be asked again', async () => {
    const { listening, start, logged } = await host('broken');
    await expect(start()).rejects.toThrow('explained: exited with code 3');
    expect(logged).toContain('server: how broken');
    await expect(start()).rejects.toThrow('explained: exited with code 3');
    await listening.close();
  });
});
