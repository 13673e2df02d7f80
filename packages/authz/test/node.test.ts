/** The Node entry: files, formats, positions. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAuthzError } from '@thv/authz';
import {
  checkPolicyFile,
  loadAuthorizer,
  loadAuthzConfig,
  loadCedar,
  runPolicyTestFile,
} from '@thv/authz/node';
import { afterAll, describe, expect, it } from 'vitest';
import { call } from './support/authorizer.ts';

const folder = await mkdtemp(join(tmpdir(), 'thv-authz-'));
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  await mkdir(join(folder, 'policies'), { recursive: true });
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

async function failure(run: () => Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await run();
  } catch (error) {
    if (isAuthzError(error)) {
      return { code: error.code, message: error.message, ...error.location };
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}

const ALL = 'permit(principal, action, resource);';
const envelope = (policies: string): string =>
  `version: "1"\ntype: cedarv1\ncedar:\n  policies:\n${policies}`;

describe('loadCedar', () => {
  it('gives one instance', async () => {
    expect(await loadCedar()).toBe(await loadCedar());
  });
});

describe('loadAuthorizer', () => {
  it('refuses a key that is given twice in the text of the entities', async () => {
    const entities = '[{"uid":"Tool::x","parents":["ToolGroup::risky"],"parents":[]}]';
    const text = `${envelope(`    - ${ALL}\n`)}  entities_json: '${entities}'\n`;
    const file = await write('repeated-entities.yaml', text);
    expect(await failure(() => loadAuthorizer(file))).toMatchObject({
      code: 'ERR_AUTHZ_ENTITIES',
      message: expect.stringContaining('the key "parents" is given twice'),
      file,
      line: 6,
    });
  });

  it('reads policy files beside the policies, in order', async () => {
    await write('policies/b.cedar', '@id("b") permit(principal, action, resource == Tool::"b");\n');
    await write(
      'policies/a.cedar',
      'permit(principal, action, resource == Tool::"a1");\npermit(principal, action, resource == Tool::"a2");',
    );
    const file = await write(
      'files.json',
      JSON.stringify({
        version: '1',
        type: 'cedarv1',
        cedar: {
          policies: [ALL.replace('resource', 'resource == Tool::"x"')],
          policy_files: ['policies/*.cedar'],
        },
      }),
    );
    const authorizer = await loadAuthorizer(file, { serverName: 's' });
    const by = async (tool: string): Promise<unknown> =>
      (await authorizer.authorize(call(tool))).policies;
    expect(await Promise.all(['x', 'a1', 'a2', 'b', 'c'].map(by))).toEqual([
      ['policy0'],
      ['policy1'],
      ['policy2'],
      ['b'],
      [],
    ]);
    expect(authorizer.explain(call('a2')).policies).toMatchObject([
      { file: join(folder, 'policies/a.cedar'), line: 2, column: 1 },
    ]);
    await write('policies/a.cedar', 'permit(');
    const broken = await failure(() =>
      loadAuthzConfig(file).then((config) => authorizer.reload(config)),
    );
    expect(broken).toMatchObject({
      code: 'ERR_AUTHZ_POLICY',
      file: join(folder, 'policies/a.cedar'),
      policy: 'policy1',
      line: 1,
    });
    expect(await by('a1')).toEqual(['policy1']);
  });

  it.each<[string, string, string, Record<string, unknown>]>([
    [
      'a literal block',
      'block.yaml',
      envelope('    - |\n      permit(principal, action, resource)\n      when { principal. };\n'),
      { policy: 'policy0', line: 7, column: 25, excerpt: '      when { principal. };' },
    ],
    [
      'a folded block',
      'folded.yaml',
      envelope('    - >-\n      permit(principal, action, resource)\n      when { principal. };\n'),
      { line: 7, column: 25 },
    ],
    [
      'a later policy of a literal block',
      'later.yaml',
      envelope('    - |\n      permit(principal, action, resource);\n\n      permit(x);\n'),
      { policy: 'policy1', line: 8, column: 14 },
    ],
    [
      'an empty literal block',
      'start.yaml',
      envelope('    - |\n      // nothing\n'),
      { line: 6, column: 7 },
    ],
    [
      'the first word of a folded block',
      'first.yaml',
      envelope('    - >-\n      @id("x")\n      prmit(principal, action, resource);\n'),
      { line: 7, column: 7 },
    ],
    [
      'a line of quotes that goes on below',
      'goes-on.yaml',
      envelope('    - "permit(principal,\\\n      action, resource) when { 1.2 };"\n'),
      { line: 6, column: 34 },
    ],
    [
      'a plain text',
      'plain.yaml',
      envelope(`    - ${ALL}\n    - permit(principal, acton, resource);\n`),
      { policy: 'policy1', line: 6, column: 25 },
    ],
    [
      'quotes with escapes',
      'quoted.yaml',
      envelope(
        '    - "permit(principal == Client::\\"a\\u00e9\\", action, resource) when { 1.2 };"\n',
      ),
      { line: 5, column: 76 },
    ],
    [
      'JSON',
      'text.json',
      `{"version":"1","type":"cedarv1","cedar":{"policies":[\n  "permit(principal == Client::\\"x\\", acton, resource);"]}}`,
      { file: 'text.json', line: 2, column: 39 },
    ],
    [
      'an unknown key',
      'key.yaml',
      `version: "1"\ntype: cedarv1\ncedar:\n  policies: ["${ALL}"]\n  polices: []\n`,
      { line: 5, column: 3, code: 'ERR_AUTHZ_CONFIG', excerpt: '  polices: []' },
    ],
    [
      'a repeated key',
      'twice.json',
      '{"version":"1","type":"cedarv1",\n"type":"cedarv1","cedar":{}}',
      {
        line: 2,
        column: 1,
        code: 'ERR_AUTHZ_CONFIG',
        message: expect.stringMatching(/"type" is given twice, first in line 1$/),
      },
    ],
    [
      'a repeated key of YAML',
      'twice.yaml',
      `${envelope(`    - ${ALL}\n`)}  numbers: cedar\n  policies: []\n`,
      {
        line: 7,
        column: 3,
        code: 'ERR_AUTHZ_CONFIG',
        message: expect.stringMatching(/"policies" is given twice, first in line 4$/),
      },
    ],
    [
      'a tag that nobody knows',
      'tag.yaml',
      `version: "1"\ntype: cedarv1\ncedar:\n  policies: ["${ALL}"]\n  entities_json: !env ENTITIES\n`,
      {
        line: 5,
        column: 18,
        code: 'ERR_AUTHZ_CONFIG',
        message: expect.stringMatching(/Unresolved tag: !env/),
      },
    ],
    [
      'an unknown key of JSON',
      'key.json',
      '{"version":"1",\n "tpe":\n "cedarv1","cedar":{}}',
      { line: 2, column: 2, code: 'ERR_AUTHZ_CONFIG' },
    ],
    [
      'an unknown key with an anchored value',
      'anchor.yaml',
      `${envelope(`    - ${ALL}\n`)}  x: &x 1\n`,
      { line: 6, column: 3 },
    ],
    [
      'an entity',
      'entity.yaml',
      `${envelope(`    - ${ALL}\n`)}  entities:\n    - uid: Tool::a\n    - uid: Tool::b\n      attrs: { x: [1, 0.5] }\n`,
      { line: 9, column: 23, code: 'ERR_AUTHZ_ENTITIES' },
    ],
    [
      'an unknown key of an entity',
      'entity-key.yaml',
      `${envelope(`    - ${ALL}\n`)}  entities:\n    - uid: Tool::a\n      attr: {}\n`,
      { line: 8, column: 7, code: 'ERR_AUTHZ_ENTITIES' },
    ],
    [
      'a parent of an entity',
      'parent.yaml',
      `${envelope(`    - ${ALL}\n`)}  entities:\n    - uid: Tool::a\n      parents: [ToolGroup::x, 5]\n`,
      { line: 8, column: 31, code: 'ERR_AUTHZ_ENTITIES' },
    ],
    [
      'an entity given twice',
      'entity-twice.yaml',
      `${envelope(`    - ${ALL}\n`)}  entities:\n    - uid: Tool::a\n    - uid: Tool::b\n    - uid: Tool::b\n`,
      { line: 9, column: 7, code: 'ERR_AUTHZ_ENTITIES' },
    ],
    [
      'an entity above itself',
      'cycle.yaml',
      `${envelope(`    - ${ALL}\n`)}  entities:\n    - uid: Tool::a\n    - { uid: Tool::b, parents: [Tool::b] }\n`,
      { line: 8, column: 7, code: 'ERR_AUTHZ_ENTITIES' },
    ],
    [
      'an entity that Cedar refuses',
      'refused.yaml',
      `${envelope(`    - ${ALL}\n`)}  entities:\n    - uid: Tool::a\n    - uid: Tool::b\n      attrs: { x: { __extn: { fn: nope, arg: x } } }\n`,
      { line: 8, column: 7, code: 'ERR_AUTHZ_ENTITIES' },
    ],
    [
      'entities_json as a list',
      'entities.json',
      `{"version":"1","type":"cedarv1","cedar":{"policies":["${ALL}"],"entities_json":[\n{},\n{"uid":"weather"}]}}`,
      { line: 2, column: 1, code: 'ERR_AUTHZ_ENTITIES' },
    ],
    [
      'entities_json as a text',
      'entities-text.json',
      `{"version":"1","type":"cedarv1","cedar":{"policies":["${ALL}"],\n  "entities_json": "[{}]"}}`,
      { line: 2, column: 3, code: 'ERR_AUTHZ_ENTITIES' },
    ],
    [
      'YAML that is none',
      'bad.yaml',
      'version: "1"\n  type: [',
      { line: 2, code: 'ERR_AUTHZ_CONFIG' },
    ],
    ['JSON that is none', 'bad.json', '{"version":"1",}', { line: 1, code: 'ERR_AUTHZ_CONFIG' }],
    [
      'G25',
      'version.yaml',
      `version: 1.0\ntype: cedarv1\ncedar:\n  policies: ["${ALL}"]\n`,
      { line: 1, column: 10, code: 'ERR_AUTHZ_CONFIG' },
    ],
    [
      'an unknown format',
      'policy.txt',
      '{}',
      { code: 'ERR_AUTHZ_CONFIG', message: expect.stringContaining('.yaml') },
    ],
    [
      'a pattern without files',
      'none.yaml',
      'version: "1"\ntype: cedarv1\ncedar:\n  policy_files:\n    - nothing/*.cedar\n',
      { code: 'ERR_AUTHZ_FILE' },
    ],
    [
      'an alias bomb',
      'bomb.yaml',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      { code: 'ERR_AUTHZ_CONFIG' },
    ],
  ])('shows the place of a mistake in %s', async (_, name, text, expected) => {
    const file = await write(name, text);
    const found = await failure(() => loadAuthorizer(file));
    expect(found).toMatchObject({ ...expected, file });
  });

  it('says that a file does not exist or is not UTF-8', async () => {
    expect(await failure(() => loadAuthorizer(join(folder, '../x/none.yaml')))).toMatchObject({
      code: 'ERR_AUTHZ_FILE',
    });
    const file = join(folder, 'latin.yaml');
    await writeFile(file, Buffer.from([0x61, 0xff]));
    expect(await failure(() => loadAuthorizer(file))).toMatchObject({
      message: expect.stringContaining('UTF-8'),
    });
  });

  it('reads a file without an extension as JSON, and entities as YAML', async () => {
    const file = await write(
      'policy',
      JSON.stringify({ version: '1', type: 'cedarv1', cedar: { policies: [ALL] } }),
    );
    expect((await loadAuthorizer(file)).version).toBe('1');
    const yaml = await write(
      'entities.yaml',
      `${envelope('    - permit(principal, action, resource in ToolGroup::"safe");\n')}  entities:\n    - uid: Tool::weather\n      parents: [ToolGroup::safe]\n`,
    );
    expect(await (await loadAuthorizer(yaml)).authorize(call('weather'))).toMatchObject({
      allowed: true,
    });
  });
});

it('says of YAML without an extension, such as a pipe, how it would be read', async () => {
  const file = await write('pipe', envelope('    - permit(principal, action, resource);\n'));
  expect(await failure(() => loadAuthorizer(file))).toMatchObject({
    code: 'ERR_AUTHZ_CONFIG',
    message: expect.stringMatching(/not JSON: .*a file without an extension.*\.yaml/),
  });
});

describe('checkPolicyFile', () => {
  it('reports what is wrong inside, and throws for a file that is missing', async () => {
    const file = await write(
      'check.yaml',
      envelope('    - permit(\n    - permit(principal, action, resource);\n'),
    );
    expect(await checkPolicyFile(file)).toMatchObject({
      ok: false,
      findings: [
        { code: 'ERR_AUTHZ_POLICY', file, line: 5, excerpt: '    - permit(' },
        { code: 'permit-everything', file, line: 6, column: 7 },
      ],
    });
    expect(await checkPolicyFile(await write('syntax.yaml', '{'))).toMatchObject({ ok: false });
    expect(await failure(() => checkPolicyFile(join(folder, 'none.yaml')))).toMatchObject({
      code: 'ERR_AUTHZ_FILE',
    });
  });
});

describe('runPolicyTestFile', () => {
  it('runs a test file', async () => {
    const file = await write('ok.yaml', envelope(`    - ${ALL}\n`));
    const tests = await write(
      'tests.yaml',
      'identities:\n  bob: { sub: bob }\ntests:\n  - { as: bob, call_tool: x, expect: allow, by: [policy0] }\n',
    );
    expect(await runPolicyTestFile(file, tests)).toMatchObject({ passed: 1, failed: 0 });
    const wrong = await write(
      'wrong.yaml',
      'tests:\n  - { as: bob, call_tool: x, expect: allow }\n',
    );
    expect(await failure(() => runPolicyTestFile(file, wrong))).toMatchObject({
      code: 'ERR_AUTHZ_TESTS',
      line: 2,
    });
    const mistyped = await write(
      'mistyped.yaml',
      'identities: { bob: { sub: bob } }\ntests:\n  - { as: bob, call_tol: x, expect: allow }\n',
    );
    expect(await failure(() => runPolicyTestFile(file, mistyped))).toMatchObject({
      line: 3,
      column: 16,
    });
  });
});
