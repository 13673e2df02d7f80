import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, request, toolCall } from '../../../test/e2e/support/mcp.ts';
import { type HttpFixture, startGuideServer } from '../../../test/fixtures/spawn-fixture.ts';
import { CliError } from '../src/cli-error.ts';
import { parseToolsOverride } from '../src/services/tools-override.ts';
import { serve } from './serve.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({
  'tools.json': '{"toolsOverride":{"weather":{"name":"forecast","description":"Looks out."}}}',
  'typo.yaml': 'toolsOverride:\n  weather: { nmae: forecast }\n',
  'same.yaml': 'toolsOverride:\n  weather: { name: x }\n  echo: { name: X }\n',
});

function refusal(text: string): string {
  try {
    parseToolsOverride(text, 'tools.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).exitCode).toBe(2);
    return (error as CliError).message;
  }
  throw new Error('the file was accepted');
}

describe('an override file', () => {
  it.each([
    ['JSON', '{"toolsOverride":{"a":{"name":"b","description":"c"},"__proto__":{"name":"d"}}}'],
    ['YAML', 'toolsOverride:\n  a: { name: b, description: c }\n  __proto__: { name: d }\n'],
  ])('is %s', (_, text) => {
    expect(Object.entries(parseToolsOverride(text, 'f'))).toEqual([
      ['a', { name: 'b', description: 'c' }],
      ['__proto__', { name: 'd' }],
    ]);
  });

  it.each([
    ['', 'tools.yaml: must be a mapping'],
    ['[]', 'tools.yaml: must be a mapping'],
    ['{}', 'tools.yaml: has no toolsOverride'],
    ['toolsOverride: [a]', 'tools.yaml: toolsOverride: must be a mapping of tools'],
    ['toolOverride: {}', 'tools.yaml: "toolOverride" is no key of it; did you mean toolsOverride?'],
    [
      'toolsOverride: { a: { nmae: b } }',
      'tools.yaml: toolsOverride.a: "nmae" is no key of it; did you mean name?',
    ],
    [
      'toolsOverride: { a: { visible: false } }',
      'tools.yaml: toolsOverride.a: "visible" is no key of it; known keys: name, description',
    ],
    ['toolsOverride: { a: b }', 'tools.yaml: toolsOverride.a: must be a mapping'],
    ['toolsOverride: { a: { name: 5 } }', 'tools.yaml: toolsOverride.a.name: must be a text'],
    [
      'toolsOverride: { a: { name: b }, a: { name: c } }',
      'tools.yaml:1:34: Map keys must be unique',
    ],
    [
      'toolsOverride: *a',
      'tools.yaml: Unresolved alias (the anchor must be set before the alias): a',
    ],
    ['toolsOverride: !tools {}', 'tools.yaml:1:16: Unresolved tag: !tools'],
  ])('is refused: %s', (text, message) => {
    expect(refusal(text)).toBe(message);
  });
});

describe('thv proxy --tools --tools-override', () => {
  let guide: HttpFixture;
  beforeAll(async () => {
    guide = await startGuideServer();
  });
  afterAll(() => guide.stop());

  const start = (...args: string[]) => serve(args, { target: guide.url });
  it('shows what is chosen, as it is called, and nothing else', async () => {
    const file = ['--tools-override', `${folder.path}/tools.json`];
    const running = await start(...file, '--tools', 'forecast,echo');
    const session = await openSession(running.url);
    const { message } = await session.send(request('tools/list'));
    const tools: { name: string; description: string }[] = message.result.tools;
    expect(tools.map(({ name }) => name).sort()).toEqual(['echo', 'forecast']);
    expect(tools.find(({ name }) => name === 'forecast')?.description).toBe('Looks out.');

    expect(await session.call('forecast', { city: 'Oslo' })).toEqual([
      200,
      'The weather in Oslo is sunny.',
    ]);
    const hidden = await session.send(toolCall('weather', { city: 'Oslo' }));
    expect(hidden).toMatchObject({ status: 200, message: { error: { code: -32602 } } });
    expect(await running.stop()).toBe(0);
  });

  it.each([
    [
      'a file that is not there',
      ['--tools-override', 'nowhere'],
      /--tools-override: nowhere cannot be read/,
    ],
    ['a key that is none', ['--tools-override', 'typo.yaml'], /did you mean name\?/],
    [
      'two tools under one name',
      ['--tools-override', 'same.yaml'],
      /--tools-override shows "weather" and "echo" under one name/,
    ],
    [
      'a name that is given away',
      ['--tools-override', 'tools.json', '--tools', 'weather'],
      /--tools says "weather", but "weather" is shown as "forecast"/,
    ],
  ])('does not start with %s', async (_, args, message) => {
    const placed = args.map((arg) => (/\.(yaml|json)$/.test(arg) ? `${folder.path}/${arg}` : arg));
    const running = await start(...placed);
    expect(await running.code).toBe(2);
    expect(running.said.err).toMatch(message);
  });
});
