/** Loads, binds, serves, and ends in order (D40). */

import { isAuthzError } from '@thv/authz';
import type { LogEvent } from '@thv/compose';
import { isOidcError } from '@thv/oidc';
import { isProxyError } from '@thv/proxy';
import { listen } from '@thv/proxy/node';
import { GatewayConfigError } from './config-error.ts';
import { createGateway } from './create-gateway.ts';
import { loadGatewayConfig } from './load-config.ts';

export interface RunGatewayOptions {
  readonly file: string;
  readonly checkOnly: boolean;
  readonly debug: boolean;
  /** Says what went wrong and returns the exit code it is given. */
  readonly complain: (message: string, code: number) => number;
}

/** Runs until SIGTERM or SIGINT; returns the exit code. */
export async function runGateway(options: RunGatewayOptions): Promise<number> {
  const log = (event: LogEvent): void => {
    if (event.level === 'debug' && !options.debug) return;
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  };
  try {
    const config = await loadGatewayConfig(options.file, process.env);
    if (options.checkOnly) return await check(config);
    return await serve(config, log);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return options.complain(message, isUsage(error) ? 2 : 1);
  }
}

type Config = Awaited<ReturnType<typeof loadGatewayConfig>>;

/** Composes everything that can be composed without starting anything; no log is begun and nobody is told. */
async function check({ audit: _, telemetry: __, ...config }: Config): Promise<number> {
  const gateway = await createGateway(config, { log: () => undefined, boundPort: () => 0 });
  await gateway.close();
  const failure = await new Promise((done) => process.stdout.write('ok\n', done));
  return failure instanceof Error ? 1 : 0;
}

async function serve(config: Config, log: (event: LogEvent) => void): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const listener = await listen({ ...config.listen, replaceGlobals: true });
  try {
    const gateway = await createGateway(config, { log, boundPort: () => listener.port });
    try {
      listener.answer(gateway.fetch, gateway.direct);
      await gateway.ready(AbortSignal.timeout(60_000));
      // Whoever reads an audit log expects nothing else there.
      const out = config.audit?.sink.kind === 'stdout' ? process.stderr : process.stdout;
      out.write(`listening on ${listener.host}:${listener.port}\n`);
      await stopped;
      gateway.stop();
      await listener.close();
    } finally {
      await gateway.close();
    }
  } finally {
    await listener.close(0);
  }
  return 0;
}

/** Mistakes in files are the operator's to mend before a start (2); the rest failed on the way (1). */
function isUsage(error: unknown): boolean {
  return (
    error instanceof GatewayConfigError ||
    isAuthzError(error) ||
    isOidcError(error) ||
    (error instanceof TypeError && !isProxyError(error))
  );
}
