/** What one protected MCP server needs to know; the `thv` command and the gateway both build this. */

import type { ToolOptions } from '@thv/proxy';
import type { StdioEvent, StdioRestartOptions } from '@thv/proxy/node';
import type { HttpUpstreamConfig } from './http-upstream-config.ts';
import type { LimitsConfig } from './limits.ts';
import type { ServingConfig } from './serving-config.ts';
import type { SignInConfig } from './sign-in-config.ts';
import type { WatchersConfig } from './watchers.ts';

/** An MCP server at a URL, or a process of one's own. */
export type PlainUpstreamConfig =
  | HttpUpstreamConfig
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      /** The whole environment of the process; nothing is inherited. */
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
      /** What messages call the command, if its own name says little. */
      readonly label?: string;
      /** When the process is started again after a crash. Default: 5 s … 60 s, ten times. */
      readonly restart?: StdioRestartOptions;
    };

/** Where the MCP server is. */
export type UpstreamConfig =
  | PlainUpstreamConfig
  | {
      /** One of the others, with something behind it that has to be started first and ended last. */
      readonly kind: 'hosted';
      readonly upstream: PlainUpstreamConfig;
      readonly host: ServerHost;
    };

export interface HostReports {
  readonly log: (event: LogEvent) => void;
  /** Receives each line that the server writes, where that is not its answer. */
  readonly serverLog: (line: string) => void;
}

/** What an upstream stands on, such as containers. */
export interface ServerHost {
  /**
   * Resolves when the upstream can be asked; rejects with what the operator should read. Called again
   * only after it has failed.
   *
   * @param stopping aborted when nobody needs it any more: whatever takes long ends at once
   */
  start(reports: HostReports, stopping: AbortSignal): Promise<void>;
  /** Ends all of it. Called once, after the upstream was closed, whether or not it ever started. */
  close(): Promise<void>;
  /** Says in other words why the upstream is not ready. */
  explain?(error: unknown): unknown;
}

export interface ProtectedServerConfig extends WatchersConfig {
  /** MCP server name: `MCP::"name"` in policies. */
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly upstream: UpstreamConfig;
  readonly signIn: SignInConfig;
  /** D33: absent means that every authenticated caller may do everything. */
  readonly authorization?: { readonly file: string };
  /** Which tools callers see, and under which names. Default: all, under the server's own. */
  readonly tools?: ToolOptions;
  /** Timeouts, sessions, processes. */
  readonly serving?: ServingConfig;
  /** Path of the MCP endpoint. Default `/mcp`. */
  readonly path?: string;
  readonly allowedOrigins?: readonly string[];
  readonly allowedHosts?: readonly string[];
  /** Proxies in front whose forwarding headers are believed: addresses and CIDR ranges. */
  readonly trustedProxies?: readonly string[];
  /** Bytes. Default 8 MiB. */
  readonly bodyLimit?: number;
  /** Limits of this server alone. Default: failed sign-ins only. */
  readonly limits?: LimitsConfig;
  /** Receives one event for everything an operator should see; never a secret. */
  readonly log: (event: LogEvent) => void;
  /** Receives each line that a stdio server writes to stderr. Default: `log`, at level debug. */
  readonly serverLog?: (line: string) => void;
  /** Hears how the process of a stdio server fares, besides what `log` is told. */
  readonly onServerEvent?: (event: StdioEvent) => void;
  /** D13: a provider that cannot be reached makes `ready` reject, instead of being asked again. Default false. */
  readonly providerMustAnswer?: boolean;
}

export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}
