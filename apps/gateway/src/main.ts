#!/usr/bin/env node
/** `thv-gateway --config FILE [--check]`. */

import { parseArgs } from 'node:util';

const EXIT = { done: 0, failed: 1, usage: 2 } as const;
const USAGE = 'usage: thv-gateway --config FILE [--check] [--debug]';
const HELP = `${USAGE}

  --config FILE  the servers, and who may use them, as YAML or JSON
  --check        say what is wrong with the file, and start nothing
  --debug        log everything
  -h, --help     show this help
`;

async function main(): Promise<number> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 12)) {
    return complain(`needs Node 22.12 or newer; this is ${process.versions.node}`, EXIT.usage);
  }
  let flags: {
    config?: string[] | undefined;
    check?: boolean | undefined;
    debug?: boolean | undefined;
    help?: boolean | undefined;
  };
  try {
    flags = parseArgs({
      options: {
        config: { type: 'string', multiple: true },
        check: { type: 'boolean' },
        debug: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return complain(`${messageOf(error)}\n${USAGE}`, EXIT.usage);
  }
  if (flags.help === true) {
    process.stdout.write(HELP);
    return EXIT.done;
  }
  const [file, another] = flags.config ?? [];
  if (file === undefined || another !== undefined) {
    const problem = file === undefined ? 'is missing' : 'is given twice';
    return complain(`--config ${problem}\n${USAGE}`, EXIT.usage);
  }
  // Loaded late: an old Node must be told so before it meets syntax that it does not know.
  const { runGateway } = await import('./run-gateway.ts');
  return runGateway({
    file,
    checkOnly: flags.check === true,
    debug: flags.debug === true,
    complain,
  });
}

function complain(message: string, code: number): number {
  process.stderr.write(`thv-gateway: ${message}\n`);
  return code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Whoever read the log or the first line has gone; callers are served all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
process.exitCode = await main();
