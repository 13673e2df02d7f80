#!/usr/bin/env node
/**
 * Entry of `thv`. It imports nothing before it knows that this Node can load the rest, and uses no
 * syntax that an old Node could not read. The only file that ends the process.
 */
const NEEDED = '22.12';

function isOldNode(found: string): boolean {
  const have = found.split('.').map(Number);
  const need = NEEDED.split('.').map(Number);
  for (let at = 0; at < need.length; at += 1) {
    const difference = Number(have[at]) - Number(need[at]);
    if (difference !== 0) {
      return difference < 0;
    }
  }
  return false;
}

function exit(code: number): void {
  // A pipe may still hold text of the last write; a full disk has its own message, and code.
  process.stdout.write('', (error) => {
    if (error) {
      setImmediate(() => process.exit(1));
    } else {
      process.exit(code);
    }
  });
}

/**
 * Node waits for what it is reading before it leaves, and a pipe that nobody writes to is waited for
 * without end. So a signal ends the process itself, once everything has been put in order.
 */
function endNow(signal?: NodeJS.Signals): void {
  if (signal !== undefined) {
    process.once('exit', () => {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    });
  }
  process.exit(1);
}

if (isOldNode(process.versions.node)) {
  process.stderr.write(
    `thv: Node.js ${process.versions.node} is too old: ${NEEDED} or newer is needed; ` +
      'install it and run thv again\n',
  );
  process.exitCode = 2;
} else {
  Promise.all([import('./main.ts'), import('./io.ts')])
    .then(([{ main }, { createProcessIo }]) => main(process.argv.slice(2), createProcessIo(endNow)))
    .then(exit, (error: unknown) => {
      process.stderr.write(`thv: internal error: ${String(error)}\n`);
      exit(1);
    });
}
