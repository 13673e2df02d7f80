/** Requests that `fetch` would tidy up before they leave. */
import { request } from 'node:http';

export interface RawRequest {
  readonly method?: string;
  /** Sent as it stands; default: the path of the URL. */
  readonly path?: string;
  /** Names and values in turn, as they shall stand on the wire. */
  readonly headers: readonly string[];
  readonly body?: string;
}

/** Sends a request byte by byte as told; returns the status. */
export function sendRaw(url: string, { method = 'POST', path, headers, body }: RawRequest) {
  const { hostname, port, pathname, host } = new URL(url);
  return new Promise<number | undefined>((resolve, reject) => {
    const options = { hostname, port, method, path: path ?? pathname, agent: false };
    const outgoing = request({ ...options, headers: ['Host', host, ...headers] }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
