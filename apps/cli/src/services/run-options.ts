/** Turns the flags of `thv run` into a plan, or says what is wrong with them. Pure. */

import type { SignInConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { isLoopbackName } from '../loopback.ts';
import { checkHosts, checkListenHost, checkOrigins, checkPublicUrl } from './flag-values.ts';
import { chooseName, parseServerArgument, type ServerArgument } from './server-argument.ts';
import { planSignIn } from './sign-in-options.ts';

/** The flags as the command line gave them. */
export interface RunFlags {
  readonly foreground?: boolean;
  readonly name?: string;
  readonly oidcIssuer?: string;
  readonly oidcAudience?: readonly string[];
  readonly oidcJwksUrl?: string;
  readonly oidcClientId?: string;
  readonly resourceUrl?: string;
  readonly authzConfig?: string;
  readonly host?: string;
  readonly proxyPort?: number;
  readonly allowedOrigins?: readonly string[];
  readonly allowedHosts?: readonly string[];
  readonly env?: readonly string[];
  readonly allowInsecureAnyAudience?: boolean;
  readonly allowInsecureAnonymous?: boolean;
}

export interface RunInput {
  readonly server: string | undefined;
  /** What stands after `--`, if that was given. */
  readonly serverArgs: readonly string[] | undefined;
  readonly flags: RunFlags;
  /** The operating system's user: who everyone is when nobody has to sign in. */
  readonly userName: string;
}

/** A checked `thv run`. Nothing has been read or started. */
export interface RunPlan {
  readonly name: string;
  readonly server: ServerArgument;
  readonly listen: { readonly host: string; readonly port: number };
  readonly signIn: SignInConfig;
  readonly authorizationFile: string | undefined;
  readonly allowedOrigins: readonly string[] | undefined;
  readonly allowedHosts: readonly string[] | undefined;
  /** `KEY=VALUE` or `KEY`. */
  readonly env: readonly string[];
  /** What is dangerous about it. */
  readonly warnings: readonly string[];
  /** What the user should know about it. */
  readonly notices: readonly string[];
}

/** @throws {CliError} with exit code 2. */
export function planRun({ server: serverText, serverArgs, flags, userName }: RunInput): RunPlan {
  const server = parseServerArgument(serverText, serverArgs);
  const name = chooseName(flags.name, server);
  const host = checkListenHost(flags.host ?? '127.0.0.1');
  if (server.kind === 'url' && flags.env !== undefined) {
    throw usageError('--env', 'a URL has no environment', 'leave it out');
  }
  if (flags.resourceUrl !== undefined) {
    checkPublicUrl('--resource-url', flags.resourceUrl);
  }
  const { signIn, warnings } = planSignIn(flags, isLoopbackName(host), userName);
  return {
    name,
    server,
    listen: { host, port: flags.proxyPort ?? 0 },
    signIn,
    authorizationFile: flags.authzConfig,
    allowedOrigins: checkOrigins(flags.allowedOrigins),
    allowedHosts: checkHosts(flags.allowedHosts),
    env: flags.env ?? [],
    warnings,
    // D33.
    notices:
      flags.authzConfig === undefined
        ? [
            `no --authz-config: ${signIn.kind === 'oidc' ? 'everyone who signs in' : 'every caller'} may do everything`,
          ]
        : [],
  };
}
