/** `thv dev idp`: runs the development provider and says how to get a token. */
import { toStartError } from '../cli-error.ts';
import {
  DEV_CLIENT,
  DEV_PUBLIC_CLIENT_ID,
  type DevIdp,
  type SIGNING_ALGORITHMS,
  startDevIdp,
} from '../dev-idp/index.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { createLog } from '../log.ts';
import { toJsonLine } from '../output/json-line.ts';
import type { Screen } from '../output/screen.ts';
import { type Fact, renderFacts } from '../output/table.ts';
import type { Format, GlobalFlags } from './command-host.ts';

export interface DevIdpFlags extends GlobalFlags {
  readonly port?: number;
  readonly alg?: (typeof SIGNING_ALGORITHMS)[number];
  readonly format?: Format;
}

export async function runDevIdp(flags: DevIdpFlags, io: Io): Promise<ExitCode> {
  const algorithm = flags.alg ?? 'RS256';
  const log = createLog(io, flags);
  const terminated = io.termination();
  const idp = await startDevIdp({ port: flags.port ?? 0, algorithm }).catch((error: unknown) => {
    throw toStartError(error, { what: 'dev idp', portFlag: '--port' });
  });
  log({
    level: 'warn',
    message: 'anyone on this machine can get any token here; use it for trying things out only',
  });
  io.out(flags.format === 'json' ? renderJson(idp) : renderText(idp, io.stdout));
  await terminated;
  await idp.close();
  return EXIT.done;
}

function renderText(idp: DevIdp, screen: Screen): string {
  const facts: readonly Fact[] = [
    ['ISSUER', idp.issuer, 'good'],
    ['JWKS', idp.jwksUrl],
    ['TOKEN', idp.tokenUrl],
    ['INTROSPECTION', idp.introspectionUrl],
    ['CLIENT', `${DEV_CLIENT.id} with the secret ${DEV_CLIENT.secret}`],
    [
      'PUBLIC CLIENT',
      `${DEV_PUBLIC_CLIENT_ID} (PKCE, http://127.0.0.1 or localhost, any port, /callback)`,
    ],
  ];
  return `${renderFacts(facts, screen)}
A token with any claims:

${curlLine(idp)}

Protect a server with it:

  thv run --oidc-issuer ${idp.issuer} --oidc-audience my-server SERVER
`;
}

function renderJson(idp: DevIdp): string {
  return toJsonLine({
    issuer: idp.issuer,
    jwks_url: idp.jwksUrl,
    token_url: idp.tokenUrl,
    introspection_url: idp.introspectionUrl,
    dev_token_url: idp.devTokenUrl,
    client_id: DEV_CLIENT.id,
    client_secret: DEV_CLIENT.secret,
    public_client_id: DEV_PUBLIC_CLIENT_ID,
  });
}

function curlLine({ devTokenUrl }: DevIdp): string {
  return `  curl -s ${devTokenUrl} -H 'Accept: text/plain' \\
    -d sub=alice -d aud=my-server -d 'claims={"roles":["premium"]}'`;
}
