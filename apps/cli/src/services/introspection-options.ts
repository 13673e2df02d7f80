/** Decides how opaque tokens are judged, and where the secret for that comes from (D4). Pure. */

import { resolve } from 'node:path';
import type { IntrospectionConfig, SecretReference } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { assertNotGiven } from './idle-flags.ts';
import type { InputFile } from './input-files.ts';
import type { SignInFlags } from './sign-in-flags.ts';
import type { Surroundings } from './sign-in-options.ts';

export interface IntrospectionPlan {
  readonly introspection: IntrospectionConfig | undefined;
  readonly warnings: readonly string[];
  readonly files: readonly InputFile[];
}

/** The first is ours; the second is read so that existing set-ups go on working. */
const SECRET_VARIABLES = ['THV_OIDC_CLIENT_SECRET', 'TOOLHIVE_OIDC_CLIENT_SECRET'] as const;

/** @throws {CliError} with exit code 2. */
export function planIntrospection(
  flags: SignInFlags,
  surroundings: Surroundings,
): IntrospectionPlan {
  const { oidcIntrospectionUrl: url, oidcClientId: clientId } = flags;
  const { oidcIntrospectionAuth: auth, oidcIntrospectJwts: introspectJwts } = flags;
  if (url === undefined) {
    assertNoStrayFlag(flags);
    return { introspection: undefined, warnings: [], files: [] };
  }
  const { clientSecret, source, warnings, files } = chooseSecret(flags, surroundings);
  if (clientSecret !== undefined && clientId === undefined) {
    throw usageError(
      '--oidc-client-id',
      `missing: ${source} is the secret of a client`,
      'say which client it belongs to',
    );
  }
  if (clientSecret === undefined && (auth === 'basic' || auth === 'post')) {
    throw usageError(
      '--oidc-introspection-auth',
      `${auth} needs a client secret`,
      `add --oidc-client-secret-file, or set ${SECRET_VARIABLES[0]}`,
    );
  }
  return {
    introspection: {
      url,
      ...(clientId !== undefined && { clientId }),
      ...(clientSecret !== undefined && { clientSecret }),
      ...(auth !== undefined && { auth }),
      ...(introspectJwts !== undefined && { introspectJwts }),
    },
    warnings,
    files,
  };
}

/** D1: a flag that would do nothing is a mistake. A variable may be set for other commands. */
function assertNoStrayFlag(flags: SignInFlags): void {
  assertNotGiven(
    [
      ['--oidc-client-secret', flags.oidcClientSecret],
      ['--oidc-client-secret-file', flags.oidcClientSecretFile],
      ['--oidc-introspection-auth', flags.oidcIntrospectionAuth],
      ['--oidc-introspect-jwts', flags.oidcIntrospectJwts],
    ],
    'means nothing without --oidc-introspection-url',
    'add it',
  );
}

interface ChosenSecret extends Omit<IntrospectionPlan, 'introspection'> {
  readonly clientSecret: SecretReference | undefined;
  /** What gave it. */
  readonly source: string;
}

/** A flag wins over the environment. */
function chooseSecret(flags: SignInFlags, { env, cwd }: Surroundings): ChosenSecret {
  const { oidcClientSecret: secret, oidcClientSecretFile: file } = flags;
  if (secret !== undefined && file !== undefined) {
    throw usageError(
      '--oidc-client-secret',
      'contradicts --oidc-client-secret-file',
      'keep the file',
    );
  }
  if (file !== undefined) {
    const source = '--oidc-client-secret-file';
    const files = [{ flag: source, path: file }];
    return { clientSecret: { file: resolve(cwd, file) }, source, warnings: [], files };
  }
  if (secret !== undefined) {
    return {
      clientSecret: { read: () => secret },
      source: '--oidc-client-secret',
      warnings: [
        `--oidc-client-secret: process lists show it; use --oidc-client-secret-file or ${SECRET_VARIABLES[0]}`,
      ],
      files: [],
    };
  }
  const variable = SECRET_VARIABLES.find((name) => (env[name] ?? '') !== '');
  return {
    clientSecret: variable === undefined ? undefined : { env: variable },
    source: variable ?? '',
    warnings: [],
    files: [],
  };
}
