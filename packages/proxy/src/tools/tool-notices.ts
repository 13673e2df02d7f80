/** Tells the operator, once, of a choice of tools that does not fit the server. */

import { isRecord } from '../mcp/json-rpc.ts';
import { shorten } from '../report.ts';
import type { ToolNames } from './tool-names.ts';

export interface ToolNotices {
  /**
   * A list of the server has passed by.
   *
   * @param isFirstPage true when the request named no cursor
   */
  observe(result: unknown, isFirstPage: boolean): void;
}

/** A server that invents names must not fill the log. */
const MAX_NOTICES = 100;

/** Creates the notices; `tell` gets one sentence each. */
export function createToolNotices(names: ToolNames, tell: (text: string) => void): ToolNotices {
  const told = new Set<string>();
  const tellOnce = (text: string): void => {
    if (told.has(text) || told.size >= MAX_NOTICES) return;
    told.add(text);
    tell(text);
  };
  return {
    observe: (result, isFirstPage) => {
      if (!isRecord(result) || !Array.isArray(result['tools'])) return;
      const listed = new Set<string>();
      for (const item of result['tools'] as unknown[]) {
        if (isRecord(item) && typeof item['name'] === 'string') listed.add(item['name']);
      }
      for (const name of listed) {
        if (!names.isShadowed(name)) continue;
        tellOnce(`the server's tool ${quote(name)} is hidden: an override uses that name`);
      }
      const isWhole = isFirstPage && result['nextCursor'] === undefined;
      for (const name of isWhole ? names.expected : []) {
        if (!listed.has(name)) tellOnce(`the server lists no tool ${quote(name)}`);
      }
    },
  };
}

function quote(name: string): string {
  return JSON.stringify(shorten(name, 128));
}
