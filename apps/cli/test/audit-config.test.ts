import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  assertAuditIsKept,
  parseAuditConfig,
  readAuditConfig,
} from '../src/services/audit-config.ts';
import { planRun, type RunFlags } from '../src/services/run-options.ts';
import { useTempFolder } from './temp-folder.ts';

const folder = useTempFolder({
  'sub/here.yaml': 'log_file: logs/a.log\n',
  'stdout.json': '{"log_file": "-"}',
  'default.yaml': 'required: true\narguments: none\n',
});

describe('parseAuditConfig', () => {
  it('reads YAML and JSON', () => {
    expect(parseAuditConfig('log_file: a.log\nrequired: true\narguments: values\n', 'f')).toEqual({
      logFile: 'a.log',
      required: true,
      arguments: 'values',
    });
    expect(parseAuditConfig('{"arguments":"none"}', 'f')).toEqual({ arguments: 'none' });
    expect(parseAuditConfig('', 'f')).toEqual({});
  });

  it.each([
    ['logfile: x', 'f: "logfile" is no key of it; did you mean log_file?'],
    ['logFile: x', 'f: "logFile" is no key of it; did you mean log_file?'],
    ['includeRequestData: true', 'did you mean "arguments": "values"?'],
    ['enabled: true', 'the flag alone turns the audit log on'],
    ['zzz: 1', 'known keys: log_file, required, arguments'],
    ['log_file: 7', 'f: log_file: must be a path'],
    ['log_file: ""', 'f: log_file: must be a path'],
    ['required: "yes"', 'f: required: must be true or false'],
    ['arguments: all', 'f: arguments: must be one of names, values, none'],
    ['- a', 'f: must be a mapping'],
    ['required: true\nrequired: false', 'f:2:1: Map keys must be unique'],
    ['a: [', 'f:1:'],
  ])('refuses %j', (text, message) => {
    expect(() => parseAuditConfig(text, 'f')).toThrow(message);
  });
});

describe('readAuditConfig', () => {
  it.each([
    [{ XDG_STATE_HOME: '/state', HOME: '/home/ann' }, '/state/thv/logs/w.audit.log'],
    [{ HOME: '/home/ann' }, '/home/ann/.local/state/thv/logs/w.audit.log'],
    [
      { XDG_STATE_HOME: 'relative', HOME: '/home/ann' },
      '/home/ann/.local/state/thv/logs/w.audit.log',
    ],
  ])('keeps the log among the state of the user: %j', async (env, path) => {
    const surroundings = { env, cwd: '/' };
    const sink = { kind: 'file', path };
    expect(await readAuditConfig({ file: undefined }, 'w', surroundings)).toEqual({ sink });
    expect(
      await readAuditConfig({ file: join(folder.path, 'default.yaml') }, 'w', surroundings),
    ).toEqual({ sink, required: true, arguments: 'none' });
  });

  it('finds a log file from the folder of the file, and stdout', async () => {
    const surroundings = { env: {}, cwd: folder.path };
    expect(await readAuditConfig({ file: 'sub/here.yaml' }, 'w', surroundings)).toEqual({
      sink: { kind: 'file', path: join(folder.path, 'sub/logs/a.log') },
    });
    expect(await readAuditConfig({ file: 'stdout.json' }, 'w', surroundings)).toEqual({
      sink: { kind: 'stdout' },
    });
  });
});

describe('assertAuditIsKept', () => {
  it('refuses stdout, and nothing else', () => {
    expect(() => assertAuditIsKept({ sink: { kind: 'stdout' } })).toThrow(
      '--audit-config: log_file is stdout, which nobody reads',
    );
    assertAuditIsKept(undefined);
    assertAuditIsKept({ sink: { kind: 'file', path: '/a' } });
  });
});

describe('the flags', () => {
  const plan = (flags: RunFlags) =>
    planRun({
      server: 'http://127.0.0.1:9/mcp',
      serverArgs: undefined,
      flags,
      userName: 'ann',
      env: {},
      cwd: '/here',
    });

  it('keep an audit log when asked, and check its file', () => {
    expect(plan({}).audit).toBeUndefined();
    expect(plan({ enableAudit: true }).audit).toEqual({ file: undefined });
    const withFile = plan({ auditConfig: 'audit.yaml' });
    expect(withFile.audit).toEqual({ file: 'audit.yaml' });
    expect(withFile.files).toContainEqual({ flag: '--audit-config', path: 'audit.yaml' });
  });

  it('are not given both, because one would do nothing', () => {
    expect(() => plan({ auditConfig: 'audit.yaml', enableAudit: true })).toThrow(
      '--enable-audit: means nothing beside --audit-config; drop it',
    );
  });
});
