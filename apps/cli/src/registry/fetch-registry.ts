/** Downloads a registry: from its own host only, of a bounded size, within a bounded time. */
import { CliError } from '../cli-error.ts';
import { decodeText } from '../decode-text.ts';
import { codeOf } from '../error-code.ts';
import { EXIT } from '../exit-codes.ts';

/** Bytes, unpacked. */
export const MAX_REGISTRY_BYTES = 8 * 1024 * 1024;
/** Milliseconds for everything. */
const TIMEOUT = 10_000;
const MAX_REDIRECTS = 3;

/** The registry cannot be reached right now; a copy of it may serve. */
export class RegistryUnreachableError extends CliError {}

export interface FetchOptions {
  /** For messages. */
  readonly shown: string;
  /** Milliseconds. Default: 10 s. */
  readonly timeout?: number;
}

/**
 * @throws {RegistryUnreachableError} for a network, a host or a service that is down
 * @throws {CliError} with exit code 1, for an answer that is none
 */
export async function fetchRegistry(url: URL, options: FetchOptions): Promise<string> {
  const { shown, timeout = TIMEOUT } = options;
  const signal = AbortSignal.timeout(timeout);
  const failed = (why: string, wayOut?: string) =>
    new CliError({ exitCode: EXIT.failed, what: shown, why, wayOut });
  try {
    let at = url;
    for (let redirects = 0; ; redirects += 1) {
      const response = await fetch(at, {
        redirect: 'manual',
        credentials: 'omit',
        headers: { accept: 'application/json' },
        signal,
      });
      const { status } = response;
      if (status === 200) {
        return decodeText(await readBody(response, failed), shown, 'the answer');
      }
      await response.body?.cancel();
      if (status >= 500 || status === 429) {
        throw unreachable(shown, `answers ${status}`);
      }
      const location = response.headers.get('location');
      if (status < 300 || status >= 400 || location === null) {
        throw failed(`answers ${status}`, 'check the URL');
      }
      const next = URL.parse(location, at);
      if (next === null || next.origin !== url.origin) {
        const where = next === null ? 'nowhere' : next.origin;
        throw failed(`sends on to ${where}`, 'name the place itself, if you trust it');
      }
      if (redirects >= MAX_REDIRECTS) {
        throw failed('sends on again and again', 'check the URL');
      }
      at = next;
    }
  } catch (error) {
    if (error instanceof CliError) {
      throw error;
    }
    throw unreachable(
      shown,
      signal.aborted ? `does not answer within ${timeout / 1000}s` : reasonOf(error),
      error,
    );
  }
}

async function readBody(
  { body }: Response,
  failed: (why: string) => CliError,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_REGISTRY_BYTES) {
      throw failed(`is larger than ${MAX_REGISTRY_BYTES / 1024 / 1024} MiB`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unreachable(what: string, why: string, cause?: unknown): RegistryUnreachableError {
  return new RegistryUnreachableError({
    exitCode: EXIT.failed,
    what,
    why,
    wayOut: 'try again, name the server itself, or thv config unset-registry',
    cause,
  });
}

/** What fetch failed with: the code of the network or of TLS. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  return `cannot be reached (${codeOf(cause) ?? text})`;
}
