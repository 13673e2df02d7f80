/**
 * A server of the transport of 2024-11-05, made with the official SDK, and a way to tell it by HTTP
 * what to do: the suite that does so runs in another process.
 */
import {
  listenHttp,
  type SdkSseServer,
  startSdkSseServer,
} from '../../packages/proxy/test/support/sse-servers.ts';

/** What the server has seen since it was started. */
export interface Seen {
  /** URL of its event stream. */
  readonly url: string;
  /** Methods that were posted. */
  readonly posted: readonly string[];
  /** Names of the tools that ran. */
  readonly calls: readonly string[];
  /** Connections that are open. */
  readonly open: number;
}

/** Orders: `POST /down`, `/up` and `/say`; each is answered with what the server has seen. */
export async function startLegacyServer(): Promise<{
  readonly control: string;
  readonly close: () => Promise<void>;
}> {
  let server: SdkSseServer = await startSdkSseServer();
  const orders: Readonly<Record<string, () => unknown>> = {
    '/down': () => server.close(),
    '/up': async () => {
      server = await startSdkSseServer(server.port);
    },
    '/say': () => {
      for (const connection of server.connections) connection.sendToolListChanged();
    },
    '/seen': () => undefined,
  };
  const seen = (): Seen => ({
    url: server.url,
    posted: server.posted,
    calls: server.calls,
    open: server.connections.filter((connection) => connection.isConnected()).length,
  });
  const control = await listenHttp((request, response) => {
    Promise.resolve(orders[request.url ?? '']?.()).then(
      () => response.setHeader('content-type', 'application/json').end(JSON.stringify(seen())),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  return {
    control: control.url,
    close: async () => {
      await control.close();
      await server.close();
    },
  };
}
