/** A Worker under workerd: bundled into one module, with nothing of Node around it. */
import { copyFile, readFile } from 'node:fs/promises';
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
  /** WebAssembly that it imports: by the name of the import, absolute paths. */
  readonly wasm?: Readonly<Record<string, string>>;
}

/** Starts a Worker that may reach loopback addresses only; returns its origin. */
export async function startWorker(stage: Stage, options: WorkerOptions): Promise<string> {
  const { variables, wasm = {} } = options;
  const names = Object.keys(wasm);
  const path = await writeFiles(stage, { 'config.capnp': configOf(variables, names) });
  await bundle(options.source, path(''), names);
  for (const [index, name] of names.entries()) {
    await copyFile(wasm[name] ?? '', path(`${index}.wasm`));
  }
  const config = ['serve', '--control-fd=1', path('config.capnp')];
  const program = stage.spawn(WORKERD, config, { env: { PATH: process.env['PATH'] ?? '' } });
  const said = await program.until('out', /"event":"listen".*\n/);
  const [, port] = /"port":(\d+)/.exec(said) ?? [];
  return `http://127.0.0.1:${port}`;
}

/** What the Worker imports is taken from the built packages, as a deployment would. */
async function bundle(source: string, folder: string, wasm: readonly string[]): Promise<void> {
  await build({
    config: false,
    entry: { worker: source },
    outDir: folder,
    format: 'esm',
    platform: 'neutral',
    deps: { alwaysBundle: /^(?!.*\.wasm$)/, neverBundle: /\.wasm$/ },
    dts: false,
    clean: false,
    logLevel: 'error',
  });
  const text = await readFile(join(folder, 'worker.js'), 'utf8');
  const imports = [...text.matchAll(/^import .*"(.+)";$/gm)].map(([, name]) => name);
  if (imports.join() !== wasm.join()) throw new Error(`the bundle imports ${imports.join()}`);
}

function configOf(variables: Readonly<Record<string, string>>, wasm: readonly string[]): string {
  const bindings = Object.entries(variables).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  );
  const modules = wasm.map(
    (name, index) => `, (name = ${JSON.stringify(name)}, wasm = embed "${index}.wasm")`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")${modules.join('')}],
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
