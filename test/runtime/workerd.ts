/**
 * Runs the suite on workerd: `node workerd.ts [--nodejs] LEGACY_CONTROL`.
 *
 * The Worker is one module made from the built packages, as a deployment would be, and Cedar's
 * WebAssembly is another beside it.
 */
import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'tsdown';
import type { Runtime } from './env.ts';
import { describeLibrary } from './library.ts';

/** The binary itself: the command of the package is a script that does not pass signals on. */
const { default: WORKERD } = createRequire(import.meta.url)('workerd') as { default: string };

const runtime: Runtime = process.argv.includes('--nodejs') ? 'workerd-nodejs' : 'workerd';
const folder = await mkdtemp(join(tmpdir(), 'workerd-'));
try {
  await bundle();
  await copyFile(findCedar(), join(folder, 'cedar.wasm'));
  await writeFile(join(folder, 'config.capnp'), configOf(runtime));
  console.log(`${runtime} ${describeLibrary()}`);
  process.stdout.write(await runWorker());
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bundle(): Promise<void> {
  await build({
    config: false,
    cwd: dirname(fileURLToPath(import.meta.url)),
    entry: { worker: 'workerd-worker.ts' },
    outDir: folder,
    format: 'esm',
    platform: 'neutral',
    deps: { alwaysBundle: /^[^.]/, neverBundle: /\.wasm$/ },
    dts: false,
    clean: false,
    logLevel: 'error',
  });
  const text = await readFile(join(folder, 'worker.js'), 'utf8');
  const imports = [...text.matchAll(/^import .*"(.+)";$/gm)].map(([, name]) => name);
  if (imports.join() !== './cedar.wasm') throw new Error(`the bundle imports ${imports.join()}`);
}

function findCedar(): string {
  const { resolve } = createRequire(import.meta.resolve('@thv/authz'));
  const entry = resolve('@cedar-policy/cedar-wasm/nodejs');
  return join(dirname(entry), '../web/cedar_wasm_bg.wasm');
}

/** The Worker may reach loopback addresses only: itself. */
function configOf(name: Runtime): string {
  const flags = name === 'workerd-nodejs' ? '"nodejs_compat"' : '';
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "worker.js", esModule = embed "worker.js"),
        (name = "cedar.wasm", wasm = embed "cedar.wasm"),
      ],
      bindings = [
        (name = "RUNTIME", text = "${name}"),
        (name = "LEGACY_CONTROL", text = "${process.argv.at(-1)}"),
        (name = "DOORS", durableObjectNamespace = "Door"),
      ],
      durableObjectNamespaces = [(className = "Door", uniqueKey = "door")],
      durableObjectStorage = (inMemory = void),
      compatibilityDate = "2026-01-01",
      compatibilityFlags = [${flags}],
      globalOutbound = "loopback",
    )),
    (name = "loopback", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}

async function runWorker(): Promise<string> {
  const signal = AbortSignal.timeout(30_000);
  const worker = spawn(WORKERD, ['serve', '--control-fd=1', join(folder, 'config.capnp')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface({ input: worker.stdout })) {
      const { event, port } = JSON.parse(line) as { event: string; port: number };
      if (event === 'listen')
        return (await fetch(`http://127.0.0.1:${port}/run`, { signal })).text();
    }
    throw new Error('workerd ended before it listened');
  } finally {
    // It would wait for connections that are kept alive.
    worker.kill('SIGKILL');
  }
}
