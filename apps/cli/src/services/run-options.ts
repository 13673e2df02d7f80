/** Turns the flags of `thv run` and `thv proxy` into a plan, or says what is wrong with them. Pure. */

import type { ForwardedHeader, LimitsConfig, ServingConfig, SignInConfig } from '@thv/compose';
import { loadBuiltInCatalogue } from '../catalogue/built-in.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { usageError } from '../cli-error.ts';
import {
  type ContainerFlags,
  type ContainerPlan,
  planContainer,
} from '../containers/plan-container.ts';
import { isLoopbackHostHeader, isLoopbackName } from '../loopback.ts';
import type { AuditPlan } from './audit-config.ts';
import { checkHosts, checkListenHost, checkOrigins } from './flag-values.ts';
import { filesOf, type InputFile } from './input-files.ts';
import { type LimitFlags, planLimits } from './limit-options.ts';
import {
  checkName,
  chooseName,
  chooseServer,
  parseServerArgument,
  type ServerArgument,
  type ServerChoice,
} from './server-argument.ts';
import {
  NO_VARIABLES,
  planVariables,
  type VariableFlags,
  type VariablePlan,
} from './server-variables.ts';
import { planServing, type ServingFlags } from './serving-options.ts';
import type { SignInFlags } from './sign-in-flags.ts';
import { planSignIn, type Surroundings } from './sign-in-options.ts';
import { planTelemetry, type TelemetryFlags, type TelemetryPlan } from './telemetry-options.ts';
import { planUpstream, type UpstreamFlags, type UpstreamPlan } from './upstream-flags.ts';

/** The flags that every command with a proxy has. */
export interface ServeFlags
  extends SignInFlags,
    LimitFlags,
    UpstreamFlags,
    ServingFlags,
    TelemetryFlags {
  readonly authzConfig?: string;
  readonly tools?: readonly string[];
  readonly toolsOverride?: string;
  readonly host?: string;
  readonly proxyPort?: number;
  readonly allowedOrigins?: readonly string[];
  readonly allowedHosts?: readonly string[];
  readonly trustedProxies?: readonly string[];
  readonly auditConfig?: string;
  readonly enableAudit?: boolean;
}

/** The flags of `thv run`. */
export interface RunFlags extends ServeFlags, VariableFlags, ContainerFlags {
  readonly foreground?: boolean;
  readonly name?: string;
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
  /** Where names of servers are looked up. Default: the built-in one. */
  readonly catalogue?: Catalogue;
}

export interface ProxyInput extends PlanInput {
  readonly name: string;
  readonly flags: ProxyFlags;
}

/** A checked command line. Nothing has been read or started. */
export interface ServePlan {
  readonly name: string;
  readonly server: ServerArgument;
  /** How it is reached, where it is a URL. */
  readonly upstream: UpstreamPlan['options'];
  readonly serving: ServingConfig;
  readonly listen: { readonly host: string; readonly port: number };
  readonly signIn: SignInConfig;
  readonly authorizationFile: string | undefined;
  /** By the names that callers see. */
  readonly tools: readonly string[] | undefined;
  readonly toolsOverrideFile: string | undefined;
  readonly allowedOrigins: readonly string[] | undefined;
  readonly allowedHosts: readonly string[] | undefined;
  readonly trustedProxies: readonly string[] | undefined;
  /** Undefined: no audit log is kept. */
  readonly audit: AuditPlan | undefined;
  readonly telemetry: TelemetryPlan['telemetry'];
  /** What the server's process is given. */
  readonly variables: VariablePlan;
  readonly limits: LimitsConfig | undefined;
  /** How it is run, when the server is a container image. */
  readonly container: ContainerPlan | undefined;
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
  const catalogue = input.catalogue ?? loadBuiltInCatalogue();
  const choice = chooseServer(input.server, input.serverArgs, catalogue);
  const name = chooseName(flags.name, choice);
  const variables = planVariables(flags, choice);
  const { server, entry } = choice;
  const container = planContainer(flags, choice);
  const transport = entry?.transport;
  const plan = planServe({ ...input, name, server, variables, transport, container });
  const about = describeEntry(choice, plan.upstream.headers);
  return { ...plan, notices: [...about, ...plan.notices] };
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
  const { transport } = input.flags;
  const path = transport === 'sse' ? '/sse' : '/mcp';
  const server = parseServerArgument(isOrigin ? `${targetUri}${path}` : targetUri, undefined);
  const plan = planServe({
    ...input,
    name,
    server,
    variables: NO_VARIABLES,
    transport,
    container: undefined,
  });
  return isOrigin
    ? { ...plan, notices: [...plan.notices, `--target-uri has no path: ${path} is used`] }
    : plan;
}

/** What the user should know about the entry that a name stands for. */
function describeEntry(
  { server, entry }: ServerChoice,
  sent: readonly ForwardedHeader[] = [],
): readonly string[] {
  if (entry === undefined) {
    return [];
  }
  const has = new Set(sent.map(({ name }) => name.toLowerCase()));
  const headers = entry.headers
    .filter(({ name, required }) => required && !has.has(name.toLowerCase()))
    .map(({ name }) => name);
  const { origin } = entry;
  return [
    `${entry.name} is ${entry.server}${origin === undefined ? '' : `${describeChoices({ server, entry })}, says ${origin}`}`,
    ...(entry.deprecated ? [`${entry.name} is marked as deprecated`] : []),
    ...(headers.length > 0
      ? [
          `${entry.name} wants the header ${headers.join(', ')}: give it by --remote-forward-headers`,
        ]
      : []),
  ];
}

/** What somebody else's entry decides besides which server it is. */
function describeChoices({ server, entry }: ServerChoice): string {
  const args = 'args' in server ? server.args.map((arg) => ` ${arg}`) : [];
  const values = (entry?.variables ?? []).flatMap(({ name, default: fallback }) =>
    fallback === undefined || server.kind === 'url' ? [] : [`${name}=${fallback}`],
  );
  return `${args.join('')}${values.length === 0 ? '' : ` (${values.join(', ')})`}`;
}

interface ServeInput extends PlanInput {
  readonly name: string;
  readonly server: ServerArgument;
  readonly flags: ServeFlags;
  readonly variables: VariablePlan;
  /** What is known of the server besides the flags. */
  readonly transport: UpstreamFlags['transport'];
  readonly container: ContainerPlan | undefined;
}

function planServe(input: ServeInput): ServePlan {
  const { name, server, flags, variables, container } = input;
  const host = checkListenHost(flags.host ?? '127.0.0.1');
  const allowedHosts = checkHosts(flags.allowedHosts);
  const openedBy = findOpening(host, allowedHosts);
  const { signIn, warnings, files } = planSignIn({ ...input, openedBy });
  const { authzConfig, toolsOverride } = flags;
  const upstream = planUpstream({ ...input, signIn });
  const { telemetry, warnings: aboutTelemetry } = planTelemetry(flags, name);
  return {
    name,
    server,
    upstream: upstream.options,
    serving: planServing(flags, container ?? server, upstream.options.transport),
    listen: { host, port: flags.proxyPort ?? 0 },
    signIn,
    authorizationFile: authzConfig,
    tools: flags.tools,
    toolsOverrideFile: toolsOverride,
    allowedOrigins: checkOrigins(flags.allowedOrigins),
    allowedHosts,
    trustedProxies: flags.trustedProxies,
    audit: planAudit(flags),
    telemetry,
    variables,
    container,
    limits: planLimits(flags, signIn),
    files: [
      ...files,
      ...upstream.files,
      ...filesOf([
        ['--authz-config', authzConfig],
        ['--audit-config', flags.auditConfig],
        ['--tools-override', toolsOverride],
      ]),
    ],
    warnings: [...warnings, ...upstream.warnings, ...aboutTelemetry],
    notices: [
      ...upstream.notices,
      // D33.
      ...(authzConfig === undefined
        ? [
            `no --authz-config: ${signIn.kind === 'oidc' ? 'everyone who signs in' : 'every caller'} may do everything`,
          ]
        : []),
    ],
  };
}

/** D3: a name of another machine is one by which a tunnel or a proxy in front lets others in. */
function findOpening(host: string, allowedHosts: readonly string[] = []): string | undefined {
  if (!isLoopbackName(host)) return '--host';
  return allowedHosts.every(isLoopbackHostHeader) ? undefined : '--allowed-hosts';
}

function planAudit({ auditConfig, enableAudit }: ServeFlags): AuditPlan | undefined {
  if (auditConfig === undefined) return enableAudit === true ? { file: undefined } : undefined;
  if (enableAudit === true) {
    throw usageError('--enable-audit', 'means nothing beside --audit-config', 'drop it');
  }
  return { file: auditConfig };
}
