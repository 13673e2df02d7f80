/**
 * Tools and a prompt that ask the client for something first.
 *
 * They are written once, as results that require input (2026-07-28); the SDK turns them into
 * requests to the client in the 2025 era.
 */
import {
  acceptedContent,
  type InputRequest,
  inputRequired,
  inputResponse,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { declaredCapabilities } from './declared.ts';

/** What a flow remembers from one round to the next. */
export interface Progress {
  readonly round: number;
}

const ASKS = { description: 'Asks the client before it answers' };

type Mint = (progress: Progress) => Promise<string>;

export function registerQuestions(server: McpServer, mint: Mint): void {
  registerElicitations(server);
  registerSampling(server);
  registerRounds(server, mint);
  registerByCapability(server);
  server.registerPrompt('test_input_required_result_prompt', ASKS, (ctx) => {
    const answer = acceptedContent(ctx.mcpReq.inputResponses, 'user_context');
    if (answer === undefined) {
      return inputRequired({
        inputRequests: {
          user_context: askFor('context', 'What context should the prompt use?'),
        },
      });
    }
    return {
      messages: [
        { role: 'user', content: { type: 'text', text: `Context: ${answer['context']}` } },
      ],
    };
  });
}

function registerElicitations(server: McpServer): void {
  const forms: Readonly<Record<string, Form>> = {
    test_elicitation_sep1034_defaults: DEFAULTS,
    test_elicitation_sep1330_enums: ENUMS,
    test_streaming_elicitation: textForm('answer'),
  };
  for (const [name, requestedSchema] of Object.entries(forms)) {
    server.registerTool(name, ASKS, (ctx) => elicit(ctx, 'Please fill in', requestedSchema));
  }
  server.registerTool(
    'test_elicitation',
    { ...ASKS, inputSchema: z.object({ message: z.string() }) },
    ({ message }, ctx) => elicit(ctx, message, textForm('response')),
  );
  server.registerTool('test_input_required_result_elicitation', ASKS, (ctx) => {
    const name = acceptedContent(
      ctx.mcpReq.inputResponses,
      'user_name',
      z.object({ name: z.string() }),
    );
    if (name !== undefined) return text(`Hello, ${name.name}!`);
    return inputRequired({ inputRequests: { user_name: askFor('name', 'What is your name?') } });
  });
}

function elicit(ctx: ServerContext, message: string, requestedSchema: Form) {
  const answer = inputResponse(ctx.mcpReq.inputResponses, 'form');
  if (answer.kind !== 'elicit') {
    return inputRequired({
      inputRequests: { form: inputRequired.elicit({ message, requestedSchema }) },
    });
  }
  const { action, content = {} } = answer;
  return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
}

function registerSampling(server: McpServer): void {
  const sample = (ctx: ServerContext, key: string, prompt: string) => {
    const answer = inputResponse(ctx.mcpReq.inputResponses, key);
    return answer.kind === 'sampling'
      ? text(`LLM response: ${JSON.stringify(answer.result.content)}`)
      : inputRequired({ inputRequests: { [key]: askModel(prompt) } });
  };
  server.registerTool(
    'test_sampling',
    { ...ASKS, inputSchema: z.object({ prompt: z.string() }) },
    ({ prompt }, ctx) => sample(ctx, 'answer', prompt),
  );
  // Asks whatever the client has declared, so that the SDK has to refuse (−32021).
  server.registerTool('test_missing_capability', ASKS, (ctx) => sample(ctx, 'answer', 'Hello'));
  server.registerTool('test_input_required_result_sampling', ASKS, (ctx) =>
    sample(ctx, 'capital_question', 'What is the capital of France?'),
  );
  server.registerTool('test_input_required_result_list_roots', ASKS, (ctx) => {
    const answer = inputResponse(ctx.mcpReq.inputResponses, 'client_roots');
    return answer.kind === 'roots'
      ? text(answer.roots.map(({ uri }) => uri).join(', '))
      : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
}

function registerRounds(server: McpServer, mint: Mint): void {
  for (const name of ['request_state', 'tampered_state']) {
    server.registerTool(`test_input_required_result_${name}`, ASKS, async (ctx) => {
      const isConfirmed = acceptedContent(ctx.mcpReq.inputResponses, 'confirm') !== undefined;
      if (isConfirmed && ctx.mcpReq.requestState<Progress>()?.round === 1) return text('state-ok');
      return inputRequired({
        inputRequests: {
          confirm: inputRequired.elicit({
            message: 'Please confirm',
            requestedSchema: CONFIRMATION,
          }),
        },
        requestState: await mint({ round: 1 }),
      });
    });
  }
  server.registerTool('test_input_required_result_multiple_inputs', ASKS, async (ctx) => {
    const answers = ctx.mcpReq.inputResponses;
    const isComplete =
      acceptedContent(answers, 'user_name') !== undefined &&
      inputResponse(answers, 'greeting').kind === 'sampling' &&
      inputResponse(answers, 'client_roots').kind === 'roots';
    if (isComplete) return text('Has all three.');
    return inputRequired({
      inputRequests: {
        user_name: askFor('name', 'What is your name?'),
        greeting: askModel('Generate a greeting'),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await mint({ round: 1 }),
    });
  });
  server.registerTool('test_input_required_result_multi_round', ASKS, async (ctx) => {
    const answers = ctx.mcpReq.inputResponses;
    const { round } = ctx.mcpReq.requestState<Progress>() ?? { round: 0 };
    if (round === 2 && acceptedContent(answers, 'step2') !== undefined) return text('Done.');
    const isSecond =
      round === 2 || (round === 1 && acceptedContent(answers, 'step1') !== undefined);
    const inputRequests: Record<string, InputRequest> = isSecond
      ? { step2: askFor('color', 'Step 2: What is your favorite color?') }
      : { step1: askFor('name', 'Step 1: What is your name?') };
    return inputRequired({ inputRequests, requestState: await mint({ round: isSecond ? 2 : 1 }) });
  });
}

function registerByCapability(server: McpServer): void {
  server.registerTool('test_input_required_result_capabilities', ASKS, (ctx) => {
    if (Object.keys(ctx.mcpReq.inputResponses ?? {}).length > 0) return text('Answered.');
    const can = declaredCapabilities(ctx);
    return inputRequired({
      inputRequests: {
        ...(can.elicitation !== undefined && { name: askFor('name', 'What is your name?') }),
        ...(can.sampling !== undefined && { greeting: askModel('Generate a greeting') }),
      },
    });
  });
}

type Form = Parameters<typeof inputRequired.elicit>[0]['requestedSchema'];

function textForm(name: string): Form {
  return { type: 'object', properties: { [name]: { type: 'string' } }, required: [name] };
}

function askFor(name: string, message: string): InputRequest {
  return inputRequired.elicit({ message, requestedSchema: textForm(name) });
}

function askModel(prompt: string): InputRequest {
  const content = { type: 'text' as const, text: prompt };
  return inputRequired.createMessage({ messages: [{ role: 'user', content }], maxTokens: 100 });
}

const CONFIRMATION: Form = {
  type: 'object',
  properties: { ok: { type: 'boolean' } },
  required: ['ok'],
};

const DEFAULTS: Form = {
  type: 'object',
  properties: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
};

const OPTIONS = ['option1', 'option2', 'option3'];
const TITLED = [1, 2, 3].map((n) => ({ const: `value${n}`, title: `Choice ${n}` }));

const ENUMS: Form = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: OPTIONS },
    titledSingle: { type: 'string', oneOf: TITLED },
    legacyEnum: {
      type: 'string',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three'],
    },
    untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
    titledMulti: { type: 'array', items: { anyOf: TITLED } },
  },
};

function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] };
}
