/** A Worker under workerd: bundled into one module, with nothing of Node around it. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'tsdown';
import { writeFiles } from './machine.ts';
import type { Stage } from './stage.ts';

/** The binary itself: the command of the package is a script that does not pass signals on. */
const { default: WORKERD } = createRequire(import.meta.url)('workerd') as { default: string };

export interface WorkerOptions {
  /** Absolute path of the Worker's source. */
  readonly source: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Starts a Worker that may reach loopback addresses only; returns its origin. */
export async function startWorker(stage: Stage, options: WorkerOptions): Promise<string> {
  const path = await writeFiles(stage, { 'config.capnp': configOf(options.variables) });
  await bundle(options.source, path(''));
  const config = ['serve', '--control-fd=1', path('config.capnp')];
  const program = stage.spawn(WORKERD, config, { env: { PATH: process.env['PATH'] ?? '' } });
  const said = await program.until('out', /"event":"listen".*\n/);
  const [, port] = /"port":(\d+)/.exec(said) ?? [];
  return `http://127.0.0.1:${port}`;
}

/** What the Worker imports is taken from the built packages, as a deployment would. */
async function bundle(source: string, folder: string): Promise<void> {
  await build({
    config: false,
    entry: { worker: source },
    outDir: folder,
    format: 'esm',
    platform: 'neutral',
    deps: { alwaysBundle: /.*/ },
    dts: false,
    clean: false,
    logLevel: 'error',
  });
  const text = await readFile(join(folder, 'worker.js'), 'utf8');
  if (/^import /m.test(text)) throw new Error('the bundle imports something');
}

function configOf(variables: Readonly<Record<string, string>>): string {
  const bindings = Object.entries(variables).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      bindings = [${bindings.join(', ')}],
      compatibilityDate = "2026-01-01",
      globalOutbound = "loopback",
    )),
    (name = "loopback", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}
