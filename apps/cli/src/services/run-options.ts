/** Turns the flags of `thv run` and `thv proxy` into a plan, or says what is wrong with them. Pure. */

import type { SignInConfig } from '@thv/compose';
import { usageError } from '../cli-error.ts';
import { isLoopbackName } from '../loopback.ts';
import { checkHosts, checkListenHost, checkOrigins } from './flag-values.ts';
import type { InputFile } from './introspection-options.ts';
import {
  checkName,
  chooseName,
  parseServerArgument,
  type ServerArgument,
} from './server-argument.ts';
import type { SignInFlags } from './sign-in-flags.ts';
import { planSignIn, type Surroundings } from './sign-in-options.ts';

/** The flags that every command with a proxy has. */
export interface ServeFlags extends SignInFlags {
  readonly authzConfig?: string;
  readonly tools?: readonly string[];
  readonly toolsOverride?: string;
  readonly host?: string;
  readonly proxyPort?: number;
  readonly allowedOrigins?: readonly string[];
  readonly allowedHosts?: readonly string[];
  readonly trustedProxies?: readonly string[];
}

/** The flags of `thv run`. */
export interface RunFlags extends ServeFlags {
  readonly foreground?: boolean;
  readonly name?: string;
  readonly env?: readonly string[];
}

/** The flags of `thv proxy`. */
export interface ProxyFlags extends ServeFlags {
  readonly targetUri?: string;
}

interface PlanInput extends Surroundings {
  /** The operating system's user: who everyone is when nobody has to sign in. */
  readonly userName: string;
}

export interface RunInput extends PlanInput {
  readonly server: string | undefined;
  /** What stands after `--`, if that was given. */
  readonly serverArgs: readonly string[] | undefined;
  readonly flags: RunFlags;
}

export interface ProxyInput extends PlanInput {
  readonly name: string;
  readonly flags: ProxyFlags;
}

/** A checked command line. Nothing has been read or started. */
export interface ServePlan {
  readonly name: string;
  readonly server: ServerArgument;
  readonly listen: { readonly host: string; readonly port: number };
  readonly signIn: SignInConfig;
  readonly authorizationFile: string | undefined;
  /** By the names that callers see. */
  readonly tools: readonly string[] | undefined;
  readonly toolsOverrideFile: string | undefined;
  readonly allowedOrigins: readonly string[] | undefined;
  readonly allowedHosts: readonly string[] | undefined;
  readonly trustedProxies: readonly string[] | undefined;
  /** `KEY=VALUE` or `KEY`. */
  readonly env: readonly string[];
  /** Files that must be readable before anything starts. */
  readonly files: readonly InputFile[];
  /** What is dangerous about it. */
  readonly warnings: readonly string[];
  /** What the user should know about it. */
  readonly notices: readonly string[];
}

/** @throws {CliError} with exit code 2. */
export function planRun(input: RunInput): ServePlan {
  const { flags } = input;
  const server = parseServerArgument(input.server, input.serverArgs);
  const name = chooseName(flags.name, server);
  if (server.kind === 'url' && flags.env !== undefined) {
    throw usageError('--env', 'a URL has no environment', 'leave it out');
  }
  return planServe({ ...input, name, server, declared: flags.env ?? [] });
}

/**
 * Plans a proxy before a server that runs already.
 *
 * @throws {CliError} with exit code 2.
 */
export function planProxy(input: ProxyInput): ServePlan {
  const { targetUri } = input.flags;
  if (targetUri === undefined) {
    throw usageError('--target-uri', 'missing', "add the URL of the server's MCP endpoint");
  }
  if (!/^https?:\/\//i.test(targetUri)) {
    throw usageError('--target-uri', `${JSON.stringify(targetUri)} is not an http(s) URL`);
  }
  const name = checkName('NAME', input.name);
  // An origin alone has always meant the usual endpoint.
  const isOrigin = /^https?:\/\/[^/?#]*$/i.test(targetUri);
  const server = parseServerArgument(isOrigin ? `${targetUri}/mcp` : targetUri, undefined);
  const plan = planServe({ ...input, name, server, declared: [] });
  return isOrigin
    ? { ...plan, notices: [...plan.notices, '--target-uri has no path: /mcp is used'] }
    : plan;
}

interface ServeInput extends PlanInput {
  readonly name: string;
  readonly server: ServerArgument;
  readonly flags: ServeFlags;
  /** What the server's process is given. */
  readonly declared: readonly string[];
}

function planServe(input: ServeInput): ServePlan {
  const { name, server, flags, declared } = input;
  const host = checkListenHost(flags.host ?? '127.0.0.1');
  const { signIn, warnings, files } = planSignIn({ ...input, isLoopback: isLoopbackName(host) });
  const { authzConfig, toolsOverride } = flags;
  return {
    name,
    server,
    listen: { host, port: flags.proxyPort ?? 0 },
    signIn,
    authorizationFile: authzConfig,
    tools: flags.tools,
    toolsOverrideFile: toolsOverride,
    allowedOrigins: checkOrigins(flags.allowedOrigins),
    allowedHosts: checkHosts(flags.allowedHosts),
    trustedProxies: flags.trustedProxies,
    env: declared,
    files: [
      ...files,
      ...(authzConfig === undefined ? [] : [{ flag: '--authz-config', path: authzConfig }]),
      ...(toolsOverride === undefined ? [] : [{ flag: '--tools-override', path: toolsOverride }]),
    ],
    warnings,
    // D33.
    notices:
      authzConfig === undefined
        ? [
            `no --authz-config: ${signIn.kind === 'oidc' ? 'everyone who signs in' : 'every caller'} may do everything`,
          ]
        : [],
  };
}
