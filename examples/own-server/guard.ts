/** Policies inside a server of your own, without a proxy. The same for both generations of the SDK. */
import type { Authorizer, AuthzIdentity, ToolHints } from '@thv/authz';

/** What the SDK gives for a registered tool. */
interface RegisteredTool {
  readonly annotations?: ToolHints | undefined;
  disable(): void;
}

interface ToolResult {
  [key: string]: unknown;
  content: { type: 'text'; text: string }[];
  isError?: boolean;
}

export interface Guard {
  /** Runs a tool if policies allow this caller these arguments. */
  run(
    tool: string,
    args: unknown,
    act: () => ToolResult | Promise<ToolResult>,
  ): Promise<ToolResult>;
  /** Takes away the tools that this caller could call with no arguments at all; call it once. */
  hide(tools: Readonly<Record<string, RegisteredTool>>): Promise<void>;
}

/** For one caller; make it together with the server of the caller's request. */
export function createGuard(authorizer: Authorizer, identity: AuthzIdentity): Guard {
  const hints = new Map<string, ToolHints>();
  return {
    async run(tool, args, act) {
      const request = { identity, action: 'call_tool' as const, target: tool, arguments: args };
      const decision = await authorizer.authorize({ ...request, hints: hints.get(tool) });
      if (decision.allowed) return act();
      // The caller learns the number of the decision, and nothing of the reasons.
      const text = `Forbidden (decision ${decision.id})`;
      return { isError: true, content: [{ type: 'text', text }] };
    },
    async hide(tools) {
      const names = Object.keys(tools);
      for (const name of names) hints.set(name, tools[name]?.annotations ?? {});
      const list = { tools: names.map((name) => ({ name, annotations: hints.get(name) })) };
      const filtered = await authorizer.filterList({ identity, list: 'tools' }, list);
      const kept = new Set(filtered.ok ? filtered.kept : []);
      for (const [index, name] of names.entries()) {
        if (!kept.has(index)) tools[name]?.disable();
      }
    },
  };
}
