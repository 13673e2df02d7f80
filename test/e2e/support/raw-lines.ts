/** HTTP written line by line on a socket, for what every client library would tidy up or refuse. */
import { connect } from 'node:net';

/** An answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; a repeated header gives several values. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** The bytes of the body, one character each. */
  readonly body: string;
  /** Everything that was received, one character per byte. */
  readonly all: string;
}

/** Sends lines as they are (one character per byte), with `Connection: close`, and a body. */
export function sendLines(
  url: string,
  lines: readonly string[],
  body: string | Buffer = '',
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let all = '';
    socket.setEncoding('latin1').on('data', (text) => {
      all += text;
    });
    // A server may refuse and close before it has read all that was sent.
    socket.once('error', (error) => (all === '' ? reject(error) : resolve(readAnswer(all))));
    socket.once('end', () => resolve(readAnswer(all)));
    socket.write([...lines, 'Connection: close', '', ''].join('\r\n'), 'latin1');
    socket.write(body);
  });
}

function readAnswer(all: string): RawAnswer {
  const end = all.indexOf('\r\n\r\n');
  const [first = '', ...lines] = all.slice(0, end).split('\r\n');
  const headers = new Map<string, readonly string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(first) ?? [];
  const chunked = headers.get('transfer-encoding')?.includes('chunked') ?? false;
  const rest = all.slice(end + 4);
  return { status: Number(status), headers, body: chunked ? joinChunks(rest) : rest, all };
}

function joinChunks(text: string): string {
  const lineEnd = text.indexOf('\r\n');
  const size = Number.parseInt(text.slice(0, lineEnd), 16);
  if (!(size > 0)) return '';
  const begin = lineEnd + 2;
  return text.slice(begin, begin + size) + joinChunks(text.slice(begin + size + 2));
}
