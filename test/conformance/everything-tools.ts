/** Tools that answer by themselves: every kind of content, progress, logs, errors, schemas. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContentBlock, fromJsonSchema, type McpServer } from '@modelcontextprotocol/server';
import { PNG, WAV } from './media.ts';

/** Tells subscribers of the 2026 era, which belong to no server instance. */
export interface Changes {
  toolsChanged(): void;
  promptsChanged(): void;
}

/** Milliseconds between two messages of one call. */
const STEP = 50;

export function registerTools(server: McpServer, changes?: Changes): void {
  registerContents(server);
  registerRunning(server);
  registerSchemas(server);
  server.registerTool('test_trigger_tool_change', describe('Says that tools have changed'), () => {
    changes?.toolsChanged();
    server.sendToolListChanged();
    return text('Said that the tools have changed.');
  });
  server.registerTool(
    'test_trigger_prompt_change',
    describe('Says that prompts have changed'),
    () => {
      changes?.promptsChanged();
      server.sendPromptListChanged();
      return text('Said that the prompts have changed.');
    },
  );
}

function registerContents(server: McpServer): void {
  const image: ContentBlock = { type: 'image', data: PNG, mimeType: 'image/png' };
  const contents: Readonly<Record<string, readonly ContentBlock[]>> = {
    test_simple_text: text('This is a simple text response for testing.').content,
    test_image_content: [image],
    test_audio_content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }],
    test_embedded_resource: [
      embed('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
    ],
    test_multiple_content_types: [
      ...text('Multiple content types test:').content,
      image,
      embed('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  };
  for (const [name, content] of Object.entries(contents)) {
    server.registerTool(name, describe('Returns fixed content'), () => ({
      content: [...content],
    }));
  }
}

function registerRunning(server: McpServer): void {
  for (const name of ['test_tool_with_logging', 'test_logging_tool']) {
    server.registerTool(name, describe('Logs while it runs'), async (ctx) => {
      await ctx.mcpReq.log('info', 'Tool execution started');
      await sleep(STEP);
      await ctx.mcpReq.log('info', 'Tool processing data');
      await sleep(STEP);
      await ctx.mcpReq.log('info', 'Tool execution completed');
      return text('Logged three times.');
    });
  }
  server.registerTool('test_tool_with_progress', describe('Reports progress'), async (ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progress > 0) await sleep(STEP);
      if (progressToken === undefined) continue;
      const params = { progressToken, progress, total: 100 };
      await ctx.mcpReq.notify({ method: 'notifications/progress', params });
    }
    return text('Reported progress three times.');
  });
  server.registerTool('test_error_handling', describe('Fails'), () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  server.registerTool('test_reconnection', describe('Closes its stream'), async (ctx) => {
    ctx.http?.closeSSE?.();
    await sleep(2 * STEP);
    return text('The stream was closed before this was said.');
  });
}

function registerSchemas(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Has a schema of many keywords', inputSchema: fromJsonSchema(SCHEMA) },
    () => text('The arguments fit.'),
  );
  server.registerTool(
    'test_mirrored_argument',
    {
      description: 'Has an argument that clients repeat in a header',
      inputSchema: fromJsonSchema(MIRRORED),
    },
    () => text('Header and argument agree.'),
  );
}

const MIRRORED = {
  type: 'object',
  properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
} as const;

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
} as const;

function describe(description: string) {
  return { description };
}

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] };
}

function embed(uri: string, mimeType: string, value: string): ContentBlock {
  return { type: 'resource', resource: { uri, mimeType, text: value } };
}
